//! Reading the ledger of one account, newest first, page by page.

use aggregates::{
    id::{CustomerId, MerchantId},
    points::{OrderReference, StaffNote},
    sealed::Sealed,
    time::Timestamp,
};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use sqlx::{PgPool, Row};
use uuid::Uuid;

use crate::sql::{bigint, position, timestamp, timestamptz};

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

/// Where a line stands among all lines of a merchant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct LedgerPlace {
    pub customer: Uuid,
    pub recorded_at: Timestamp,
    pub position: u64,
    pub line: i16,
}

/// Lines of all customers of a merchant: customer by customer, oldest first, at most `limit`, behind the place given.
pub async fn all_after(
    db: &PgPool,
    merchant: MerchantId,
    after: Option<LedgerPlace>,
    limit: i64,
) -> Result<Vec<(LedgerPlace, LedgerLine)>, sqlx::Error> {
    let beginning = LedgerPlace { customer: Uuid::nil(), recorded_at: Timestamp(0), position: 0, line: 0 };
    let after = after.unwrap_or(beginning);
    let rows = sqlx::query(
        "select customer, id, position, line, type, points, occurred_at, recorded_at, available_at,
                reference_kind, reference_id, reference, reason
           from read.points_transactions
          where merchant = $1 and (customer, recorded_at, position, line) > ($2, $3, $4, $5)
          order by customer, recorded_at, position, line limit $6",
    )
    .bind(merchant.0)
    .bind(after.customer)
    .bind(timestamptz(after.recorded_at))
    .bind(bigint(after.position))
    .bind(after.line)
    .bind(limit)
    .fetch_all(db)
    .await?;
    let placed = |row: &sqlx::postgres::PgRow| {
        let line = from_row(row)?;
        let place = LedgerPlace {
            customer: row.try_get("customer")?,
            recorded_at: line.recorded_at,
            position: line.position,
            line: line.line,
        };
        Ok((place, line))
    };
    rows.iter().map(placed).collect()
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
