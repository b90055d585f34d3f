//! Coming into tiers, and what they are good for.

use std::time::Duration;

use serde_json::json;
use tokio::time::{Instant, sleep};

use super::kit::{define, members, moved, moves, shop_with, silver_and_gold, stands, tier_as_of, tier_of};
use crate::support::Shop;

/// An order is to show within a second or two; the machine of a test may be busy.
const SHOWS_WITHIN: Duration = Duration::from_secs(20);
const LOOK_EVERY: Duration = Duration::from_millis(50);

#[tokio::test]
async fn an_order_that_is_enough_brings_its_buyer_into_the_tier_and_the_next_order_earns_more() {
    let shop = shop_with(silver_and_gold()).await;
    let ada = shop.shopper();
    assert!(ada.order(60_00).deliver().await.is_accepted());
    let before = tier_of(ada).await;
    assert_eq!((&before["tier"], &before["measured"]), (&json!(null), &json!(60_00)), "{before:#}");
    assert_eq!(before["next"], json!({ "id": "silver", "name": "Silver", "entry": 100_00, "missing": 40_00 }));

    assert!(ada.order(40_00).deliver().await.is_accepted());
    let silver = tier_of(ada).await;
    assert_eq!((&silver["tier_id"], &silver["tier"]["multiplier"]), (&json!("silver"), &json!("1.5")), "{silver:#}");
    assert_eq!(silver["tier"]["perks"][0]["name"], "Early access");
    assert_eq!(silver["next"]["missing"], 400_00);
    assert!(silver["safe_until"].is_string(), "{silver:#}");
    assert_eq!(ada.available().await, 100, "neither order was made by somebody in a tier");

    assert!(ada.order(10_00).deliver().await.is_accepted());
    assert_eq!(ada.available().await, 115);
    let explained = shop.api.get(&ada.path("balance/explanation").await).document().await;
    let lots = explained["lots"].as_array().unwrap();
    let boosted = lots.iter().find(|lot| lot["granted"] == 15).unwrap();
    assert_eq!(boosted["awards"][0]["boosts"], json!([{ "kind": "vip_tier", "id": "silver", "factor": "1.5" }]));
    assert_eq!(moves(ada).await, [moved("none", "silver", "facts")]);
    assert_eq!(members(&shop).await, [1, 0]);
}

#[tokio::test]
async fn a_tier_shows_without_anybody_asking_for_it() {
    let shop = shop_with(silver_and_gold()).await;
    let ada = shop.shopper();
    assert!(ada.order(100_00).deliver().await.is_accepted());
    let (path, began) = (ada.path("vip_tier").await, Instant::now());
    while shop.api.get(&path).document().await["tier_id"] != "silver" {
        assert!(began.elapsed() < SHOWS_WITHIN, "{:#}", shop.api.get(&path).document().await);
        sleep(LOOK_EVERY).await;
    }
}

#[tokio::test]
async fn a_refund_is_judged_as_the_order_was_and_takes_back_what_it_earned() {
    let shop = shop_with(silver_and_gold()).await;
    let ada = shop.shopper();
    assert!(ada.order(100_00).deliver().await.is_accepted());
    let boosted = ada.order(10_00);
    assert!(boosted.deliver().await.is_accepted());
    assert_eq!(ada.available().await, 115);
    // Another body of it, told when the tiers are gone, earns what the first one did.
    define(&shop, json!({ "tiers": [] })).await;
    assert_eq!(stands(ada).await, "none");
    assert!(boosted.later(|_| {}).tell("orders/updated").await.is_accepted());
    assert_eq!(ada.available().await, 115);
    assert!(boosted.full_refund().deliver().await.is_accepted());
    assert_eq!(ada.available().await, 100);
    ada.books_balance().await;
}

#[tokio::test]
async fn an_order_that_is_told_late_counts_when_it_was_made() {
    let shop = shop_with(silver_and_gold()).await;
    let ada = shop.shopper();
    assert!(ada.order(100_00).deliver().await.is_accepted());
    assert_eq!(stands(ada).await, "silver");
    let yesterday = shop.now().plus_seconds(-86_400);
    let order = ada.order(10_00).with(|order| (order.processed_at, order.updated_at) = (yesterday, yesterday));
    assert!(order.deliver().await.is_accepted());
    assert_eq!(ada.available().await, 110, "yesterday she was in no tier");
}

#[tokio::test]
async fn points_by_hand_count_where_points_are_measured() {
    let mut tiers = silver_and_gold();
    tiers["measure"] = json!("points_earned");
    tiers["tiers"][0]["entry"] = json!(100);
    tiers["tiers"][0]["retention"] = json!(100);
    let shop = shop_with(tiers).await;
    let ada = shop.shopper();
    assert!(ada.order(60_00).deliver().await.is_accepted());
    assert_eq!(stands(ada).await, "none");
    assert!(ada.adjust(40, "an apology").await.status.is_success());
    assert_eq!(stands(ada).await, "silver");
    assert!(ada.adjust(-1, "a slip").await.status.is_success());
    assert_eq!(stands(ada).await, "none");
}

#[tokio::test]
async fn a_merge_brings_what_was_bought_together() {
    let shop = shop_with(silver_and_gold()).await;
    let (ada, double) = (shop.shopper(), shop.shopper());
    assert!(ada.order(60_00).deliver().await.is_accepted());
    assert!(double.order(400_00).deliver().await.is_accepted());
    assert_eq!((stands(ada).await, stands(double).await), ("none".to_owned(), "silver".to_owned()));
    assert!(shop.merge(ada, double).await.is_accepted());
    assert_eq!(stands(ada).await, "silver");
    assert_eq!(members(&shop).await, [1, 0]);
    assert!(ada.order(40_00).deliver().await.is_accepted());
    assert_eq!(stands(ada).await, "gold");
}

#[tokio::test]
async fn the_past_stays_what_it_was() {
    let shop = shop_with(silver_and_gold()).await;
    let ada = shop.shopper();
    let order = ada.order(100_00);
    assert!(order.deliver().await.is_accepted());
    let then = tier_of(ada).await;
    let position = shop.seen();
    shop.advance_days(2).await;
    assert!(order.full_refund().deliver().await.is_accepted());
    assert_eq!(stands(ada).await, "none");
    let past = tier_as_of(ada, &position.to_string()).await;
    assert_eq!((&past["tier_id"], &past["measured"]), (&json!("silver"), &json!(100_00)), "{past:#}");
    assert_eq!(past["since"], then["since"]);
    assert_eq!(tier_as_of(ada, "2020-01-01").await["tier_id"], json!(null));
}

#[tokio::test]
async fn without_tiers_nobody_is_in_one() {
    let shop = Shop::open().await;
    let ada = shop.shopper();
    assert!(ada.order(1_000_00).deliver().await.is_accepted());
    let answer = tier_of(ada).await;
    assert_eq!((&answer["tier"], &answer["next"]), (&json!(null), &json!(null)));
}
