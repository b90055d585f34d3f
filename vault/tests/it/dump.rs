//! Copies of the vault's two halves, and putting them back, as an operator does who restores a backup.

use std::{fs, os::unix::fs::PermissionsExt};

use sqlx::AssertSqlSafe;

use crate::database::Home;

const TABLES: [&str; 9] = [
    "bucket",
    "person_keys",
    "rotation",
    "directory",
    "order_owner",
    "item_keys",
    "waiting_items",
    "blind_index",
    "named_friends",
];

/// The vault's tables as they are now.
pub struct Dump(&'static str);

/// The root key store's file as it is now.
pub struct KeyCopy(Vec<u8>);

impl Dump {
    pub async fn take(home: &Home, name: &'static str) -> Dump {
        run(home, format!("create schema {name}")).await;
        for table in TABLES.into_iter().chain(["deletions"]) {
            run(home, format!("create table {name}.{table} as select * from vault.{table}")).await;
        }
        Dump(name)
    }

    pub async fn restore(&self, home: &Home) {
        let name = self.0;
        run(home, format!("truncate vault.deletions, vault.{}", TABLES.join(", vault."))).await;
        for table in TABLES.into_iter().chain(["deletions"]) {
            run(home, format!("insert into vault.{table} select * from {name}.{table}")).await;
        }
    }
}

impl KeyCopy {
    pub fn take(home: &Home) -> KeyCopy {
        KeyCopy(fs::read(home.root_path()).expect("the root key store is there"))
    }

    pub fn is_what_the_store_has(&self, home: &Home) -> bool {
        KeyCopy::take(home).0 == self.0
    }

    pub fn restore(&self, home: &Home) {
        // As a restore does it: another file in the place of this one.
        let path = home.root_path().with_extension("restored");
        fs::write(&path, &self.0).expect("write the copy");
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).expect("make it private");
        fs::rename(&path, home.root_path()).expect("put it back");
    }
}

async fn run(home: &Home, sql: String) {
    sqlx::raw_sql(AssertSqlSafe(sql)).execute(&home.pool).await.expect("the statement runs");
}
