//! Tiers that staff gives, and takes back.

use serde_json::{Value, json};

use super::kit::{define, members, moved, moves, shop_with, silver_and_gold, stands, tier_as_of, tier_of};
use crate::support::{Answer, Shop, Shopper};

async fn give(shopper: Shopper<'_>, gift: Value) -> Answer {
    let answer = shopper.shop.api.post(&shopper.path("vip_tier").await, &gift).send().await;
    shopper.shop.has_seen(answer.body["position"].as_u64());
    answer
}

async fn take_back(shopper: Shopper<'_>) -> Answer {
    let path = shopper.path("vip_tier/undo").await;
    let answer = shopper.shop.api.post(&path, &json!({ "reason": "a slip" })).send().await;
    shopper.shop.has_seen(answer.body["position"].as_u64());
    answer
}

fn in_days(shop: &Shop, days: i64) -> String {
    shop.now().plus_seconds(days * 86_400).to_rfc3339()
}

/// Somebody who is a member, and in no tier.
async fn member(shop: &Shop) -> Shopper<'_> {
    let shopper = shop.shopper();
    assert!(shopper.order(10_00).deliver().await.is_accepted());
    shopper
}

#[tokio::test]
async fn a_tier_by_hand_holds_until_its_day_and_earns_what_the_tier_earns() {
    let shop = shop_with(silver_and_gold()).await;
    let ada = member(&shop).await;
    let until = in_days(&shop, 30);
    let answer = give(ada, json!({ "tier": "gold", "reason": "our neighbour", "until": until })).await;
    assert_eq!(answer.status, 201, "{}", answer.body);
    assert_eq!(answer.body["given"]["tier_id"], "gold");
    let position = shop.seen();

    let gold = tier_of(ada).await;
    assert_eq!((&gold["tier_id"], &gold["given"]["by"]), (&json!("gold"), &json!("hand")), "{gold:#}");
    assert_eq!((&gold["given"]["until"], &gold["safe_until"]), (&json!(until), &json!(until)), "{gold:#}");
    assert!(gold["reason"].as_str().unwrap().contains("by hand"), "{gold:#}");
    assert_eq!(moves(ada).await, [moved("none", "gold", "by_hand")]);
    let at_gold = shop.seen();

    assert!(ada.order(10_00).deliver().await.is_accepted());
    assert_eq!(ada.available().await, 30, "10 of before, and twice 10");

    shop.advance_days(31).await;
    assert_eq!(stands(ada).await, "none");
    assert_eq!(moves(ada).await, [moved("none", "gold", "by_hand"), moved("gold", "none", "time")]);
    assert_eq!(tier_as_of(ada, &(position - 1).to_string()).await["tier_id"], json!(null));
    let then = tier_as_of(ada, &at_gold.to_string()).await;
    assert_eq!(then["tier_id"], "gold");
    assert!(then["reason"].as_str().unwrap().contains("by hand"), "{then:#}");
    assert!(ada.order(10_00).deliver().await.is_accepted());
    assert_eq!(ada.available().await, 40);
}

#[tokio::test]
async fn whoever_buys_more_has_more_and_nobody_is_pulled_down() {
    let shop = shop_with(silver_and_gold()).await;
    let ada = member(&shop).await;
    assert!(ada.order(490_00).deliver().await.is_accepted());
    assert_eq!(stands(ada).await, "gold");
    give(ada, json!({ "tier": "silver", "reason": "loyal", "until": in_days(&shop, 400) })).await;
    assert_eq!(stands(ada).await, "gold", "silver is a floor, not a ceiling");
    shop.advance_days(366).await;
    assert_eq!(stands(ada).await, "silver");
    shop.advance_days(40).await;
    assert_eq!(stands(ada).await, "none");
}

#[tokio::test]
async fn without_an_end_it_is_kept_as_long_as_if_it_had_been_bought() {
    let shop = shop_with(silver_and_gold()).await;
    let (ada, bob) = (member(&shop).await, shop.shopper());
    assert!(bob.order(100_00).deliver().await.is_accepted());
    give(ada, json!({ "tier": "silver", "reason": "as promised" })).await;
    let (given, bought) = (tier_of(ada).await, tier_of(bob).await);
    let day = |tier: &Value| tier["safe_until"].as_str().unwrap()[..10].to_owned();
    assert_eq!(day(&given), day(&bought));
    shop.advance_days(366).await;
    assert_eq!(stands(ada).await, "none");
    let mut for_ever = silver_and_gold();
    for_ever["window"] = json!({ "kind": "lifetime" });
    define(&shop, for_ever).await;
    let kept = tier_of(ada).await;
    assert_eq!((&kept["tier_id"], &kept["given"]["until"]), (&json!("silver"), &json!(null)), "{kept:#}");
}

#[tokio::test]
async fn what_was_given_can_be_taken_back_and_both_are_audited() {
    let shop = shop_with(silver_and_gold()).await;
    let ada = member(&shop).await;
    let gift = json!({ "tier": "gold", "reason": "our neighbour" });
    assert_eq!(give(ada, gift.clone()).await.status, 201);
    assert_eq!(give(ada, gift).await.header("idempotent-replayed"), "true");
    assert_eq!((stands(ada).await, members(&shop).await), ("gold".to_owned(), vec![0, 1]));
    let undone = take_back(ada).await;
    assert_eq!((undone.status.as_u16(), &undone.body["given"]), (201, &json!(null)));
    assert_eq!(take_back(ada).await.header("idempotent-replayed"), "true");
    assert_eq!(stands(ada).await, "none");
    assert_eq!(moves(ada).await, [moved("none", "gold", "by_hand"), moved("gold", "none", "by_hand")]);

    let id = ada.id().await;
    let audited = shop.api.get("/v1/audit_logs").query("customer_id", &id).query("min_position", shop.seen());
    let audited = audited.document().await;
    let entry = |action: &str| {
        let rows = audited["data"].as_array().unwrap().iter();
        let row = rows.clone().find(|row| row["action"] == action).unwrap_or_else(|| panic!("{action}: {audited:#}"));
        row["reason"]["text"].as_str().unwrap().to_owned()
    };
    assert_eq!(
        (entry("vip_tier.given"), entry("vip_tier.taken_back")),
        ("our neighbour".to_owned(), "a slip".to_owned())
    );
}

#[tokio::test]
async fn a_merge_takes_what_was_given_along() {
    let shop = shop_with(silver_and_gold()).await;
    let (ada, double) = (member(&shop).await, member(&shop).await);
    give(double, json!({ "tier": "silver", "reason": "loyal", "until": in_days(&shop, 30) })).await;
    assert_eq!((stands(ada).await, stands(double).await), ("none".to_owned(), "silver".to_owned()));
    assert!(shop.merge(ada, double).await.is_accepted());
    assert_eq!((stands(ada).await, members(&shop).await), ("silver".to_owned(), vec![1, 0]));
    take_back(double).await;
    assert_eq!(stands(ada).await, "none");
}

#[tokio::test]
async fn what_cannot_be_given_is_refused_with_its_reason() {
    let shop = shop_with(silver_and_gold()).await;
    let ada = member(&shop).await;
    for (gift, pointer) in [
        (json!({ "tier": "platinum", "reason": "x" }), "/tier"),
        (json!({ "tier": "Not an id", "reason": "x" }), "/tier"),
        (json!({ "tier": "gold", "reason": " " }), "/reason"),
        (json!({ "tier": "gold", "reason": "x", "until": "tomorrow" }), "/until"),
        (json!({ "tier": "gold", "reason": "x", "until": "2020-01-01T00:00:00Z" }), "/until"),
    ] {
        let answer = give(ada, gift.clone()).await;
        assert_eq!(answer.status, 422, "{gift}: {}", answer.body);
        assert!(answer.body.to_string().contains(pointer), "{gift}: {}", answer.body);
    }
    assert_eq!(stands(ada).await, "none");
}
