//! How all buyers of a merchant stand, one after the other.

use aggregates::{
    id::{CustomerId, MerchantId},
    time::Timestamp,
};
use chrono::{DateTime, NaiveDate, Utc};
use sqlx::{PgPool, Row, postgres::PgRow};
use uuid::Uuid;

use crate::sql::timestamp;

/// A buyer as they stand.
#[derive(Debug, Clone)]
pub struct StandingRow {
    pub customer: CustomerId,
    pub segment: String,
    /// Three digits: recency, frequency, monetary.
    pub scores: i16,
    pub last_order_day: NaiveDate,
    pub orders: i64,
    /// Minor units of the shop's currency.
    pub spend_minor: i64,
    pub as_of: NaiveDate,
    pub recorded_at: Timestamp,
}

/// In the order of their ids, at most `limit`, behind the one given.
pub async fn standings_after(
    db: &PgPool,
    merchant: MerchantId,
    after: Option<CustomerId>,
    limit: i64,
) -> Result<Vec<StandingRow>, sqlx::Error> {
    let rows = sqlx::query(
        "select customer, segment, scores, last_order_day, orders, spend_minor, as_of, recorded_at
           from read.customer_segments where merchant = $1 and customer > $2 order by customer limit $3",
    )
    .bind(merchant.0)
    .bind(after.map_or(Uuid::nil(), |customer| customer.0))
    .bind(limit)
    .fetch_all(db)
    .await?;
    rows.iter().map(from_row).collect()
}

/// Buyers who stand most like one: those in the same cell, then those in the same segment, each with the most orders first.
/// None of somebody who has no segment.
pub async fn neighbours(
    db: &PgPool,
    merchant: MerchantId,
    customer: CustomerId,
    limit: i64,
) -> Result<Vec<CustomerId>, sqlx::Error> {
    let neighbours: Vec<Uuid> = sqlx::query_scalar(
        "select other.customer
           from read.customer_segments own
           join read.customer_segments other on other.merchant = own.merchant and other.segment = own.segment
           join read.customers person on person.merchant = other.merchant and person.customer = other.customer
          where own.merchant = $1 and own.customer = $2 and other.customer <> own.customer
            and person.state = 'member' and not person.restricted and not person.objects_to_profiling
          order by other.scores = own.scores desc, other.orders desc, other.customer limit $3",
    )
    .bind(merchant.0)
    .bind(customer.0)
    .bind(limit)
    .fetch_all(db)
    .await?;
    Ok(neighbours.into_iter().map(CustomerId).collect())
}

fn from_row(row: &PgRow) -> Result<StandingRow, sqlx::Error> {
    Ok(StandingRow {
        customer: CustomerId(row.try_get("customer")?),
        segment: row.try_get("segment")?,
        scores: row.try_get("scores")?,
        last_order_day: row.try_get("last_order_day")?,
        orders: row.try_get("orders")?,
        spend_minor: row.try_get("spend_minor")?,
        as_of: row.try_get("as_of")?,
        recorded_at: timestamp(row.try_get::<DateTime<Utc>, _>("recorded_at")?),
    })
}
