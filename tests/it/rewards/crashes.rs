//! A worker that dies after the shop has made something, and before that is on record.

use std::time::Duration;

use policies::TaskWorker;
use serde_json::json;

use super::kit::{connected, five_off, now, offered, points, stand_in, take, with_points};
use crate::support::{Fault, Installation, Shop, on_shared_runtime};

const SHORT_LEASE: Duration = Duration::from_secs(2);

#[tokio::test]
async fn a_worker_killed_between_making_and_recording_leaves_one_discount_and_no_reserved_points() {
    let installation = Installation::own_without_policies().await;
    let shop = connected(Shop::open_at(&installation).await).await;
    let ada = with_points(&shop, 100).await;
    let reward = offered(&shop, five_off(json!({}))).await;
    stand_in().await.fails(&shop.domain, [Fault::HoldsAfter]);
    let taken = take(ada, &reward).await;
    assert_eq!(taken.status, 201, "{}", taken.body);

    let worker = || TaskWorker { lease: SHORT_LEASE, ..installation.gateway.task_worker() };
    let (victim, merchant) = (worker(), shop.merchant);
    on_shared_runtime(async move {
        let working = tokio::spawn(async move { victim.run_due(merchant).await });
        stand_in().await.holds().await;
        working.abort();
        assert!(working.await.unwrap_err().is_cancelled());
    })
    .await;
    assert_eq!(stand_in().await.discounts(&shop.domain).len(), 1, "the shop has made it");
    assert_eq!((now(ada, &taken.body).await["status"].clone(), points(ada).await), (json!("pending"), (100, 0)));

    let successor = worker();
    let position = on_shared_runtime(async move { successor.run_due(merchant).await }).await.unwrap();
    shop.has_seen(Some(position));
    assert_eq!((now(ada, &taken.body).await["status"].clone(), points(ada).await), (json!("active"), (0, 0)));
    assert_eq!((stand_in().await.discounts(&shop.domain).len(), stand_in().await.changes(&shop.domain)), (1, 1));
}
