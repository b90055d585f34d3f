//! Campaigns: given these, then an order or an action earns this.

mod acting;
mod boosting;
mod defining;

use rust_decimal::Decimal;
use uuid::Uuid;

use super::{Action, Audience, Campaign, CampaignVersion, Effect, Limit, Per};
use crate::{id::CampaignId, program::tiers::TierId, time::Timestamp};

/// The start of a day after the first of January 2026.
fn day(number: i64) -> Timestamp {
    Timestamp::parse("2026-01-01T00:00:00Z").expect("a time").plus_seconds(number * 86_400)
}

fn tier(id: &str) -> TierId {
    TierId::parse(id).expect("an id")
}

fn running(id: u128, effect: Effect) -> CampaignVersion {
    let campaign = Campaign {
        name: "Spring".to_owned(),
        from: day(10),
        until: Some(day(40)),
        audience: Audience::default(),
        effect,
    };
    CampaignVersion { id: CampaignId(Uuid::from_u128(id)), version: 1, campaign }
}

fn multiplies(id: u128, factor: i64, priority: i32, stacks: bool) -> CampaignVersion {
    running(id, Effect::Multiply { factor: Decimal::from(factor), priority, stacks })
}

fn rewards(id: u128, action: &str, points: i64, limit: Option<(u32, Per)>) -> CampaignVersion {
    let action = Action::parse(action).expect("a name");
    running(id, Effect::Reward { action, points, limit: limit.map(|(times, per)| Limit { times, per }) })
}
