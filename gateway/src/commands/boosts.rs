//! What multiplies the points of an order when it is first accepted: the tier that its buyer was in just before it, as far as
//! that is known by then.

use std::sync::Arc;

use aggregates::{
    id::{CustomerId, MerchantId},
    order::OrderBody,
    points::OrderFact,
    program::{Boost, BoostSource, Program},
    tier::Ladder,
};
use projections::tiers::facts;
use rust_decimal::Decimal;

use super::error::CommandError;
use crate::gateway::Gateway;

impl Gateway {
    /// For the facts about one order. Of a shop whose tiers multiply nothing, nothing is looked up.
    pub(super) async fn boosts(
        &self,
        merchant: MerchantId,
        owner: CustomerId,
        facts: &[OrderFact],
    ) -> Result<Arc<[Boost]>, CommandError> {
        let Some(body) = first_body(facts) else { return Ok(Arc::default()) };
        let program = self.merchant(merchant).await?.program.clone();
        let boost = self.boost_of_tier(merchant, owner, &program, body).await?;
        Ok(boost.into_iter().collect())
    }

    async fn boost_of_tier(
        &self,
        merchant: MerchantId,
        owner: CustomerId,
        program: &Program,
        body: &OrderBody,
    ) -> Result<Option<Boost>, CommandError> {
        let Some(version) = program.in_effect_at(body.processed_at) else { return Ok(None) };
        let settings = &version.settings;
        if settings.tiers.tiers.iter().all(|tier| tier.multiplier == Decimal::ONE) {
            return Ok(None);
        }
        let ladder = Ladder::of(&settings.tiers, &settings.rfm.time_zone)
            .map_err(|error| CommandError::Internal(error.to_string()))?;
        let owner = self.survivor(merchant, owner).await?;
        let before = facts::before(&self.db, merchant, owner, body.currency, body.processed_at).await;
        let before = before.map_err(|error| CommandError::Unavailable(error.to_string()))?;
        let standing = ladder.stood_before(&before, &[body.processed_at]);
        let tier = standing.first().and_then(|standing| ladder.tier(standing));
        let tier = tier.filter(|tier| tier.multiplier != Decimal::ONE);
        Ok(tier.map(|tier| Boost { source: BoostSource::Tier(tier.id.clone()), factor: tier.multiplier }))
    }
}

/// The body that tells when the order was made.
fn first_body(facts: &[OrderFact]) -> Option<&OrderBody> {
    let bodies = facts.iter().filter_map(|fact| match fact {
        OrderFact::Body { body, .. } => Some(body),
        OrderFact::Refund { .. } => None,
    });
    bodies.min_by_key(|body| body.processed_at)
}
