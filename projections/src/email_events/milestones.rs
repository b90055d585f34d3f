//! What leads to mails once in a while: a tier that was reached, a reward that was made.

use aggregates::{
    id::{CustomerId, MerchantId},
    time::Timestamp,
};
use chrono::{DateTime, Utc};
use sqlx::PgPool;
use uuid::Uuid;

use crate::{
    projection::ProjectionError,
    sql::{bigint, position, timestamp, timestamptz},
};

/// A tier that somebody came into. Whether they came up or down, the tiers of its version say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TierMove {
    pub customer: CustomerId,
    pub from: Option<String>,
    pub to: String,
    /// When they came into it, by what had happened.
    pub since: Timestamp,
    /// Version of the programme by whose tiers that was.
    pub definition_version: u32,
    pub at: Timestamp,
    pub position: u64,
}

/// Tiers that were come into, and recorded, since an instant, behind a place in the list; in the journal's order. Of what
/// is recorded now and was long ago, nobody is told.
///
/// # Errors
/// [`ProjectionError`]
pub async fn tiers_since(
    db: &PgPool,
    merchant: MerchantId,
    since: Timestamp,
    after: (u64, CustomerId),
    limit: i64,
) -> Result<Vec<TierMove>, ProjectionError> {
    type Row = (Uuid, Option<String>, String, DateTime<Utc>, i64, DateTime<Utc>, i64);
    let rows: Vec<Row> = sqlx::query_as(
        "select customer, from_tier, tier, since, definition_version, recorded_at, position from read.tier_history
          where merchant = $1 and recorded_at > $2 and since > $2 and tier is not null
            and (position, customer) > ($3, $4)
          order by position, customer limit $5",
    )
    .bind(merchant.0)
    .bind(timestamptz(since))
    .bind(bigint(after.0))
    .bind(after.1.0)
    .bind(limit)
    .fetch_all(db)
    .await?;
    let moved = |(customer, from, to, since, version, at, place): Row| {
        Ok(TierMove {
            customer: CustomerId(customer),
            from,
            to,
            since: timestamp(since),
            definition_version: u32::try_from(version).map_err(|_| ProjectionError::BadRow("read.tier_history"))?,
            at: timestamp(at),
            position: position(place),
        })
    };
    rows.into_iter().map(moved).collect()
}

/// A task by which a reward was made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RewardTask {
    /// What the task was told.
    pub payload: Vec<u8>,
    pub at: Timestamp,
    pub position: u64,
}

/// Rewards that were made since an instant, after a position, in the journal's order.
///
/// # Errors
/// [`ProjectionError::Database`]
pub async fn rewards_since(
    db: &PgPool,
    merchant: MerchantId,
    since: Timestamp,
    after: u64,
    limit: i64,
) -> Result<Vec<RewardTask>, ProjectionError> {
    let rows: Vec<(Vec<u8>, DateTime<Utc>, i64)> = sqlx::query_as(
        "select payload, ended_at, position from read.queue_tasks
          where merchant = $1 and kind = 'reward.make' and state = 'completed' and payload is not null
            and ended_at > $2 and position > $3
          order by position limit $4",
    )
    .bind(merchant.0)
    .bind(timestamptz(since))
    .bind(bigint(after))
    .bind(limit)
    .fetch_all(db)
    .await?;
    let made = |(payload, at, place)| RewardTask { payload, at: timestamp(at), position: position(place) };
    Ok(rows.into_iter().map(made).collect())
}
