//! `rewards`: the catalogue of each merchant, and how many of each are gone.

use std::sync::Arc;

use aggregates::{
    Context,
    id::{MerchantId, RewardId},
    reward::{RewardDefinition, RewardEvent},
    time::Timestamp,
};
use chrono::{DateTime, Utc};
use journal::{Positioned, SubjectId};
use sqlx::{PgConnection, PgPool, Row, postgres::PgRow};
use uuid::Uuid;

use crate::{
    erasure,
    projection::{Projection, ProjectionError, Tables, events_of},
    sql::{bigint, position, timestamp, timestamptz},
};

pub struct Rewards;

const TABLE: &str = "read.rewards";

impl Rewards {
    pub const NAME: &'static str = "rewards";
}

impl Projection for Rewards {
    const NAME: &'static str = Rewards::NAME;
    const CONTEXTS: &'static [Context] = &[Context::Reward, Context::Merchant];
    const TABLES: Tables = Tables::Own(&[TABLE]);

    async fn apply(&self, transaction: &mut PgConnection, batch: &[Arc<Positioned>]) -> Result<(), ProjectionError> {
        for commit in batch {
            let (Context::Reward, SubjectId::Uuid(reward)) = (commit.subject.context, commit.subject.id) else {
                continue;
            };
            for event in events_of::<RewardEvent>(commit)? {
                take_in(transaction, commit, reward, &event).await?;
            }
        }
        erasure::forget_merchants_of(transaction, &[TABLE], batch).await
    }
}

async fn take_in(
    transaction: &mut PgConnection,
    commit: &Positioned,
    reward: Uuid,
    event: &RewardEvent,
) -> Result<(), sqlx::Error> {
    let statement = match event {
        RewardEvent::Defined(_) => {
            "insert into rewards
                (merchant, reward, position, version, retired, definition, taken, created_at, updated_at)
             values ($1, $2, $4, $5, false, $6, 0, $3, $3)
             on conflict (merchant, reward) do update
                set version = excluded.version, definition = excluded.definition, updated_at = excluded.updated_at"
        }
        RewardEvent::Retired(_) => {
            "update rewards set retired = true, updated_at = $3 where merchant = $1 and reward = $2"
        }
        RewardEvent::Taken(_) => "update rewards set taken = taken + 1 where merchant = $1 and reward = $2",
        RewardEvent::PutBack(_) => "update rewards set taken = taken - 1 where merchant = $1 and reward = $2",
    };
    let change = sqlx::query(statement).bind(commit.subject.merchant.0).bind(reward);
    let change = match event {
        RewardEvent::Defined(version) => change
            .bind(timestamptz(version.at))
            .bind(bigint(commit.position))
            .bind(i32::try_from(version.version).unwrap_or(i32::MAX))
            .bind(serde_json::to_string(&version.definition).expect("definitions are plain values")),
        RewardEvent::Retired(event) => change.bind(timestamptz(event.at)),
        RewardEvent::Taken(_) | RewardEvent::PutBack(_) => change,
    };
    change.execute(transaction).await.map(drop)
}

/// A reward as the read model has it.
#[derive(Debug, Clone)]
pub struct RewardRow {
    pub id: RewardId,
    pub version: u32,
    pub retired: bool,
    pub definition: RewardDefinition,
    pub taken: u32,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
    /// Where it was made.
    pub position: u64,
}

/// The oldest first, after the position given.
///
/// # Errors
/// [`ProjectionError`]
pub async fn list(
    db: &PgPool,
    merchant: MerchantId,
    with_retired: bool,
    after: Option<u64>,
    limit: i64,
) -> Result<Vec<RewardRow>, ProjectionError> {
    let rows = sqlx::query(
        "select * from read.rewards where merchant = $1 and position > $2 and (not retired or $3)
          order by position limit $4",
    )
    .bind(merchant.0)
    .bind(after.map_or(0, bigint))
    .bind(with_retired)
    .bind(limit)
    .fetch_all(db)
    .await?;
    rows.iter().map(from_row).collect()
}

/// How many are on offer.
pub async fn count(db: &PgPool, merchant: MerchantId) -> Result<i64, sqlx::Error> {
    sqlx::query_scalar("select count(*) from read.rewards where merchant = $1 and not retired")
        .bind(merchant.0)
        .fetch_one(db)
        .await
}

fn from_row(row: &PgRow) -> Result<RewardRow, ProjectionError> {
    let instant = |column| row.try_get::<DateTime<Utc>, _>(column).map(timestamp);
    let definition: String = row.try_get("definition")?;
    Ok(RewardRow {
        id: RewardId(row.try_get("reward")?),
        version: u32::try_from(row.try_get::<i32, _>("version")?).unwrap_or(0),
        retired: row.try_get("retired")?,
        definition: serde_json::from_str(&definition).map_err(|_| ProjectionError::BadRow(Rewards::NAME))?,
        taken: u32::try_from(row.try_get::<i32, _>("taken")?).unwrap_or(0),
        created_at: instant("created_at")?,
        updated_at: instant("updated_at")?,
        position: position(row.try_get("position")?),
    })
}
