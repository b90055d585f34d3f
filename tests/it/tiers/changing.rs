//! Other tiers: what they would do, what they do, and how to go back.

use serde_json::{Value, json};

use super::kit::{define, members, moved, moves, put, shop_with, silver_and_gold, stands, tier_of};
use crate::support::{Shop, Shopper};

fn higher() -> Value {
    let mut tiers = silver_and_gold();
    tiers["tiers"][0]["entry"] = json!(200_00);
    tiers["tiers"][1]["multiplier"] = json!("3");
    tiers
}

async fn three_buyers(shop: &Shop) -> [Shopper<'_>; 3] {
    let buyers = [shop.shopper(), shop.shopper(), shop.shopper()];
    for (buyer, spends) in buyers.iter().zip([100_00, 300_00, 600_00]) {
        assert!(buyer.order(spends).deliver().await.is_accepted());
    }
    assert!(buyers[2].order(10_00).deliver().await.is_accepted());
    shop.settle().await;
    buyers
}

#[tokio::test]
async fn what_a_preview_shows_is_what_then_happens() {
    let shop = shop_with(silver_and_gold()).await;
    let [ada, bob, eve] = three_buyers(&shop).await;
    assert_eq!(members(&shop).await, [2, 1]);
    let preview = shop.api.post("/v1/vip_tiers/preview", &json!({ "vip_tiers": higher() })).document().await;
    assert_eq!(preview["moves"], json!([{ "from": "silver", "to": null, "customers": 1 }]), "{preview:#}");
    assert_eq!(preview["customers"][0]["customer_id"], json!(ada.id().await));
    let foreseen: Vec<u64> =
        preview["tiers"].as_array().unwrap().iter().map(|tier| tier["members"].as_u64().unwrap()).collect();
    // Eve's second order earned 20 with gold, and would have earned 30.
    assert_eq!((&preview["cost"]["extra_points"], &preview["cost"]["orders"]), (&json!(10), &json!(4)), "{preview:#}");
    assert_eq!(members(&shop).await, [2, 1], "nothing was saved");

    define(&shop, higher()).await;
    assert_eq!(members(&shop).await, foreseen);
    assert_eq!(
        (stands(ada).await, stands(bob).await, stands(eve).await),
        ("none".into(), "silver".into(), "gold".into())
    );
    assert_eq!(moves(ada).await, [moved("none", "silver", "facts"), moved("silver", "none", "definition")]);
    assert_eq!(moves(bob).await.len(), 1, "nobody else has moved");
}

#[tokio::test]
async fn a_change_can_be_undone_and_nobody_has_lost_anything() {
    let shop = shop_with(silver_and_gold()).await;
    let buyers = three_buyers(&shop).await;
    let mut before = Vec::new();
    for buyer in buyers {
        before.push(tier_of(buyer).await);
    }
    define(&shop, higher()).await;
    define(&shop, json!({ "tiers": [] })).await;
    assert_eq!(stands(buyers[2]).await, "none");
    for _ in 0..2 {
        let current = shop.api.get("/v1/vip_tiers").send().await;
        let undo = shop.api.post("/v1/vip_tiers/undo", &json!({})).header("If-Match", current.header("etag"));
        assert!(undo.send().await.status.is_success());
        shop.settle().await;
    }
    assert_eq!(members(&shop).await, [] as [u64; 0], "an undo can itself be undone");
    define(&shop, silver_and_gold()).await;
    for (buyer, before) in buyers.into_iter().zip(before) {
        let after = tier_of(buyer).await;
        for field in ["tier_id", "since", "measured", "safe_until", "next"] {
            assert_eq!(after[field], before[field], "{field}");
        }
    }
}

#[tokio::test]
async fn tiers_that_are_there_from_the_first_day_or_came_later_are_the_same() {
    let (first, later) = (shop_with(silver_and_gold()).await, Shop::open().await);
    let [ada, ..] = three_buyers(&first).await;
    let [bea, ..] = three_buyers(&later).await;
    assert_eq!(stands(bea).await, "none");
    define(&later, silver_and_gold()).await;
    assert_eq!(members(&first).await, members(&later).await);
    assert_eq!((stands(ada).await, stands(bea).await), ("silver".to_owned(), "silver".to_owned()));
}

#[tokio::test]
async fn what_cannot_stand_is_refused_with_its_place() {
    let shop = Shop::open().await;
    let tier = |id: &str, entry: i64| json!({ "id": id, "name": id, "entry": entry });
    for (tiers, pointer) in [
        (json!({ "tiers": [tier("Gold", 1)] }), "/tiers/0/id"),
        (json!({ "tiers": [tier("gold", 0)] }), "/tiers/0/entry"),
        (json!({ "tiers": [tier("gold", 5), tier("silver", 5)] }), "/tiers/1/entry"),
        (json!({ "tiers": [tier("gold", 5), tier("gold", 6)] }), "/tiers/1/id"),
        (json!({ "window": { "kind": "rolling_days" } }), "/window/length"),
        (json!({ "window": { "kind": "rolling_days", "length": 0 } }), "/window"),
        (json!({ "grace_days": 4_000 }), "/grace_days"),
    ] {
        let answer = put(&shop, &tiers).await;
        assert_eq!((answer.status.as_u16(), &answer.body["pointer"]), (422, &json!(pointer)), "{}", answer.body);
        let preview = shop.api.post("/v1/vip_tiers/preview", &json!({ "vip_tiers": tiers })).send().await;
        let pointer = format!("/vip_tiers{pointer}");
        assert_eq!((preview.status.as_u16(), &preview.body["pointer"]), (422, &json!(pointer)), "{}", preview.body);
    }
    let stale = shop.api.put("/v1/vip_tiers", &silver_and_gold()).header("If-Match", "\"7\"").send().await;
    assert_eq!(stale.status.as_u16(), 412);
    assert_eq!(shop.api.put("/v1/vip_tiers", &silver_and_gold()).send().await.status.as_u16(), 428);
}

#[tokio::test]
async fn settings_without_tiers_leave_them_as_they_were() {
    let shop = shop_with(silver_and_gold()).await;
    let before = shop.api.get("/v1/program_settings").send().await;
    assert_eq!(before.body["vip_tiers"]["tiers"][0]["id"], "silver");
    let put = shop.api.put("/v1/program_settings", &json!({ "hold": { "days": 3 } }));
    let after = put.header("If-Match", before.header("etag")).document().await;
    assert_eq!(after["vip_tiers"], before.body["vip_tiers"]);
}
