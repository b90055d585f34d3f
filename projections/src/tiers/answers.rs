//! How customers stand, now and as of any past moment, and how many are in which tier.

use aggregates::{
    id::{CustomerId, MerchantId},
    time::Timestamp,
};
use chrono::{DateTime, Utc};
use sqlx::{PgPool, Row, postgres::PgRow};

use crate::{
    moves,
    projection::ProjectionError,
    rfm::Bound,
    sql::{position, timestamp},
};

/// A tier on record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MemberRow {
    pub tier: Option<String>,
    /// When they came into it.
    pub since: Timestamp,
    pub measured: i64,
    pub recorded_at: Timestamp,
    pub position: u64,
}

/// One move.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HistoryRow {
    /// `facts`, `time` or `definition`.
    pub cause: String,
    pub definition_version: u32,
    pub from: Option<String>,
    pub to: MemberRow,
}

/// The tier somebody is in; none if nothing is on record.
///
/// # Errors
/// [`ProjectionError::Database`]
pub async fn member(
    db: &PgPool,
    merchant: MerchantId,
    customer: CustomerId,
) -> Result<Option<MemberRow>, ProjectionError> {
    let row = sqlx::query(
        "select tier, since, measured, recorded_at, position from read.tier_members
          where merchant = $1 and customer = $2",
    )
    .bind(merchant.0)
    .bind(customer.0)
    .fetch_optional(db)
    .await?;
    row.as_ref().map(member_of).transpose()
}

/// The last move before a moment.
///
/// # Errors
/// [`ProjectionError::Database`]
pub async fn member_at(
    db: &PgPool,
    merchant: MerchantId,
    customer: CustomerId,
    bound: Bound,
) -> Result<Option<HistoryRow>, ProjectionError> {
    let (highest, latest) = bound.limits();
    let row = sqlx::query(
        "select * from read.tier_history
          where merchant = $1 and customer = $2 and position <= $3 and recorded_at <= $4
          order by recorded_at desc, position desc limit 1",
    )
    .bind(merchant.0)
    .bind(customer.0)
    .bind(highest)
    .bind(latest)
    .fetch_optional(db)
    .await?;
    row.as_ref().map(history_of).transpose()
}

/// Moves of one customer, newest first, at most `limit`, before the one given by its time and position.
///
/// # Errors
/// [`ProjectionError::Database`]
pub async fn history(
    db: &PgPool,
    merchant: MerchantId,
    customer: CustomerId,
    before: Option<(Timestamp, u64)>,
    limit: i64,
) -> Result<Vec<HistoryRow>, ProjectionError> {
    let rows = moves::newest_first(db, "read.tier_history", (merchant, customer), before, limit).await?;
    rows.iter().map(history_of).collect()
}

/// Members of each tier, in no order.
///
/// # Errors
/// [`ProjectionError::Database`]
pub async fn counts(db: &PgPool, merchant: MerchantId) -> Result<Vec<(String, u64)>, ProjectionError> {
    let rows: Vec<(String, i64)> = sqlx::query_as(
        "select tier, count(*) from read.tier_members where merchant = $1 and tier is not null group by tier",
    )
    .bind(merchant.0)
    .fetch_all(db)
    .await?;
    Ok(rows.into_iter().map(|(tier, members)| (tier, position(members))).collect())
}

fn member_of(row: &PgRow) -> Result<MemberRow, ProjectionError> {
    Ok(MemberRow {
        tier: row.try_get("tier")?,
        since: timestamp(row.try_get::<DateTime<Utc>, _>("since")?),
        measured: row.try_get("measured")?,
        recorded_at: timestamp(row.try_get::<DateTime<Utc>, _>("recorded_at")?),
        position: position(row.try_get("position")?),
    })
}

fn history_of(row: &PgRow) -> Result<HistoryRow, ProjectionError> {
    let version: i64 = row.try_get("definition_version")?;
    Ok(HistoryRow {
        cause: row.try_get("cause")?,
        definition_version: u32::try_from(version).map_err(|_| ProjectionError::BadRow("read.tier_history"))?,
        from: row.try_get("from_tier")?,
        to: member_of(row)?,
    })
}
