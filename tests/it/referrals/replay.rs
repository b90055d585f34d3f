//! The tables of referrals can be thrown away: filled again from the log, they are what they were.

use std::time::Duration;

use sqlx::{AssertSqlSafe, PgPool};
use tokio::time::{Instant, sleep};

use super::kit::*;
use crate::support::{Installation, Shop, on_shared_runtime};

const TABLES: [&str; 2] = ["referrals", "referral_links"];
const FILLED_WITHIN: Duration = Duration::from_secs(60);
const LOOK_EVERY: Duration = Duration::from_millis(50);

/// Every row of every table, as text.
async fn contents(db: &PgPool) -> Vec<(&'static str, Vec<String>)> {
    let mut tables = Vec::new();
    for table in TABLES {
        let select = AssertSqlSafe(format!("select r::text from read.{table} as r order by r::text"));
        tables.push((table, sqlx::query_scalar(select).fetch_all(db).await.unwrap()));
    }
    tables
}

async fn throw_away(db: &PgPool) {
    let mut transaction = db.begin().await.unwrap();
    for table in TABLES {
        sqlx::query(AssertSqlSafe(format!("truncate read.{table}"))).execute(&mut *transaction).await.unwrap();
    }
    let reset = "update read.checkpoint set position = 0, commit_hash = null, recorded_at = 'epoch'
                  where projection = 'referrals'";
    sqlx::query(reset).execute(&mut *transaction).await.unwrap();
    transaction.commit().await.unwrap();
}

async fn until_filled(db: &PgPool, head: u64) {
    let began = Instant::now();
    loop {
        let stand: i64 = sqlx::query_scalar("select position from read.checkpoint where projection = 'referrals'")
            .fetch_one(db)
            .await
            .unwrap();
        if u64::try_from(stand).unwrap() >= head {
            return;
        }
        assert!(began.elapsed() < FILLED_WITHIN, "{stand} of {head}");
        sleep(LOOK_EVERY).await;
    }
}

#[tokio::test]
async fn filled_again_from_the_log_the_tables_are_what_they_were_and_nobody_is_paid_again() {
    let installation = Installation::own().await;
    let shop = Shop::open_at(&installation).await;
    let (advocate, link) = advocate(&shop).await;
    let (done, back, merged, into) = (shop.shopper(), shop.shopper(), shop.shopper(), shop.shopper());
    let going_back = order_through(back, &link, 50_00);
    for order in [order_through(done, &link, 50_00), going_back.clone(), order_through(merged, &link, 20_00)] {
        assert!(order.deliver().await.is_accepted());
    }
    shop.settle().await;
    assert!(shop.merge(into, merged).await.is_accepted());
    shop.advance_days(WINDOW_DAYS).await;
    assert!(going_back.full_refund().deliver().await.is_accepted());
    shop.settle().await;
    assert_eq!(rewarded(advocate).await, 2 * REWARD);

    let journal = installation.gateway.journal.clone();
    let head = on_shared_runtime(async move { journal.last_position().await }).await.unwrap();
    let db = installation.gateway.db.clone();
    let before = contents(&db).await;
    assert_eq!(before.iter().map(|(_, rows)| rows.len()).collect::<Vec<_>>(), [3, 1], "{before:#?}");
    throw_away(&db).await;
    until_filled(&db, head).await;
    assert_eq!(contents(&db).await, before);
    shop.settle().await;
    assert_eq!(rewarded(advocate).await, 2 * REWARD);
}
