//! `reward_redemptions`: every redemption with what it cost, what it is worth and how far it has come.

mod query;
mod row;
mod store;

use std::sync::Arc;

use aggregates::{Context, points::PointsEvent};
use journal::{Positioned, SubjectId};
use sqlx::PgConnection;
use uuid::Uuid;

use crate::{
    erasure,
    projection::{Projection, ProjectionError, Tables, events_of},
};

pub use query::{Filter, Place, list};
use row::{Happening, Rows};
pub use row::{RedemptionRow, RedemptionState};

pub struct RewardRedemptions;

const TABLE: &str = "read.reward_redemptions";

/// Events that concern redemptions. Most commits hold none of them, and those are not decoded.
const CONCERNED: [&str; 6] = [
    "points.redeemed",
    "points.redemption_delivered",
    "points.redemption_used",
    "points.redemption_returned",
    "points.forfeited",
    "points.account_closed",
];

impl RewardRedemptions {
    pub const NAME: &'static str = "reward_redemptions";
}

impl Projection for RewardRedemptions {
    const NAME: &'static str = RewardRedemptions::NAME;
    const CONTEXTS: &'static [Context] = &[Context::Points, Context::Merchant];
    const TABLES: Tables = Tables::Own(&[TABLE]);

    async fn apply(&self, transaction: &mut PgConnection, batch: &[Arc<Positioned>]) -> Result<(), ProjectionError> {
        let happened = happenings(batch)?;
        if !happened.is_empty() {
            let mut rows = Rows::of(store::load(transaction, &happened).await?);
            for happening in &happened {
                rows.take_in(happening);
            }
            store::save(transaction, rows.changed()).await?;
        }
        erasure::forget_merchants_of(transaction, &[TABLE], batch).await
    }
}

/// What a batch says about redemptions, in the order of the log.
fn happenings(batch: &[Arc<Positioned>]) -> Result<Vec<Happening>, ProjectionError> {
    let mut happened = Vec::new();
    for commit in batch {
        let (Context::Points, SubjectId::Uuid(account)) = (commit.subject.context, commit.subject.id) else {
            continue;
        };
        if !commit.commit.events.iter().any(|event| CONCERNED.contains(&event.name.as_ref())) {
            continue;
        }
        for event in events_of::<PointsEvent>(commit)? {
            happened.extend(Happening::of(commit, account, &event));
        }
    }
    Ok(happened)
}

/// A redemption of a merchant.
type Key = (Uuid, Uuid);
