//! What multiplies the points of an order besides its rule: the buyer's tier, and campaigns of the day. Fixed when the
//! order is first accepted, so that a later fact about it is judged as the first one was.

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use super::tiers::TierId;
use crate::id::CampaignId;

/// One multiplier, and where it comes from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Boost {
    pub source: BoostSource,
    /// Exact.
    pub factor: Decimal,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum BoostSource {
    /// The tier that the buyer was in when the order was made.
    Tier(TierId),
    Campaign(CampaignId),
}

/// The product of all factors. `None` if that is beyond what a number holds.
pub fn factor_of(boosts: &[Boost]) -> Option<Decimal> {
    boosts.iter().try_fold(Decimal::ONE, |product, boost| product.checked_mul(boost.factor))
}
