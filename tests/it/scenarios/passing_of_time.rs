//! Holds that end and points that expire, by the merchant's own clock.

use serde_json::json;

use crate::support::Shop;

#[tokio::test]
async fn points_on_hold_become_spendable_when_the_hold_ends() {
    let shop = Shop::open().await;
    shop.publish(json!({ "hold": { "days": 14 } })).await;
    let ada = shop.shopper();
    let order = ada.order(0).with(|order| order.lines = vec![(20_00, 1), (30_00, 1)]);
    assert!(order.deliver().await.is_accepted());
    assert_eq!((ada.pending().await, ada.available().await), (50, 0));
    let refused = shop.api.post_once(&ada.path("reward_redemptions").await, &json!({ "points": 1 })).send().await;
    assert_eq!((refused.status.as_u16(), refused.code()), (422, "insufficient_points"));
    assert_eq!(ada.transactions().await[0]["status"], "pending");

    shop.advance_days(13).await;
    assert!(order.refund_of(&[(0, 1)]).deliver().await.is_accepted());
    assert_eq!((ada.pending().await, ada.available().await), (30, 0));

    shop.advance_days(1).await;
    assert_eq!((ada.pending().await, ada.available().await), (0, 30));
    assert_eq!(ada.explanation().await.lot_of(order.id()).status, "available");
    ada.redeem(30).await;
    assert_eq!(ada.available().await, 0);
}

#[tokio::test]
async fn each_lot_expires_by_its_own_date() {
    let shop = Shop::open().await;
    shop.publish(json!({ "expiry": { "kind": "after_earning", "days": 30 } })).await;
    let ada = shop.shopper();
    let first = ada.order(50_00);
    assert!(first.deliver().await.is_accepted());
    shop.advance_days(20).await;
    assert!(ada.order(30_00).deliver().await.is_accepted());
    let next = ada.balance().await["next_expiry"].clone();
    assert_eq!(next["points"], 50);
    assert_eq!(next["at"], first.sample.processed_at.plus_days(30).to_rfc3339());

    shop.advance_days(9).await;
    assert_eq!(ada.available().await, 80);
    shop.advance_days(1).await;
    let balance = ada.balance().await;
    assert_eq!((&balance["available"], &balance["lifetime_expired"]), (&json!(30), &json!(50)));
    assert_eq!(balance["next_expiry"]["points"], 30);
    assert_eq!(ada.ledger().await[0], ("expire".to_owned(), -50));
    let lot = ada.explanation().await.lot_of(first.id()).clone();
    assert_eq!((lot.status.as_str(), lot.expired, lot.remaining), ("expired", 50, 0));

    // What is gone already cannot go back a second time.
    assert!(first.full_refund().deliver().await.is_accepted());
    assert_eq!(ada.available().await, 30);
    shop.advance_days(40).await;
    assert_eq!(ada.available().await, 0);
    ada.books_balance().await;
}

#[tokio::test]
async fn points_of_the_idle_expire_together_and_every_order_keeps_them_alive() {
    let shop = Shop::open().await;
    shop.publish(json!({ "expiry": { "kind": "inactivity", "days": 90 } })).await;
    let ada = shop.shopper();
    assert!(ada.order(50_00).deliver().await.is_accepted());
    shop.advance_days(80).await;
    assert!(ada.order(30_00).deliver().await.is_accepted());
    shop.advance_days(80).await;
    assert_eq!(ada.available().await, 80);
    ada.redeem(10).await;
    shop.advance_days(80).await;
    assert_eq!(ada.available().await, 70, "spending is a sign of life, too");
    shop.advance_days(10).await;
    assert_eq!(ada.available().await, 0);
    assert_eq!(ada.ledger().await[0], ("expire".to_owned(), -70));
}

#[tokio::test]
async fn the_clock_only_moves_forward_and_answers_when_everything_due_is_on_record() {
    let shop = Shop::open().await;
    shop.publish(json!({ "expiry": { "kind": "after_earning", "days": 1 } })).await;
    let ada = shop.shopper();
    assert!(ada.order(50_00).deliver().await.is_accepted());
    let then = shop.now().plus_days(2).to_rfc3339();
    let moved = shop.api.post("/v1/test_clock", &json!({ "now": then })).document().await;
    assert_eq!(moved["now"], then);
    shop.has_seen(moved["position"].as_u64());
    assert_eq!(ada.ledger().await[0], ("expire".to_owned(), -50));

    let backward = shop.api.post("/v1/test_clock", &json!({ "advance_seconds": -1 })).send().await;
    assert_eq!((backward.status.as_u16(), backward.code()), (422, "clock_backward"));
    let neither = shop.api.post("/v1/test_clock", &json!({})).send().await;
    assert_eq!((neither.status.as_u16(), neither.code()), (422, "invalid"));
}
