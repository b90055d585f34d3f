//! Which shops have buyers, and whose orders have changed since they were scored.

use aggregates::{id::MerchantId, rfm::Day, time::Timestamp};
use chrono::{DateTime, NaiveDate, Utc};
use sqlx::{PgPool, Row};
use uuid::Uuid;

use crate::{
    Changed,
    rfm_segments::day_of,
    sql::{bigint, timestamp},
};

/// A shop that has orders.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shop {
    pub merchant: MerchantId,
    pub first_order_at: Timestamp,
    /// The day of its newest window.
    pub newest_window: Option<Day>,
}

/// One shop, if it has orders.
pub async fn find(db: &PgPool, merchant: MerchantId) -> Result<Option<Shop>, sqlx::Error> {
    Ok(select(db, Some(merchant)).await?.into_iter().next())
}

/// Every shop that has orders.
pub async fn all(db: &PgPool) -> Result<Vec<Shop>, sqlx::Error> {
    select(db, None).await
}

async fn select(db: &PgPool, only: Option<MerchantId>) -> Result<Vec<Shop>, sqlx::Error> {
    let rows = sqlx::query(
        "select merchant, first_order_at,
                (select max(day) from read.rfm_windows held where held.merchant = shop.merchant) as newest
           from read.rfm_shops shop where $1::uuid is null or merchant = $1",
    )
    .bind(only.map(|merchant| merchant.0))
    .fetch_all(db)
    .await?;
    let shop = |row: &sqlx::postgres::PgRow| {
        Ok(Shop {
            merchant: MerchantId(row.try_get("merchant")?),
            first_order_at: timestamp(row.try_get::<DateTime<Utc>, _>("first_order_at")?),
            newest_window: row.try_get::<Option<NaiveDate>, _>("newest")?.map(day_of),
        })
    };
    rows.iter().map(shop).collect()
}

/// Buyers whose orders have changed after a position and since their shop was last counted, in the journal's order: of one
/// merchant, or of all. Only of shops that have had a window: before it there are no cut points.
pub async fn changed_after(
    db: &PgPool,
    only: Option<MerchantId>,
    after: u64,
    limit: i64,
) -> Result<Vec<Changed>, sqlx::Error> {
    let rows: Vec<(Uuid, Uuid, i64)> = sqlx::query_as(
        "select changed.merchant, changed.customer, max(changed.position)
           from (select merchant, customer, position from read.rfm_orders where position > $1
                 union all
                 select merchant, customer, position from read.rfm_closed_accounts where position > $1) as changed
           join read.rfm_state as counted
             on counted.merchant = changed.merchant and changed.position > counted.orders_through
          where $3::uuid is null or changed.merchant = $3
          group by changed.merchant, changed.customer order by max(changed.position) limit $2",
    )
    .bind(bigint(after))
    .bind(limit)
    .bind(only.map(|merchant| merchant.0))
    .fetch_all(db)
    .await?;
    Ok(rows.into_iter().map(Changed::of).collect())
}
