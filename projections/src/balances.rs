//! `balances`: one row per account with its lots, from which the balance at any instant is computed by the same code
//! that decides.

mod bulk;
mod reader;

use std::{collections::HashMap, sync::Arc};

use aggregates::{
    Context,
    id::{CustomerId, MerchantId},
    points::{Account, PointsEvent, Purse},
    time::Timestamp,
};
use chrono::{DateTime, Utc};
use journal::{Positioned, SubjectId};
use sqlx::{PgConnection, PgPool, Row};
use uuid::Uuid;

use crate::{
    erasure,
    generation::bulk::Bulk,
    projection::{Projection, ProjectionError, Tables, events_of},
    sql::{bigint, position, timestamp, timestamptz},
};

pub use reader::{BalanceReader, ReadError, Standing};

pub struct Balances;

const TABLE: &str = "read.balances";

type Key = (Uuid, Uuid);

/// An account as the read model has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BalanceRow {
    pub purse: Purse,
    pub position: u64,
    pub recorded_at: Timestamp,
}

impl Balances {
    pub const NAME: &'static str = "balances";
}

impl Projection for Balances {
    const NAME: &'static str = Balances::NAME;
    const CONTEXTS: &'static [Context] = &[Context::Points, Context::Merchant];
    const TABLES: Tables = Tables::Own(&[TABLE]);

    async fn apply(&self, transaction: &mut PgConnection, batch: &[Arc<Positioned>]) -> Result<(), ProjectionError> {
        let mut keys: Vec<Key> = batch.iter().filter_map(|commit| key(commit)).collect();
        keys.sort_unstable();
        keys.dedup();
        let mut rows = load(transaction, &keys).await?;
        for commit in batch {
            let Some(key) = key(commit) else { continue };
            fold(rows.entry(key).or_insert_with(empty), commit)?;
        }
        store(transaction, &keys, &rows).await?;
        erasure::forget_merchants_of(transaction, &[TABLE], batch).await
    }

    fn bulk(&self) -> Option<Box<dyn Bulk>> {
        Some(Box::<bulk::Accounts>::default())
    }
}

fn key(commit: &Positioned) -> Option<Key> {
    match (commit.subject.context, commit.subject.id) {
        (Context::Points, SubjectId::Uuid(customer)) => Some((commit.subject.merchant.0, customer)),
        _ => None,
    }
}

pub(crate) fn empty() -> BalanceRow {
    BalanceRow { purse: Purse::default(), position: 0, recorded_at: Timestamp(0) }
}

/// One commit more, for one account.
fn fold(row: &mut BalanceRow, commit: &Positioned) -> Result<(), ProjectionError> {
    fold_events(row, commit, &events_of(commit)?);
    Ok(())
}

/// The same, where its events have been read already.
pub(crate) fn fold_events(row: &mut BalanceRow, commit: &Positioned, events: &[PointsEvent]) {
    for event in events {
        Account::apply_to_purse(&mut row.purse, event, commit.commit.recorded_at);
    }
    row.position = commit.position;
    row.recorded_at = row.recorded_at.max(commit.commit.recorded_at);
}

async fn load(transaction: &mut PgConnection, keys: &[Key]) -> Result<HashMap<Key, BalanceRow>, ProjectionError> {
    let (merchants, customers): (Vec<Uuid>, Vec<Uuid>) = keys.iter().copied().unzip();
    // One look into the index for each: left to choose, the planner may read the whole table.
    let rows = sqlx::query(
        "select asked.merchant, asked.customer, row.purse, row.position, row.recorded_at
           from unnest($1::uuid[], $2::uuid[]) as asked (merchant, customer)
          cross join lateral (
                select purse, position, recorded_at from balances
                 where merchant = asked.merchant and customer = asked.customer limit 1) as row",
    )
    .bind(merchants)
    .bind(customers)
    .fetch_all(transaction)
    .await?;
    rows.iter().map(|row| Ok(((row.try_get("merchant")?, row.try_get("customer")?), from_row(row)?))).collect()
}

fn from_row(row: &sqlx::postgres::PgRow) -> Result<BalanceRow, ProjectionError> {
    Ok(BalanceRow {
        purse: purse(row.try_get("purse")?)?,
        position: position(row.try_get("position")?),
        recorded_at: timestamp(row.try_get::<DateTime<Utc>, _>("recorded_at")?),
    })
}

pub(crate) fn purse(stored: &[u8]) -> Result<Purse, ProjectionError> {
    postcard::from_bytes(stored).map_err(|_| ProjectionError::BadRow(TABLE))
}

async fn store(
    transaction: &mut PgConnection,
    keys: &[Key],
    rows: &HashMap<Key, BalanceRow>,
) -> Result<(), ProjectionError> {
    let row = |key: &Key| &rows[key];
    let purses: Vec<Vec<u8>> =
        keys.iter().map(|key| postcard::to_stdvec(&row(key).purse).expect("plain values")).collect();
    sqlx::query(
        "insert into balances (merchant, customer, purse, next_due_at, position, recorded_at)
         select * from unnest($1::uuid[], $2::uuid[], $3::bytea[], $4::timestamptz[], $5::bigint[], $6::timestamptz[])
         on conflict (merchant, customer) do update
            set purse = excluded.purse, next_due_at = excluded.next_due_at,
                position = excluded.position, recorded_at = excluded.recorded_at",
    )
    .bind(keys.iter().map(|key| key.0).collect::<Vec<_>>())
    .bind(keys.iter().map(|key| key.1).collect::<Vec<_>>())
    .bind(purses)
    .bind(keys.iter().map(|key| row(key).purse.next_due().map(timestamptz)).collect::<Vec<_>>())
    .bind(keys.iter().map(|key| bigint(row(key).position)).collect::<Vec<_>>())
    .bind(keys.iter().map(|key| timestamptz(row(key).recorded_at)).collect::<Vec<_>>())
    .execute(transaction)
    .await?;
    Ok(())
}

/// The account's row; none while nothing has happened to its points.
pub async fn find(
    db: &PgPool,
    merchant: MerchantId,
    customer: CustomerId,
) -> Result<Option<BalanceRow>, ProjectionError> {
    let row =
        sqlx::query("select purse, position, recorded_at from read.balances where merchant = $1 and customer = $2")
            .bind(merchant.0)
            .bind(customer.0)
            .fetch_optional(db)
            .await?;
    row.as_ref().map(from_row).transpose()
}

/// Accounts of the merchant that time has changed by `now` without that being on record, the longest overdue first.
pub async fn due(
    db: &PgPool,
    merchant: MerchantId,
    now: Timestamp,
    limit: i64,
) -> Result<Vec<CustomerId>, sqlx::Error> {
    sqlx::query_scalar(
        "select customer from read.balances where merchant = $1 and next_due_at <= $2 order by next_due_at limit $3",
    )
    .bind(merchant.0)
    .bind(timestamptz(now))
    .bind(limit)
    .fetch_all(db)
    .await
    .map(|customers: Vec<Uuid>| customers.into_iter().map(CustomerId).collect())
}

/// Merchants with accounts that are due at `now`.
pub async fn merchants_due(db: &PgPool, now: Timestamp) -> Result<Vec<MerchantId>, sqlx::Error> {
    sqlx::query_scalar("select distinct merchant from read.balances where next_due_at <= $1")
        .bind(timestamptz(now))
        .fetch_all(db)
        .await
        .map(|merchants: Vec<Uuid>| merchants.into_iter().map(MerchantId).collect())
}
