//! A worker that dies after the shop has made something, and before that is on record.

use std::time::Duration;

use gateway::{
    clock::new_id,
    commands::{Request, test_clock::ClockTarget},
};
use journal::Actor;
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

    killed_while_held(&installation, &shop).await;
    assert_eq!(stand_in().await.discounts(&shop.domain).len(), 1, "the shop has made it");
    assert_eq!((now(ada, &taken.body).await["status"].clone(), points(ada).await), (json!("pending"), (100, 0)));

    let (successor, merchant) = (worker(&installation), shop.merchant);
    let position = on_shared_runtime(async move { successor.run_due(merchant).await }).await.unwrap();
    shop.has_seen(Some(position));
    assert_eq!((now(ada, &taken.body).await["status"].clone(), points(ada).await), (json!("active"), (0, 0)));
    assert_eq!((stand_in().await.discounts(&shop.domain).len(), stand_in().await.changes(&shop.domain)), (1, 1));
}

#[tokio::test]
async fn a_worker_killed_between_crediting_and_recording_leaves_one_credit() {
    let installation = Installation::own_without_policies().await;
    let shop = connected(Shop::open_at(&installation).await).await;
    let ada = with_points(&shop, 100).await;
    let reward = offered(&shop, five_off(json!({ "kind": "store_credit" }))).await;
    stand_in().await.fails(&shop.domain, [Fault::Nothing, Fault::HoldsAfter]);
    let taken = take(ada, &reward).await;
    assert_eq!(taken.status, 201, "{}", taken.body);

    killed_while_held(&installation, &shop).await;
    assert_eq!((points(ada).await, stand_in().await.credits(&shop.domain).len()), ((100, 0), 1));

    // Within a minute of it nobody knows; later the account says.
    later(&installation, &shop, 0).await;
    assert_eq!(now(ada, &taken.body).await["status"], "pending");
    later(&installation, &shop, 3_600).await;
    assert_eq!((now(ada, &taken.body).await["status"].clone(), points(ada).await), (json!("active"), (0, 0)));
    assert_eq!(stand_in().await.credits(&shop.domain).len(), 1);
}

fn worker(installation: &Installation) -> TaskWorker {
    TaskWorker { lease: SHORT_LEASE, ..installation.gateway.task_worker() }
}

/// A worker begins, and dies once the shop holds back an answer.
async fn killed_while_held(installation: &Installation, shop: &Shop) {
    let (victim, merchant, domain) = (worker(installation), shop.merchant, shop.domain.clone());
    on_shared_runtime(async move {
        let working = tokio::spawn(async move { victim.run_due(merchant).await });
        stand_in().await.holds(&domain).await;
        working.abort();
        assert!(working.await.unwrap_err().is_cancelled());
    })
    .await;
}

/// Everything due so many seconds later is done, by another worker.
async fn later(installation: &Installation, shop: &Shop, seconds: i64) {
    let (gateway, merchant, now) = (installation.gateway.clone(), shop.merchant, shop.now());
    let position = on_shared_runtime(async move {
        let request = Request { merchant, now, actor: Actor::System, correlation: new_id(), traceparent: None };
        gateway.advance_clock(&request, ClockTarget::Further(seconds)).await.unwrap().1
    });
    shop.has_seen(Some(position.await));
}
