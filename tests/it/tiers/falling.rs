//! Leaving tiers: by time, by refunds, with grace.

use serde_json::json;

use super::kit::{members, moved, moves, shop_with, silver_and_gold, stands, tier_of};

#[tokio::test]
async fn what_was_bought_stops_counting_after_a_year_and_less_is_enough_to_stay() {
    let shop = shop_with(silver_and_gold()).await;
    let ada = shop.shopper();
    assert!(ada.order(60_00).deliver().await.is_accepted());
    shop.advance_days(100).await;
    assert!(ada.order(50_00).deliver().await.is_accepted());
    assert_eq!(stands(ada).await, "silver");
    shop.advance_days(300).await;
    let kept = tier_of(ada).await;
    assert_eq!((&kept["tier_id"], &kept["measured"]), (&json!("silver"), &json!(50_00)), "{kept:#}");
    let safe_until = kept["safe_until"].as_str().unwrap().to_owned();
    shop.advance_to(&safe_until).await;
    assert_eq!(stands(ada).await, "none");
    assert_eq!(moves(ada).await, [moved("none", "silver", "facts"), moved("silver", "none", "time")]);
    assert_eq!(members(&shop).await, [0, 0]);
}

#[tokio::test]
async fn an_order_inside_the_grace_keeps_the_tier() {
    let mut tiers = silver_and_gold();
    tiers["grace_days"] = json!(30);
    let shop = shop_with(tiers).await;
    let (ada, bob) = (shop.shopper(), shop.shopper());
    for buyer in [ada, bob] {
        assert!(buyer.order(100_00).deliver().await.is_accepted());
    }
    shop.advance_days(380).await;
    for buyer in [ada, bob] {
        let answer = tier_of(buyer).await;
        assert_eq!(answer["tier_id"], "silver");
        assert!(answer["ends_at"].is_string(), "{answer:#}");
    }
    assert!(ada.order(50_00).deliver().await.is_accepted());
    shop.advance_days(30).await;
    assert_eq!((stands(ada).await, stands(bob).await), ("silver".to_owned(), "none".to_owned()));
    assert_eq!(tier_of(ada).await["ends_at"], json!(null));
}

#[tokio::test]
async fn at_the_end_of_the_period_whoever_did_not_buy_again_falls() {
    let mut tiers = silver_and_gold();
    tiers["window"] = json!({ "kind": "calendar_year" });
    tiers["downgrade"] = json!("at_period_end");
    let shop = shop_with(tiers).await;
    let ada = shop.shopper();
    assert!(ada.order(100_00).deliver().await.is_accepted());
    let year: i32 = shop.now().to_rfc3339()[..4].parse().unwrap();
    let answer = tier_of(ada).await;
    assert_eq!(answer["safe_until"], format!("{}-01-01T00:00:00Z", year + 2), "the rest of this year, and the next");
    shop.advance_to(&format!("{}-06-01T00:00:00Z", year + 1)).await;
    assert_eq!(stands(ada).await, "silver");
    shop.advance_to(&format!("{}-01-01T00:00:00Z", year + 2)).await;
    assert_eq!(stands(ada).await, "none");
}

#[tokio::test]
async fn a_refund_below_the_threshold_takes_the_tier_as_if_the_order_had_been_smaller() {
    let shop = shop_with(silver_and_gold()).await;
    let ada = shop.shopper();
    let order = ada.order(500_00);
    assert!(order.deliver().await.is_accepted());
    assert_eq!(stands(ada).await, "gold");
    assert!(order.refund_of_amount(300_00).deliver().await.is_accepted());
    assert_eq!(stands(ada).await, "silver", "200.00 were never enough for gold");
    let rest = order.later(|order| order.cancelled_at = Some(order.updated_at));
    assert!(rest.tell("orders/cancelled").await.is_accepted());
    assert_eq!(stands(ada).await, "none");
    let told: Vec<String> = moves(ada).await.into_iter().map(|(_, to, _)| to).collect();
    assert_eq!(told, ["gold", "silver", "none"]);
}
