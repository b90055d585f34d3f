//! Who gets which badge, once, and its points with it.

use std::time::Duration;

use serde_json::json;
use tokio::time::{Instant, sleep};

use super::kit::{award, badge, badges_of, define, first_order};
use crate::support::Shop;

/// How long a badge that nobody hurries may take on a busy machine.
const PATIENCE: Duration = Duration::from_secs(30);
const LOOK_EVERY: Duration = Duration::from_millis(100);

#[tokio::test]
async fn the_first_order_brings_the_badge_and_its_points_once() {
    let shop = Shop::open().await;
    define(&shop, json!([first_order(50)])).await;
    let ada = shop.shopper();
    for _ in 0..3 {
        assert!(ada.order(10_00).deliver().await.is_accepted());
        shop.settle().await;
    }
    assert_eq!(badges_of(ada).await, [badge("first_order", "ever", "rule")]);
    assert_eq!(ada.available().await, 30 + 50);
    let lines = ada.transactions().await;
    let bonus: Vec<_> = lines.iter().filter(|line| line["reference"]["kind"] == "badge").collect();
    assert_eq!(bonus.len(), 1, "{lines:?}");
    assert_eq!((&bonus[0]["type"], &bonus[0]["points"]), (&"earn".into(), &50.into()));
    assert!(uuid::Uuid::parse_str(bonus[0]["reference"]["id"].as_str().unwrap()).is_ok(), "no customer: {bonus:?}");
    ada.books_balance().await;
}

#[tokio::test]
async fn a_badge_is_awarded_of_its_own_accord_soon_after_the_order() {
    let shop = Shop::open().await;
    define(&shop, json!([first_order(0)])).await;
    let ada = shop.shopper();
    assert!(ada.order(10_00).deliver().await.is_accepted());
    // Nothing here moves the clock.
    let given_up_at = Instant::now() + PATIENCE;
    while badges_of(ada).await != [badge("first_order", "ever", "rule")] {
        assert!(Instant::now() < given_up_at, "nobody has awarded it");
        sleep(LOOK_EVERY).await;
    }
}

#[tokio::test]
async fn a_new_badge_is_also_for_what_was_done_before_unless_it_says_from_when() {
    let shop = Shop::open().await;
    let ada = shop.shopper();
    assert!(ada.order(10_00).deliver().await.is_accepted());
    let next_year = shop.now().plus_days(400).to_rfc3339()[..7].to_owned();
    let later =
        json!({ "id": "later", "name": "Later", "rule": { "kind": "orders", "count": 1 }, "counts_from": next_year });
    define(&shop, json!([first_order(10), later])).await;
    shop.settle().await;
    assert_eq!(badges_of(ada).await, [badge("first_order", "ever", "rule")]);
}

#[tokio::test]
async fn what_is_given_back_earns_nothing_and_spending_adds_up() {
    let shop = Shop::open().await;
    let rule = json!({ "kind": "spend", "amount_minor": 100_00, "currency": "EUR" });
    define(&shop, json!([{ "id": "big", "name": "Big spender", "rule": rule }])).await;
    let ada = shop.shopper();
    let returned = ada.order(99_00);
    assert!(returned.deliver().await.is_accepted());
    assert!(returned.full_refund().deliver().await.is_accepted());
    assert!(ada.order(60_00).deliver().await.is_accepted());
    shop.settle().await;
    assert_eq!(badges_of(ada).await, []);
    assert!(ada.order(40_00).deliver().await.is_accepted());
    shop.settle().await;
    assert_eq!(badges_of(ada).await, [badge("big", "ever", "rule")]);
}

#[tokio::test]
async fn a_streak_of_months_and_a_badge_of_each_month() {
    let shop = Shop::open().await;
    let streak = json!({ "id": "streak", "name": "Faithful", "rule": { "kind": "streak", "months": 3 } });
    let rule = json!({ "kind": "orders", "count": 2 });
    let monthly = json!({ "id": "busy", "name": "Busy month", "rule": rule, "repeats": "monthly" });
    define(&shop, json!([streak, monthly])).await;
    let ada = shop.shopper();
    let at = |text: &str| aggregates::time::Timestamp::parse(text).unwrap();
    for time in ["2025-11-30T23:00:00Z", "2025-12-24T12:00:00Z", "2025-12-25T12:00:00Z"] {
        assert!(ada.order(10_00).with(|order| order.processed_at = at(time)).deliver().await.is_accepted());
    }
    shop.settle().await;
    assert_eq!(badges_of(ada).await, [badge("busy", "2025-12", "rule")]);
    assert!(
        ada.order(10_00).with(|order| order.processed_at = at("2026-01-01T00:00:00Z")).deliver().await.is_accepted()
    );
    shop.settle().await;
    assert_eq!(badges_of(ada).await, [badge("busy", "2025-12", "rule"), badge("streak", "ever", "rule")]);
}

#[tokio::test]
async fn staff_awards_with_a_reason_and_once() {
    let shop = Shop::open().await;
    define(&shop, json!([{ "id": "helper", "name": "Helper", "rule": { "kind": "by_hand" }, "points": 25 }])).await;
    let ada = shop.shopper();
    assert!(ada.order(10_00).deliver().await.is_accepted());
    let first = award(ada, "helper").await;
    assert_eq!(first.status, 201, "{}", first.body);
    let second = award(ada, "helper").await;
    assert_eq!((second.status.as_u16(), second.header("idempotent-replayed")), (201, "true"), "{}", second.body);
    assert_eq!(badges_of(ada).await, [badge("helper", "ever", "hand")]);
    assert_eq!(ada.available().await, 10 + 25);
    assert_eq!(award(ada, "nothing").await.status, 422);

    let entries = shop.api.get("/v1/audit_logs").query("min_position", shop.seen()).document().await;
    let entry = entries["data"].as_array().unwrap().iter().find(|entry| entry["action"] == "badge.awarded").unwrap();
    assert_eq!(entry["reason"]["text"], "found our first bug");
    let id = ada.id().await;
    assert_eq!((&entry["outcome"], entry["target"]["id"].as_str()), (&"hand".into(), Some(id.as_str())), "{entry}");
}

#[tokio::test]
async fn fifty_awards_at_once_are_one() {
    let shop = Shop::open().await;
    define(&shop, json!([{ "id": "helper", "name": "Helper", "rule": { "kind": "by_hand" }, "points": 25 }])).await;
    let ada = shop.shopper();
    assert!(ada.order(10_00).deliver().await.is_accepted());
    let answers = futures::future::join_all((0..50).map(|_| award(ada, "helper"))).await;
    assert!(answers.iter().all(|answer| answer.status == 201 || answer.status == 503));
    let fresh = answers.iter().filter(|answer| answer.status == 201 && answer.header("idempotent-replayed").is_empty());
    assert_eq!(fresh.count(), 1);
    assert_eq!(ada.available().await, 10 + 25);
    ada.books_balance().await;
}

#[tokio::test]
async fn a_merge_brings_badges_along_and_no_second_one() {
    let shop = Shop::open().await;
    define(&shop, json!([first_order(50)])).await;
    let (kept, deleted) = (shop.shopper(), shop.shopper());
    assert!(deleted.order(10_00).deliver().await.is_accepted());
    shop.settle().await;
    assert!(shop.merge(kept, deleted).await.is_accepted());
    shop.settle().await;
    assert!(kept.order(10_00).deliver().await.is_accepted());
    shop.settle().await;
    assert_eq!(badges_of(kept).await, [badge("first_order", "ever", "rule")]);
    assert_eq!(kept.available().await, 20 + 50);
    kept.books_balance().await;
}

#[tokio::test]
async fn who_must_not_be_profiled_is_not_judged() {
    let shop = Shop::open().await;
    let ada = shop.shopper();
    assert!(ada.order(10_00).deliver().await.is_accepted());
    let why = json!({ "reason": "asked by letter" });
    let objection = shop.api.post(&ada.path("objection").await, &why).document().await;
    shop.has_seen(objection["position"].as_u64());
    define(&shop, json!([first_order(50)])).await;
    shop.settle().await;
    assert_eq!(badges_of(ada).await, []);
    assert_eq!(ada.available().await, 10);
}
