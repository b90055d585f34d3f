//! Requests about one person, as the read model `gdpr_requests` has them.

use aggregates::{
    id::{CustomerId, GdprRequestId, MerchantId},
    time::Timestamp,
};
use chrono::{DateTime, Utc};
use sqlx::{PgPool, Row};

use crate::sql::timestamp;

/// A request about a person.
#[derive(Debug, Clone)]
pub struct PersonsRequest {
    pub id: GdprRequestId,
    pub kind: String,
    pub state: String,
    pub received_at: Timestamp,
}

/// When the newest request for this customer's data was received, refused ones aside.
pub async fn newest(db: &PgPool, merchant: MerchantId, customer: CustomerId) -> Result<Option<Timestamp>, sqlx::Error> {
    let newest: Option<DateTime<Utc>> = sqlx::query_scalar(
        "select max(received_at) from read.gdpr_requests
          where merchant = $1 and customer = $2 and type = 'customers/data_request' and state <> 'refused'",
    )
    .bind(merchant.0)
    .bind(customer.0)
    .fetch_one(db)
    .await?;
    Ok(newest.map(timestamp))
}

/// All requests about this customer, the oldest first.
pub async fn of_customer(
    db: &PgPool,
    merchant: MerchantId,
    customer: CustomerId,
) -> Result<Vec<PersonsRequest>, sqlx::Error> {
    let rows = sqlx::query(
        "select request, type, state, received_at from read.gdpr_requests
          where merchant = $1 and customer = $2 order by received_at, request",
    )
    .bind(merchant.0)
    .bind(customer.0)
    .fetch_all(db)
    .await?;
    let request = |row: &sqlx::postgres::PgRow| {
        Ok(PersonsRequest {
            id: GdprRequestId(row.try_get("request")?),
            kind: row.try_get("type")?,
            state: row.try_get("state")?,
            received_at: timestamp(row.try_get::<DateTime<Utc>, _>("received_at")?),
        })
    };
    rows.iter().map(request).collect()
}
