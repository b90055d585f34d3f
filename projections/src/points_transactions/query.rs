//! Reading the ledger of one account, newest first, page by page.

use aggregates::{
    id::{CustomerId, MerchantId},
    points::{OrderReference, StaffNote},
    sealed::Sealed,
    time::Timestamp,
};
use chrono::{DateTime, Utc};
use sqlx::{PgPool, Row};
use uuid::Uuid;

use crate::sql::{bigint, position, timestamp};

/// A line as stored.
#[derive(Debug, Clone)]
pub struct LedgerLine {
    pub id: Uuid,
    pub position: u64,
    pub line: i16,
    pub kind: String,
    pub points: i64,
    pub occurred_at: Timestamp,
    pub recorded_at: Timestamp,
    pub available_at: Option<Timestamp>,
    pub reference_kind: String,
    pub reference_id: Option<Uuid>,
    pub reference: Option<Sealed<OrderReference>>,
    pub reason: Option<Sealed<StaffNote>>,
}

/// Which lines are wanted: at most `limit`, older than the line `before`.
#[derive(Debug, Clone, Copy)]
pub struct Page {
    pub limit: i64,
    pub before: Option<(u64, i16)>,
}

pub async fn list(
    db: &PgPool,
    merchant: MerchantId,
    customer: CustomerId,
    page: Page,
) -> Result<Vec<LedgerLine>, sqlx::Error> {
    let (before_position, before_line) = page.before.unwrap_or((u64::MAX, i16::MAX));
    let rows = sqlx::query(
        "select id, position, line, type, points, occurred_at, recorded_at, available_at,
                reference_kind, reference_id, reference, reason
           from read.points_transactions
          where merchant = $1 and customer = $2 and (position, line) < ($3, $4)
          order by position desc, line desc limit $5",
    )
    .bind(merchant.0)
    .bind(customer.0)
    .bind(bigint(before_position))
    .bind(before_line)
    .bind(page.limit)
    .fetch_all(db)
    .await?;
    rows.iter().map(from_row).collect()
}

fn from_row(row: &sqlx::postgres::PgRow) -> Result<LedgerLine, sqlx::Error> {
    let time = |column: &str| row.try_get::<DateTime<Utc>, _>(column).map(timestamp);
    Ok(LedgerLine {
        id: row.try_get("id")?,
        position: position(row.try_get("position")?),
        line: row.try_get("line")?,
        kind: row.try_get("type")?,
        points: row.try_get("points")?,
        occurred_at: time("occurred_at")?,
        recorded_at: time("recorded_at")?,
        available_at: row.try_get::<Option<DateTime<Utc>>, _>("available_at")?.map(timestamp),
        reference_kind: row.try_get("reference_kind")?,
        reference_id: row.try_get("reference_id")?,
        reference: row.try_get::<Option<Vec<u8>>, _>("reference")?.map(Sealed::from_ciphertext),
        reason: row.try_get::<Option<Vec<u8>>, _>("reason")?.map(Sealed::from_ciphertext),
    })
}
