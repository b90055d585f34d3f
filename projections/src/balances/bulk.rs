//! All balances in memory, for as long as they fit: each writing replaces the whole table, which has no indexes yet.

use std::collections::HashMap;

use aggregates::id::MerchantId;
use futures::{FutureExt, TryStreamExt, future::BoxFuture};
use journal::Positioned;
use sqlx::{PgConnection, Row};

use super::{BalanceRow, Key, empty, fold, from_row, key};
use crate::{
    copy::Copy,
    erasure,
    generation::bulk::{Bulk, Lane},
    projection::ProjectionError,
};

/// Accounts held by all lanes together, some 128 MiB. An installation with more goes on with indexes from there.
const ACCOUNTS_MAX: usize = 262_144;

const COLUMNS: &str = "balances (merchant, customer, purse, next_due_at, position, recorded_at)";

pub(super) struct Accounts {
    lane: Lane,
    rows: HashMap<Key, BalanceRow>,
}

impl Accounts {
    pub fn of(lane: Lane) -> Self {
        Accounts { lane, rows: HashMap::new() }
    }

    fn forget(&mut self, merchant: MerchantId) {
        self.rows.retain(|(of, _), _| *of != merchant.0);
    }
}

impl Bulk for Accounts {
    fn resume<'a>(&'a mut self, db: &'a mut PgConnection) -> BoxFuture<'a, Result<(), ProjectionError>> {
        async move {
            let mut rows = sqlx::query("select * from balances").fetch(db);
            while let Some(row) = rows.try_next().await? {
                let customer = row.try_get("customer")?;
                if self.lane.has(customer) {
                    self.rows.insert((row.try_get("merchant")?, customer), from_row(&row)?);
                }
            }
            Ok(())
        }
        .boxed()
    }

    fn take_in(&mut self, commit: &Positioned) -> Result<(), ProjectionError> {
        if let Some(merchant) = erasure::merchant_erased_by(commit)? {
            self.forget(merchant);
        }
        let Some(key) = key(commit) else { return Ok(()) };
        fold(self.rows.entry(key).or_insert_with(empty), commit)
    }

    fn is_full(&self) -> bool {
        self.has_outgrown()
    }

    fn has_outgrown(&self) -> bool {
        self.rows.len() >= self.lane.part_of(ACCOUNTS_MAX)
    }

    fn write<'a>(&'a mut self, db: &'a mut PgConnection) -> BoxFuture<'a, Result<(), ProjectionError>> {
        async move {
            if self.lane.is_first() {
                sqlx::query("truncate balances").execute(&mut *db).await?;
            }
            let mut copy = Copy::default();
            for ((merchant, customer), row) in &self.rows {
                copy.row(6)
                    .uuid(*merchant)
                    .uuid(*customer)
                    .bytes(&postcard::to_stdvec(&row.purse).expect("plain values"))
                    .maybe(row.purse.next_due(), Copy::timestamp)
                    .position(row.position)
                    .timestamp(row.recorded_at);
            }
            Ok(copy.send(db, COLUMNS).await?)
        }
        .boxed()
    }

    fn finish<'a>(&'a mut self, _: &'a mut PgConnection) -> BoxFuture<'a, Result<(), ProjectionError>> {
        futures::future::ready(Ok(())).boxed()
    }
}
