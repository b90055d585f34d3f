//! Reading versions of settings, the newest first.

use aggregates::{id::MerchantId, program::ProgramVersion, time::Timestamp};
use chrono::{DateTime, Utc};
use sqlx::{PgPool, Row, postgres::PgRow};

use super::TABLE;
use crate::{
    projection::ProjectionError,
    sql::{position, timestamp},
};

/// A version, and who published it.
#[derive(Debug, Clone)]
pub struct VersionRow {
    pub version: ProgramVersion,
    pub actor_kind: String,
    pub actor: Option<String>,
    pub recorded_at: Timestamp,
    pub position: u64,
}

/// At most `limit` versions, older than `before`, and if asked only those recorded by then.
///
/// # Errors
/// [`ProjectionError::Database`], [`ProjectionError::BadRow`]
pub async fn list(
    db: &PgPool,
    merchant: MerchantId,
    before: Option<u32>,
    limit: i64,
) -> Result<Vec<VersionRow>, ProjectionError> {
    let rows = sqlx::query(
        "select version, effective_from, settings::text as settings, actor_kind, actor, recorded_at, position
           from read.program_history where merchant = $1 and version < $2 order by version desc limit $3",
    )
    .bind(merchant.0)
    .bind(before.and_then(|before| i32::try_from(before).ok()).unwrap_or(i32::MAX))
    .bind(limit)
    .fetch_all(db)
    .await?;
    rows.iter().map(from_row).collect()
}

fn from_row(row: &PgRow) -> Result<VersionRow, ProjectionError> {
    let bad = || ProjectionError::BadRow(TABLE);
    let time = |column: &str| row.try_get::<DateTime<Utc>, _>(column).map(timestamp);
    let version = ProgramVersion {
        version: u32::try_from(row.try_get::<i32, _>("version")?).map_err(|_| bad())?,
        effective_from: time("effective_from")?,
        settings: serde_json::from_str(row.try_get("settings")?).map_err(|_| bad())?,
    };
    Ok(VersionRow {
        version,
        actor_kind: row.try_get("actor_kind")?,
        actor: row.try_get("actor")?,
        recorded_at: time("recorded_at")?,
        position: position(row.try_get("position")?),
    })
}
