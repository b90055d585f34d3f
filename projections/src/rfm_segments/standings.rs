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
