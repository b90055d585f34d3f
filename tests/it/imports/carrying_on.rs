//! Imports that die half-way, at any moment.

use std::sync::Arc;

use gateway::commands::import::subject_of;
use journal::SubjectId;
use serde_json::Value;
use tokio::sync::Notify;

use super::kit::{hand_in, outcome};
use crate::support::{Installation, Shop, on_shared_runtime};

/// More than two pieces.
const CUSTOMERS: u64 = 1_150;
const FIRST_ID: u64 = 7_000_000_000;

fn file() -> String {
    let row = |n: u64| format!("{},lot-{},{}\n", FIRST_ID + n, n % 3, 1 + n % 7);
    "external_id,lot,points\n".to_owned() + &(0..CUSTOMERS).map(row).collect::<String>()
}

fn points() -> i64 {
    (0..CUSTOMERS).map(|n| i64::try_from(1 + n % 7).unwrap()).sum()
}

/// Carries the import out in another process, which dies when it has taken `pieces` of it and gone a little further.
async fn die_after(installation: &Installation, shop: &Shop, import: &Value, pieces: usize) {
    let gateway = installation.another_process().await;
    let (merchant, id) = (shop.merchant, import["id"].as_str().unwrap().parse().unwrap());
    let taken = Arc::new(Notify::new());
    let told = Arc::clone(&taken);
    let work = async move {
        for shard in 0..aggregates::import::SHARDS {
            let told = Arc::clone(&told);
            let watch = move |_: &aggregates::import::ImportProgress| told.notify_one();
            if gateway.carry_out_import(merchant, shard, id, &watch).await.unwrap().is_some() {
                return;
            }
        }
    };
    on_shared_runtime(async move {
        let work = tokio::spawn(work);
        for _ in 0..pieces {
            taken.notified().await;
        }
        tokio::task::yield_now().await;
        work.abort();
        let _ = work.await;
    })
    .await;
}

#[tokio::test]
async fn an_import_that_dies_goes_on_and_doubles_nothing() {
    let installation = Installation::own_without_policies().await;
    let shop = Shop::open_at(&installation).await;
    let handed_in = hand_in(&shop, "?existing=reject", &file()).await;
    assert_eq!((handed_in.status.as_u16(), handed_in.body["rows"].as_u64()), (201, Some(CUSTOMERS)));
    let import = handed_in.body;
    for pieces in [0, 1, 0, 1] {
        die_after(&installation, &shop, &import, pieces).await;
    }
    let gateway = installation.another_process().await;
    let id = import["id"].as_str().unwrap().parse().unwrap();
    let merchant = shop.merchant;
    let done = on_shared_runtime(async move {
        for shard in 0..aggregates::import::SHARDS {
            let done = gateway.carry_out_import(merchant, shard, id, &|_| {}).await.unwrap();
            if let Some(done) = done {
                assert_eq!(subject_of(merchant, &done.import.opened).id, SubjectId::Shard(shard));
                return done.import;
            }
        }
        panic!("the import is on no shard");
    })
    .await;
    let (counts, finished) = (done.counts, done.finished);
    assert!(finished);
    assert_eq!((counts.created, counts.rejected, counts.points), (CUSTOMERS, 0, points()), "{counts:?}");

    shop.has_seen_everything_of(&installation).await;
    let shown = shop.api.get(&format!("/v1/imports/{id}")).query("min_position", shop.seen()).document().await;
    assert_eq!((outcome(&shown), shown["state"].as_str()), ([CUSTOMERS, 0, 0, 0], Some("finished")));
    let books = shop.api.get("/v1/books").query("from", "2026-01-01").query("to", "2060-01-01").send().await;
    assert!(books.status.is_success(), "{}", books.body);
    for n in [0, 1, 499, 500, 501, 999, 1_000, CUSTOMERS - 1] {
        let shopper = shop.known_as(FIRST_ID + n);
        assert_eq!(shopper.available().await, i64::try_from(1 + n % 7).unwrap(), "customer {n}");
    }
    let exported = shop.api.get("/v1/exports/customers").document().await;
    let lines = exported.as_str().unwrap().lines().skip(1);
    let total: i64 = lines.clone().map(|line| line.split(',').nth(7).unwrap().parse::<i64>().unwrap()).sum();
    assert_eq!((lines.count() as u64, total), (CUSTOMERS, points()), "nobody is there twice");
}
