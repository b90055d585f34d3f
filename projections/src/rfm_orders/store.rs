//! The rows of `rfm_orders` in the database.

use std::collections::HashMap;

use aggregates::{id::Token, money::Currency};
use chrono::{DateTime, Utc};
use journal::Positioned;
use sqlx::{PgConnection, Row, postgres::PgRow};
use uuid::Uuid;

use super::row::OrderRow;
use crate::{
    projection::ProjectionError,
    sql::{bigint, position, timestamp, timestamptz},
};

const TABLE: &str = "read.rfm_orders";

/// Merchant and the order's token.
pub type Key = (Uuid, [u8; 16]);

/// All orders of one account become another's.
pub struct Merge<'a> {
    pub commit: &'a Positioned,
    pub loser: Uuid,
    pub winner: Uuid,
}

pub async fn load(transaction: &mut PgConnection, keys: &[Key]) -> Result<HashMap<Key, OrderRow>, ProjectionError> {
    // One look into the index for each: left to choose, the planner may read the whole table.
    let rows = sqlx::query(
        "select asked.merchant, asked.order_token, row.*
           from unnest($1::uuid[], $2::bytea[]) as asked (merchant, order_token)
          cross join lateral (
                select customer, currency, processed_at, base_minor, cancelled, voided, test, refunds, points, position
                  from rfm_orders
                 where merchant = asked.merchant and order_token = asked.order_token limit 1) as row",
    )
    .bind(keys.iter().map(|key| key.0).collect::<Vec<_>>())
    .bind(keys.iter().map(|key| key.1.to_vec()).collect::<Vec<_>>())
    .fetch_all(transaction)
    .await?;
    rows.iter().map(|row| Ok((key(row)?, from_row(row)?))).collect()
}

fn key(row: &PgRow) -> Result<Key, ProjectionError> {
    let token: &[u8] = row.try_get("order_token")?;
    Ok((row.try_get("merchant")?, token.try_into().map_err(|_| ProjectionError::BadRow(TABLE))?))
}

fn from_row(row: &PgRow) -> Result<OrderRow, ProjectionError> {
    let currency: Option<&str> = row.try_get("currency")?;
    let currency = currency.map(Currency::parse).transpose().map_err(|_| ProjectionError::BadRow(TABLE))?;
    let refunds: Vec<(Token, i64)> =
        postcard::from_bytes(row.try_get("refunds")?).map_err(|_| ProjectionError::BadRow(TABLE))?;
    Ok(OrderRow {
        customer: row.try_get("customer")?,
        currency,
        processed_at: timestamp(row.try_get::<DateTime<Utc>, _>("processed_at")?),
        base_minor: row.try_get("base_minor")?,
        cancelled: row.try_get("cancelled")?,
        voided: row.try_get("voided")?,
        test: row.try_get("test")?,
        refunds,
        points: row.try_get("points")?,
        position: position(row.try_get("position")?),
        ..OrderRow::default()
    })
}

pub async fn save(transaction: &mut PgConnection, rows: &[(Key, OrderRow)]) -> Result<(), ProjectionError> {
    macro_rules! column {
        ($key:ident, $row:ident => $value:expr) => {
            rows.iter().map(|($key, $row)| $value).collect::<Vec<_>>()
        };
    }
    sqlx::query(
        "insert into rfm_orders
            (merchant, order_token, customer, currency, processed_at, base_minor, cancelled, voided, test, refunds,
             net_minor, points, position)
         select * from unnest($1::uuid[], $2::bytea[], $3::uuid[], $4::text[], $5::timestamptz[], $6::bigint[],
             $7::boolean[], $8::boolean[], $9::boolean[], $10::bytea[], $11::bigint[], $12::bigint[],
             $13::bigint[])
         on conflict (merchant, order_token) do update
            set customer = excluded.customer, currency = excluded.currency, processed_at = excluded.processed_at,
                base_minor = excluded.base_minor, cancelled = excluded.cancelled, voided = excluded.voided,
                test = excluded.test, refunds = excluded.refunds, net_minor = excluded.net_minor,
                points = excluded.points, position = excluded.position",
    )
    .bind(column!(key, _row => key.0))
    .bind(column!(key, _row => key.1.to_vec()))
    .bind(column!(_key, row => row.customer))
    .bind(column!(_key, row => row.currency.map(|currency| currency.as_str().to_owned())))
    .bind(column!(_key, row => timestamptz(row.processed_at)))
    .bind(column!(_key, row => row.base_minor))
    .bind(column!(_key, row => row.cancelled))
    .bind(column!(_key, row => row.voided))
    .bind(column!(_key, row => row.test))
    .bind(column!(_key, row => postcard::to_stdvec(&row.refunds).expect("plain values")))
    .bind(column!(_key, row => row.net_minor()))
    .bind(column!(_key, row => row.points))
    .bind(column!(_key, row => bigint(row.position)))
    .execute(&mut *transaction)
    .await?;
    note_shops(transaction, rows).await
}

/// Remembers when a shop's first order was recorded. Rows that were there before do not know when they were.
async fn note_shops(transaction: &mut PgConnection, rows: &[(Key, OrderRow)]) -> Result<(), ProjectionError> {
    let mut first: HashMap<Uuid, &OrderRow> = HashMap::new();
    for ((merchant, _), row) in rows.iter().filter(|(_, row)| row.recorded_at.0 != 0) {
        let known = first.entry(*merchant).or_insert(row);
        if row.recorded_at < known.recorded_at {
            *known = row;
        }
    }
    sqlx::query(
        "insert into rfm_shops (merchant, first_order_at)
         select * from unnest($1::uuid[], $2::timestamptz[]) on conflict (merchant) do nothing",
    )
    .bind(first.keys().copied().collect::<Vec<_>>())
    .bind(first.values().map(|row| timestamptz(row.recorded_at)).collect::<Vec<_>>())
    .execute(transaction)
    .await?;
    Ok(())
}

pub async fn merge(transaction: &mut PgConnection, merge: Merge<'_>) -> Result<(), ProjectionError> {
    let merchant = merge.commit.subject.merchant.0;
    let position = bigint(merge.commit.position);
    sqlx::query("update rfm_orders set customer = $3, position = $4 where merchant = $1 and customer = $2")
        .bind(merchant)
        .bind(merge.loser)
        .bind(merge.winner)
        .bind(position)
        .execute(&mut *transaction)
        .await?;
    sqlx::query(
        "insert into rfm_closed_accounts (merchant, customer, position) values ($1, $2, $3)
         on conflict (merchant, customer) do update set position = excluded.position",
    )
    .bind(merchant)
    .bind(merge.loser)
    .bind(position)
    .execute(transaction)
    .await?;
    Ok(())
}
