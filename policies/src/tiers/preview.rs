//! What other tiers would do: everybody looked at by them, and nothing written.

use std::collections::BTreeMap;

use aggregates::{
    id::{CustomerId, MerchantId},
    program::tiers::{Tier, TierSettings},
    rfm::TimeZoneName,
    tier::{Assessed, Fact, Ladder, Standing},
    time::Timestamp,
};
use projections::tiers::Sheet;
use rust_decimal::{Decimal, prelude::ToPrimitive};

use super::{TierError, TierKeeper, ladder_of};

/// Customers that a preview names; the others are only counted.
const NAMED_MAX: usize = 100;

/// Everybody's tier as it would be.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TierPreview {
    /// Members of each tier, by its id.
    pub members: BTreeMap<String, u64>,
    /// How many would move, by tiers; none is no tier.
    pub moves: BTreeMap<(Option<String>, Option<String>), u64>,
    /// The first of them, in the order of their ids.
    pub moved: Vec<Moved>,
    /// Points that orders of the time looked at would have earned more by these tiers' multipliers than by those in effect;
    /// less, if negative.
    pub extra_points: i64,
    /// Orders that were looked at for it.
    pub orders: u64,
    /// Of the last commit about tiers that was known.
    pub position: u64,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Moved {
    pub customer: CustomerId,
    pub from: Option<String>,
    pub to: Option<String>,
    pub measured: i64,
}

impl TierKeeper {
    /// Who would move if these tiers were in effect at `now`, and what their multipliers would have cost since `costs_from`.
    ///
    /// # Errors
    /// [`TierError`]
    pub async fn preview(
        &self,
        merchant: MerchantId,
        proposed: &TierSettings,
        time_zone: &TimeZoneName,
        costs_from: Timestamp,
        now: Timestamp,
    ) -> Result<TierPreview, TierError> {
        let program = self.program(merchant).await?;
        let present = ladder_of(program.state.in_effect_at(now).ok_or(TierError::NoProgram)?)?;
        let proposed = Ladder::of(proposed, time_zone)?;
        let sheet = Sheet::open(&self.db, merchant).await?;
        let mut preview = TierPreview { position: sheet.position, ..TierPreview::default() };
        sheet
            .everybody(|assessed| {
                preview.look_at(&proposed, &assessed, now);
                preview.count_costs(&present, &proposed, &assessed, costs_from);
            })
            .await?;
        Ok(preview)
    }
}

impl TierPreview {
    fn look_at(&mut self, proposed: &Ladder, assessed: &Assessed, now: Timestamp) {
        let standing = proposed.stand(&assessed.facts, &assessed.given, now);
        let to = proposed.tier(&standing).map(|tier| tier.id.to_string());
        if let Some(tier) = &to {
            *self.members.entry(tier.clone()).or_default() += 1;
        }
        let from = assessed.held.as_ref().and_then(|held| held.tier.as_ref()).map(ToString::to_string);
        if from != to {
            *self.moves.entry((from.clone(), to.clone())).or_default() += 1;
            if self.moved.len() < NAMED_MAX {
                self.moved.push(Moved { customer: assessed.customer, from, to, measured: standing.measured });
            }
        }
    }

    fn count_costs(&mut self, present: &Ladder, proposed: &Ladder, assessed: &Assessed, from: Timestamp) {
        let Assessed { facts, given, .. } = assessed;
        let orders: Vec<Fact> = facts.iter().copied().filter(|fact| fact.orders > 0 && fact.at >= from).collect();
        if orders.is_empty() {
            return;
        }
        let instants: Vec<Timestamp> = orders.iter().map(|order| order.at).collect();
        let factors = |ladder: &Ladder| -> Vec<Decimal> {
            ladder.stood_before(facts, given, &instants).iter().map(|standing| factor(ladder, standing)).collect()
        };
        for ((order, present), proposed) in orders.iter().zip(factors(present)).zip(factors(proposed)) {
            self.orders += 1;
            let more = Decimal::from(order.points).checked_mul(proposed - present);
            let extra = more.and_then(|more| more.checked_div(present)).and_then(|extra| extra.trunc().to_i64());
            self.extra_points = self.extra_points.saturating_add(extra.unwrap_or(0));
        }
    }
}

fn factor(ladder: &Ladder, standing: &Standing) -> Decimal {
    ladder.tier(standing).map_or(Decimal::ONE, |tier: &Tier| tier.multiplier)
}
