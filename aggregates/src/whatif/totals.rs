//! Outcomes of many, added up.

use std::collections::BTreeMap;

use super::{
    outcome::Outcome,
    past::{Move, Past},
    proposal::{Paid, Proposal},
};
use crate::{
    id::CustomerId,
    program::{Expiry, Program},
    tier::{Fact, Ladder},
    time::Timestamp,
};

/// Winners and losers that are named; the others are only counted.
pub const NAMED_MAX: usize = 20;

/// One side of the comparison, over everybody.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Side {
    /// Points of orders, less what went back with them.
    pub kept: i64,
    /// Points of campaigns, referrals and badges. With those of orders: what the programme costs.
    pub bonuses: i64,
    /// Spent, less what came back.
    pub redeemed: i64,
    pub expired: i64,
    /// Left to be spent: what the shop owes.
    pub outstanding: i64,
    /// Spent in the past, and not there by this programme.
    pub unaffordable: i64,
    /// Members of each tier, by its id.
    pub members: BTreeMap<String, u64>,
}

/// Somebody who would have been given more, or less, for orders and otherwise.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Compared {
    pub customer: CustomerId,
    pub happened: i64,
    pub proposed: i64,
}

/// What happened, beside what would have.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct WhatIf {
    pub customers: u64,
    pub orders: u64,
    /// Orders whose base is not known exactly.
    pub approximated: u64,
    /// Orders and actions that a campaign for segments might have been for, from before any segments were worked out.
    pub without_segment: u64,
    pub happened: Side,
    pub proposed: Side,
    pub winners: u64,
    pub losers: u64,
    /// Those who would have got the most more, the most first.
    pub top_winners: Vec<Compared>,
    /// Those who would have got the most less, the most first.
    pub top_losers: Vec<Compared>,
}

/// What one comparison is made with.
#[derive(Debug, Clone, Copy)]
pub struct Trial<'a> {
    pub proposal: &'a Proposal,
    pub program: &'a Program,
    /// The tiers in effect.
    pub present: &'a Ladder,
    pub now: Timestamp,
}

impl WhatIf {
    /// One person more.
    pub fn add(&mut self, trial: Trial<'_>, customer: CustomerId, past: &Past) {
        let Trial { proposal, program, present, now } = trial;
        let kept: Vec<i64> = past.in_order().iter().map(|order| order.kept).collect();
        let happened = Outcome::of(
            past,
            &kept,
            &past.moves,
            |order, at| expiry_then(program, order.map(|order| order.program_version), at),
            now,
        );
        let Paid { kept: paid, moves, approximated, without_segment } = proposal.pay(past, program);
        let proposed = Outcome::of(past, &paid, &moves, |_, _| proposal.settings.expiry, now);
        self.customers += 1;
        self.orders += past.orders.len() as u64;
        self.approximated += approximated;
        self.without_segment += without_segment;
        self.happened.add(&happened, tier_of(present, past, &facts(past, &kept, &past.moves, proposal), now));
        self.proposed.add(&proposed, tier_of(proposal.ladder(), past, &facts(past, &paid, &moves, proposal), now));
        let given = |outcome: &Outcome| outcome.kept + outcome.bonuses;
        self.compare(Compared { customer, happened: given(&happened), proposed: given(&proposed) });
    }

    fn compare(&mut self, compared: Compared) {
        let gain = |compared: &Compared| compared.proposed - compared.happened;
        let named = match gain(&compared) {
            0 => return,
            more if more > 0 => {
                self.winners += 1;
                &mut self.top_winners
            }
            _ => {
                self.losers += 1;
                &mut self.top_losers
            }
        };
        named.push(compared);
        named.sort_by_key(|compared| (-gain(compared).abs(), compared.customer));
        named.truncate(NAMED_MAX);
    }
}

impl Side {
    fn add(&mut self, outcome: &Outcome, tier: Option<String>) {
        self.kept += outcome.kept;
        self.bonuses += outcome.bonuses;
        self.redeemed += outcome.redeemed;
        self.expired += outcome.expired;
        self.outstanding += outcome.outstanding;
        self.unaffordable += outcome.unaffordable;
        if let Some(tier) = tier {
            *self.members.entry(tier).or_default() += 1;
        }
    }
}

/// How points lived that were earned under a version, or at an instant.
fn expiry_then(program: &Program, version: Option<u32>, at: Timestamp) -> Expiry {
    let version = match version {
        Some(version) => program.version(version),
        None => program.in_effect_at(at),
    };
    version.map_or(Expiry::None, |version| version.settings.expiry)
}

fn facts(past: &Past, kept: &[i64], moves: &[Move], proposal: &Proposal) -> Vec<Fact> {
    let orders = past.in_order().into_iter().zip(kept).map(|(order, kept)| order.fact(*kept, proposal.currency));
    orders.chain(moves.iter().filter_map(Move::fact)).collect()
}

fn tier_of(ladder: &Ladder, past: &Past, facts: &[Fact], now: Timestamp) -> Option<String> {
    ladder.tier(&ladder.stand(facts, &past.given, now)).map(|tier| tier.id.to_string())
}
