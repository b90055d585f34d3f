//! Of several workers one writes, the others stand by; and if they do not, nothing is applied twice all the same.

use std::sync::Arc;

use loyalnest::composition;
use projections::{Feed, Runner, books::BooksOfMerchants, points_transactions::PointsTransactions};
use tokio_util::sync::CancellationToken;

use super::kit::{all_caught_up, sql, verify};
use crate::support::{Installation, Shop, on_shared_runtime};

#[tokio::test]
async fn workers_that_contend_apply_nothing_twice() {
    let installation = Installation::own_without_policies().await;
    let stop = CancellationToken::new();
    let (gateway, told) = (installation.gateway.clone(), stop.clone());
    // Books are sums: what is added twice shows.
    on_shared_runtime(async move {
        let feed = Feed::start(gateway.journal.clone());
        for _ in 0..3 {
            let books = Runner::new(BooksOfMerchants, feed.clone(), gateway.db.clone()).contending();
            tokio::spawn(Arc::new(books).run(told.clone()));
            let lines = Runner::new(PointsTransactions, feed.clone(), gateway.db.clone()).contending();
            tokio::spawn(Arc::new(lines).run(told.clone()));
        }
    })
    .await;
    let shop = Shop::open_at(&installation).await;
    let ada = shop.shopper();
    for _ in 0..100 {
        assert!(ada.order(10_00).deliver().await.is_accepted());
    }
    assert_eq!(ada.available().await, 1_000);
    ada.books_balance().await;
    all_caught_up(&installation).await;
    stop.cancel();
    for name in ["books", "points_transactions"] {
        let report = verify(&installation, name).await;
        assert!(report.is_clean(), "{report:#?}");
    }
}

#[tokio::test]
async fn a_worker_that_stands_by_goes_on_when_the_other_has_lost_its_connection() {
    let installation = Installation::own_without_policies().await;
    let shop = Shop::open_at(&installation).await;
    let ada = shop.shopper();
    assert!(ada.order(10_00).deliver().await.is_accepted());
    assert_eq!(ada.available().await, 10);
    let stop = CancellationToken::new();
    let (gateway, told) = (installation.gateway.clone(), stop.clone());
    on_shared_runtime(async move {
        composition::start_read_models(&gateway.journal, &gateway.db, &told).detach_all();
    })
    .await;
    for orders in 2..=4 {
        sql(
            &installation,
            "select pg_terminate_backend(pid) from pg_locks
              where locktype = 'advisory' and classid = 7767
                and database = (select oid from pg_database where datname = current_database())",
        )
        .await;
        assert!(ada.order(10_00).deliver().await.is_accepted());
        assert_eq!(ada.available().await, orders * 10);
    }
    all_caught_up(&installation).await;
    stop.cancel();
    assert!(verify(&installation, "balances").await.is_clean());
}
