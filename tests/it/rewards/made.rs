//! What the shop is asked to make, and that it is made once.

use serde_json::{Value, json};

use super::kit::{connected, five_off, now, offered, points, shown, stand_in, take, time_passes, with_points};
use crate::support::{Fault, Shop};

#[tokio::test]
async fn points_are_reserved_until_the_shop_has_made_the_code() {
    let shop = connected(Shop::open().await).await;
    let ada = with_points(&shop, 150).await;
    let reward = offered(&shop, five_off(json!({ "minimum_minor": 2_000, "code_days": 30 }))).await;
    stand_in().await.fails(&shop.domain, [Fault::BadGateway]);
    let taken = take(ada, &reward).await;
    assert_eq!((taken.status.as_u16(), &taken.body["status"]), (201, &json!("pending")), "{}", taken.body);
    assert_eq!((&taken.body["points"], &taken.body["value"]["amount_minor"]), (&json!(100), &json!(500)));
    assert_eq!(&taken.body["reward_id"], &reward);
    assert_eq!((&taken.body["balance"]["reserved"], &taken.body["balance"]["available"]), (&json!(100), &json!(50)));

    time_passes(&shop, 2).await;
    let made = now(ada, &taken.body).await;
    assert_eq!((&made["status"], points(ada).await), (&json!("active"), (0, 50)));
    let discounts = stand_in().await.discounts(&shop.domain);
    let code = taken.body["code"].as_str().unwrap();
    let discount = &discounts[code];
    assert_eq!(discounts.len(), 1);
    assert_eq!(discount["customerGets"]["value"]["discountAmount"]["amount"], "5.00");
    assert_eq!(discount["minimumRequirement"]["subtotal"]["greaterThanOrEqualToSubtotal"], "20.00");
    assert_eq!((&discount["usageLimit"], discount["endsAt"].is_string()), (&json!(1), true));
    ada.books_balance().await;

    // The order that carries the code has used it; what of it goes back, goes back to the points.
    let order = ada.order(50_00).with_code(code);
    assert!(order.deliver().await.is_accepted());
    assert_eq!(now(ada, &taken.body).await["status"], "used");
    assert!(order.full_refund().deliver().await.is_accepted());
    assert_eq!(points(ada).await, (0, 150));
    ada.books_balance().await;
}

#[tokio::test]
async fn whatever_goes_wrong_on_the_way_there_is_one_discount() {
    let shop = connected(Shop::open().await).await;
    let reward = offered(&shop, five_off(json!({}))).await;
    let mishaps = [
        vec![Fault::Throttled, Fault::Throttled],
        vec![Fault::TooMany],
        vec![Fault::BadGateway],
        vec![Fault::BadGatewayAfter],
        vec![Fault::DropsAfter],
        vec![Fault::DoneTwice],
        vec![Fault::Throttled, Fault::BadGateway, Fault::DropsAfter],
    ];
    for (done, faults) in mishaps.into_iter().enumerate() {
        let ada = with_points(&shop, 100).await;
        stand_in().await.fails(&shop.domain, faults.clone());
        let taken = take(ada, &reward).await;
        assert_eq!(taken.status, 201, "{faults:?}: {}", taken.body);
        time_passes(&shop, faults.len() as u64 + 1).await;
        assert_eq!(now(ada, &taken.body).await["status"], "active", "{faults:?}");
        assert_eq!(points(ada).await, (0, 0), "{faults:?}");
        let discounts = stand_in().await.discounts(&shop.domain);
        assert_eq!(discounts.len(), done + 1, "{faults:?}");
        assert!(discounts.contains_key(taken.body["code"].as_str().unwrap()), "{faults:?}");
    }
}

#[tokio::test]
async fn every_kind_of_reward_is_made_as_the_shop_knows_it() {
    let shop = connected(Shop::open().await).await;
    let ada = with_points(&shop, 1_000).await;
    let of = |kind: &str, parts: Value| {
        let mut reward = five_off(json!({ "kind": kind, "amount_minor": null, "currency": null }));
        parts.as_object().unwrap().iter().for_each(|(name, part)| reward[name] = part.clone());
        reward
    };
    let ten = json!({ "amount_minor": 1_000, "currency": "EUR" });
    let kinds = [
        of("percent_off", json!({ "percent": 15 })),
        of("free_shipping", json!({})),
        of("free_product", json!({ "product_id": "632910392" })),
        of("gift_card", ten.clone()),
        of("store_credit", ten),
    ];
    let mut codes = Vec::new();
    for kind in kinds {
        let reward = offered(&shop, kind.clone()).await;
        if kind["kind"] == "gift_card" {
            stand_in().await.fails(&shop.domain, [Fault::DropsAfter]);
        }
        let taken = take(ada, &reward).await;
        assert_eq!(taken.status, 201, "{kind}: {}", taken.body);
        time_passes(&shop, 2).await;
        assert_eq!(now(ada, &taken.body).await["status"], "active", "{kind}");
        codes.push(taken.body["code"].as_str().unwrap().to_owned());
    }
    let discounts = stand_in().await.discounts(&shop.domain);
    assert_eq!(discounts.len(), 3);
    assert_eq!(discounts[&codes[0]]["customerGets"]["value"]["percentage"], 0.15);
    assert_eq!(discounts[&codes[1]]["destination"]["all"], true);
    let product = &discounts[&codes[2]]["customerGets"]["items"]["products"]["productsToAdd"][0];
    assert_eq!(product, "gid://shopify/Product/632910392");
    let off = &discounts[&codes[2]]["customerGets"]["value"]["discountAmount"];
    assert_eq!(off, &json!({ "amount": "19.9", "appliesOnEachItem": false }), "one piece at its price");
    let cards = stand_in().await.gift_cards(&shop.domain);
    assert_eq!((cards.len(), &cards[&plain(&codes[3])]["initialValue"]), (1, &json!("10.00")));
    let credits = stand_in().await.credits(&shop.domain);
    assert_eq!(credits.len(), 1);
    assert_eq!(credits[0]["customer"], format!("gid://shopify/Customer/{}", ada.external_id));
    assert_eq!(credits[0]["credit"]["creditAmount"], json!({ "amount": "10.00", "currencyCode": "EUR" }));
}

/// As the shop writes a gift card's code.
fn plain(code: &str) -> String {
    code.replace('-', "").to_lowercase()
}

#[tokio::test]
async fn points_at_the_programmes_rate_become_a_code_of_a_connected_shop() {
    let shop = connected(Shop::open().await).await;
    let ada = with_points(&shop, 300).await;
    shop.settle().await;
    let path = ada.path("reward_redemptions").await;
    let taken = shop.api.post_once(&path, &json!({ "points": 250 })).document().await;
    shop.has_seen(taken["position"].as_u64());
    assert_eq!((&taken["status"], &taken["value"]["amount_minor"]), (&json!("pending"), &json!(250)));
    time_passes(&shop, 1).await;
    assert_eq!(now(ada, &taken).await["status"], "active");
    let discount = &stand_in().await.discounts(&shop.domain)[taken["code"].as_str().unwrap()];
    assert_eq!(discount["customerGets"]["value"]["discountAmount"]["amount"], "2.50");
}

#[tokio::test]
async fn a_repeated_request_takes_the_reward_once_and_is_answered_as_at_first() {
    let shop = connected(Shop::open().await).await;
    let ada = with_points(&shop, 300).await;
    let reward = offered(&shop, five_off(json!({ "stock": 5 }))).await;
    let path = ada.path("reward_redemptions").await;
    let ask = || shop.api.post(&path, &json!({ "reward_id": reward })).header("Idempotency-Key", "once").send();
    let first = ask().await;
    shop.has_seen(first.body["position"].as_u64());
    time_passes(&shop, 1).await;
    let again = ask().await;
    assert_eq!((again.status.as_u16(), again.header("idempotent-replayed")), (201, "true"), "{}", again.body);
    assert_eq!(again.body, first.body);
    assert_eq!((&shown(&shop, &reward).await["left"], points(ada).await), (&json!(4), (0, 200)));
    let other = offered(&shop, five_off(json!({}))).await;
    let reused = shop.api.post(&path, &json!({ "reward_id": other })).header("Idempotency-Key", "once").send().await;
    assert_eq!((reused.status.as_u16(), reused.code()), (422, "idempotency_key_reused"));
}

#[tokio::test]
async fn a_merge_on_the_way_changes_whose_it_is_and_not_whether_it_is_made() {
    let shop = connected(Shop::open().await).await;
    let (ada, bob) = (with_points(&shop, 100).await, with_points(&shop, 10).await);
    let reward = offered(&shop, five_off(json!({}))).await;
    stand_in().await.fails(&shop.domain, [Fault::BadGateway, Fault::BadGateway]);
    let taken = take(ada, &reward).await;
    assert_eq!(taken.status, 201, "{}", taken.body);
    assert!(shop.merge(bob, ada).await.is_accepted());
    time_passes(&shop, 3).await;
    assert_eq!((now(bob, &taken.body).await["status"].clone(), points(bob).await), (json!("active"), (0, 10)));
    assert_eq!(stand_in().await.discounts(&shop.domain).len(), 1);
}
