//! All balances in memory, for as long as they fit: each writing replaces the whole table, which has no indexes yet.

use std::collections::HashMap;

use aggregates::id::MerchantId;
use futures::{FutureExt, TryStreamExt, future::BoxFuture};
use journal::Positioned;
use sqlx::{PgConnection, Row};

use super::{BalanceRow, Key, empty, fold, from_row, key};
use crate::{copy::Copy, erasure, generation::bulk::Bulk, projection::ProjectionError};

/// Accounts held, some 128 MiB. An installation with more goes on with indexes from there.
const ACCOUNTS_MAX: usize = 262_144;

const COLUMNS: &str = "balances (merchant, customer, purse, next_due_at, position, recorded_at)";

#[derive(Default)]
pub(super) struct Accounts {
    rows: HashMap<Key, BalanceRow>,
}

impl Accounts {
    fn forget(&mut self, merchant: MerchantId) {
        self.rows.retain(|(of, _), _| *of != merchant.0);
    }
}

impl Bulk for Accounts {
    fn resume<'a>(&'a mut self, db: &'a mut PgConnection) -> BoxFuture<'a, Result<(), ProjectionError>> {
        async move {
            let mut rows = sqlx::query("select * from balances").fetch(db);
            while let Some(row) = rows.try_next().await? {
                self.rows.insert((row.try_get("merchant")?, row.try_get("customer")?), from_row(&row)?);
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
        self.rows.len() >= ACCOUNTS_MAX
    }

    fn write<'a>(&'a mut self, db: &'a mut PgConnection) -> BoxFuture<'a, Result<(), ProjectionError>> {
        async move {
            sqlx::query("truncate balances").execute(&mut *db).await?;
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
