//! What multiplies the points of an order when it is first accepted: the tier that its buyer was in just before it, and
//! campaigns that ran then, as far as they are known by now.

use std::{sync::Arc, time::Duration};

use aggregates::{
    campaign::{CampaignBoard, Effect, Who, boosts_at},
    id::{CustomerId, MerchantId},
    order::OrderBody,
    points::OrderFact,
    program::{Boost, BoostSource, Program, TierId},
    rfm::SegmentName,
    tier::Ladder,
};
use journal::Subject;
use projections::{
    rfm,
    rfm_orders::RfmOrders,
    tier_facts::TierFacts,
    tiers::{facts, gifts},
};
use rust_decimal::Decimal;

use super::error::CommandError;
use crate::gateway::Gateway;

/// How long an order waits for the read models to have seen its buyer's order before it. They usually have; where they stand
/// still, the shop must not.
const READ_MODEL_PATIENCE: Duration = Duration::from_millis(500);

impl Gateway {
    /// For the facts about one order. Of a shop where nothing is multiplied, nothing is looked up.
    pub(super) async fn boosts(
        &self,
        merchant: MerchantId,
        owner: CustomerId,
        facts: &[OrderFact],
    ) -> Result<Arc<[Boost]>, CommandError> {
        let Some(body) = first_body(facts) else { return Ok(Arc::default()) };
        let lease = self.merchant(merchant).await?;
        let multiplies = tiers_multiply(&lease.program, body);
        if !multiplies && !campaigns_multiply(&lease.campaigns, body) {
            return Ok(Arc::default());
        }
        let owner = self.survivor(merchant, owner).await?;
        let of_tier = self.boost_of_tier(merchant, owner, &lease.program, body).await?;
        let (tier, boost) = of_tier.map_or((None, None), |boost| (Some(boost.0), boost.1));
        let who = Who { tier, segment: self.segment_of(merchant, owner, &lease.campaigns).await? };
        Ok(boost.into_iter().chain(boosts_at(lease.campaigns.all(), body.processed_at, &who)).collect())
    }

    /// The tier that the buyer was in, and what it multiplies, if it does.
    async fn boost_of_tier(
        &self,
        merchant: MerchantId,
        owner: CustomerId,
        program: &Program,
        body: &OrderBody,
    ) -> Result<Option<(TierId, Option<Boost>)>, CommandError> {
        let Some(version) = program.in_effect_at(body.processed_at) else { return Ok(None) };
        let settings = &version.settings;
        if settings.tiers.tiers.is_empty() {
            return Ok(None);
        }
        let ladder = Ladder::of(&settings.tiers, &settings.rfm.time_zone)
            .map_err(|error| CommandError::Internal(error.to_string()))?;
        self.await_facts_of(merchant, owner).await?;
        let before = facts::before(&self.db, merchant, owner, body.currency, body.processed_at).await;
        let before = before.map_err(|error| CommandError::Unavailable(error.to_string()))?;
        let given = gifts::of(&self.db, merchant, owner).await;
        let given = given.map_err(|error| CommandError::Unavailable(error.to_string()))?;
        let standing = ladder.stood_before(&before, &given, &[body.processed_at]);
        Ok(standing.first().and_then(|standing| ladder.tier(standing)).map(|tier| {
            let boost = Boost { source: BoostSource::Tier(tier.id.clone()), factor: tier.multiplier };
            (tier.id.clone(), Some(boost).filter(|boost| boost.factor != Decimal::ONE))
        }))
    }

    /// Waits a moment for what is on record of the buyer already.
    async fn await_facts_of(&self, merchant: MerchantId, owner: CustomerId) -> Result<(), CommandError> {
        let account = self.accounts.load(Subject::points(merchant, owner)).await?.position;
        let person = self.customers.load(Subject::customer(merchant, owner)).await?.position;
        for (read_model, position) in [(RfmOrders::NAME, account), (TierFacts::NAME, account.max(person))] {
            if self.progress.of(read_model).position < position {
                self.progress.reached(read_model, position, READ_MODEL_PATIENCE).await;
            }
        }
        Ok(())
    }

    /// Looked up only where a campaign asks for it.
    async fn segment_of(
        &self,
        merchant: MerchantId,
        owner: CustomerId,
        campaigns: &CampaignBoard,
    ) -> Result<Option<SegmentName>, CommandError> {
        if campaigns.all().all(|defined| defined.campaign.audience.segments.is_empty()) {
            return Ok(None);
        }
        let held = rfm::answers::standing(&self.db, merchant, owner).await;
        let held = held.map_err(|error| CommandError::Unavailable(error.to_string()))?;
        Ok(held.and_then(|held| SegmentName::parse(&held.segment).ok()))
    }
}

fn tiers_multiply(program: &Program, body: &OrderBody) -> bool {
    let tiers = program.in_effect_at(body.processed_at).map(|version| version.settings.tiers.tiers.as_slice());
    tiers.unwrap_or_default().iter().any(|tier| tier.multiplier != Decimal::ONE)
}

fn campaigns_multiply(campaigns: &CampaignBoard, body: &OrderBody) -> bool {
    let multiplies = |effect: &Effect| matches!(effect, Effect::Multiply { .. });
    campaigns.all().any(|defined| multiplies(&defined.campaign.effect) && defined.campaign.runs_at(body.processed_at))
}

/// The body that tells when the order was made.
fn first_body(facts: &[OrderFact]) -> Option<&OrderBody> {
    let bodies = facts.iter().filter_map(|fact| match fact {
        OrderFact::Body { body, .. } => Some(body),
        OrderFact::Refund { .. } => None,
    });
    bodies.min_by_key(|body| body.processed_at)
}
