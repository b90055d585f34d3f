//! The tables of segments can be thrown away: filled again from the log, they are what they were.

use std::time::Duration;

use sqlx::{AssertSqlSafe, PgPool};
use tokio::time::{Instant, sleep};

use super::kit::{next_window, rfm_of};
use crate::support::{Installation, Shop, on_shared_runtime};

const TABLES: [&str; 9] = [
    "rfm_orders",
    "rfm_closed_accounts",
    "rfm_shops",
    "rfm_state",
    "customer_segments",
    "rfm_windows",
    "rfm_segment_counts",
    "rfm_segment_deltas",
    "rfm_score_history",
];
const READ_MODELS: [&str; 2] = ["rfm_orders", "rfm_segments"];
const FILLED_WITHIN: Duration = Duration::from_secs(60);
const LOOK_EVERY: Duration = Duration::from_millis(50);

/// Every row of every table, as text.
async fn contents(db: &PgPool) -> Vec<(String, Vec<String>)> {
    let mut tables = Vec::new();
    for table in TABLES {
        let select = AssertSqlSafe(format!("select r::text from read.{table} as r order by r::text"));
        tables.push((table.to_owned(), sqlx::query_scalar(select).fetch_all(db).await.unwrap()));
    }
    tables
}

/// Empties the tables and sends their read models back to the beginning of the log.
async fn throw_away(db: &PgPool) {
    let mut transaction = db.begin().await.unwrap();
    for table in TABLES {
        let truncate = AssertSqlSafe(format!("truncate read.{table}"));
        sqlx::query(truncate).execute(&mut *transaction).await.unwrap();
    }
    let reset = "update read.checkpoint set position = 0, commit_hash = null, recorded_at = 'epoch'
                  where projection = any($1)";
    sqlx::query(reset).bind(&READ_MODELS[..]).execute(&mut *transaction).await.unwrap();
    transaction.commit().await.unwrap();
}

async fn until_filled(db: &PgPool, head: u64) {
    let began = Instant::now();
    loop {
        let stand: Vec<i64> =
            sqlx::query_scalar("select position from read.checkpoint where projection = any($1) and live")
                .bind(&READ_MODELS[..])
                .fetch_all(db)
                .await
                .unwrap();
        if stand.iter().all(|position| u64::try_from(*position).unwrap() >= head) {
            return;
        }
        assert!(began.elapsed() < FILLED_WITHIN, "{stand:?} of {head}");
        sleep(LOOK_EVERY).await;
    }
}

#[tokio::test]
async fn filled_again_from_the_log_the_tables_are_what_they_were() {
    let installation = Installation::own().await;
    let shop = Shop::open_at(&installation).await;
    let (a, b, c) = (shop.shopper(), shop.shopper(), shop.shopper());
    let returned = a.order(0).with(|order| order.lines = vec![(20_00, 1), (30_00, 1)]);
    for order in [returned.clone(), a.order(10_00), b.order(70_00), c.order(300_00)] {
        assert!(order.deliver().await.is_accepted());
    }
    next_window(&shop).await;
    assert!(returned.refund_of(&[(0, 1)]).deliver().await.is_accepted());
    assert!(shop.merge(b, a).await.is_accepted());
    shop.settle().await;
    shop.advance_days(40).await;
    assert!(c.order(10_00).deliver().await.is_accepted());
    shop.settle().await;
    let standing = rfm_of(c).await;

    let journal = installation.gateway.journal.clone();
    let head = on_shared_runtime(async move { journal.last_position().await }).await.unwrap();
    let db = installation.gateway.db.clone();
    let before = contents(&db).await;
    assert!(before.iter().all(|(_, rows)| !rows.is_empty()), "{before:#?}");
    throw_away(&db).await;
    until_filled(&db, head).await;
    assert_eq!(contents(&db).await, before);
    let again = rfm_of(c).await;
    assert_eq!((&again["segment"], &again["numbers"]), (&standing["segment"], &standing["numbers"]));
}
