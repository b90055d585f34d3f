//! A kept connection is the same session each time, and a session that has ended is not kept.

use std::time::Duration;

use sqlx::{PgConnection, PgPool};
use uuid::Uuid;
use vault::KeptConnection;

use crate::database::{Home, new_merchant, new_person};

/// Longer than a connection may rest without being asked whether it still works.
const A_REST: Duration = Duration::from_millis(1_100);

async fn session(connection: &mut PgConnection) -> Result<i32, sqlx::Error> {
    sqlx::query_scalar("select pg_backend_pid()").fetch_one(connection).await
}

async fn end_all_other_sessions(pool: &PgPool) {
    let end = "select pg_terminate_backend(pid) from pg_stat_activity
               where datname = current_database() and pid <> pg_backend_pid()";
    sqlx::query(end).execute(pool).await.expect("a superuser may");
}

#[tokio::test]
async fn it_is_the_same_session_each_time() {
    let home = Home::new().await;
    let mut kept = KeptConnection::of(home.pool.clone());
    let first = kept.with(session).await.unwrap();
    for _ in 0..3 {
        home.count("select count(*) from vault.directory").await;
        assert_eq!(kept.with(session).await.unwrap(), first);
    }
}

#[tokio::test]
async fn a_failure_gives_the_session_up_and_the_next_statement_runs() {
    let home = Home::new().await;
    let mut kept = KeptConnection::of(home.pool.clone());
    kept.with(session).await.unwrap();
    end_all_other_sessions(&home.pool).await;
    let failed = kept.with(session).await;
    assert!(failed.is_err(), "{failed:?}");
    kept.with(session).await.unwrap();
}

#[tokio::test]
async fn one_that_has_rested_is_asked_first_and_nobody_sees_that_it_was_gone() {
    let home = Home::new().await;
    let mut kept = KeptConnection::of(home.pool.clone());
    let first = kept.with(session).await.unwrap();
    end_all_other_sessions(&home.pool).await;
    tokio::time::sleep(A_REST).await;
    assert_ne!(kept.with(session).await.unwrap(), first);
}

#[tokio::test]
async fn a_vault_that_has_rested_outlives_its_sessions() {
    let home = Home::new().await;
    let vault = home.vault_with_lease(Duration::ZERO).await;
    let merchant = new_merchant(&vault).await;
    let ada = new_person(&vault, merchant).await;
    vault.claim_order(merchant, "1001", ada).await.unwrap();

    end_all_other_sessions(&home.pool).await;
    tokio::time::sleep(A_REST).await;

    vault.person(merchant, ada).await.unwrap();
    vault.claim_order(merchant, "1002", ada).await.unwrap();
    let found = vault.find(merchant, vault::DirectoryKind::ShopifyCustomer, &Uuid::nil().to_string()).await.unwrap();
    assert_eq!(found, None);
}
