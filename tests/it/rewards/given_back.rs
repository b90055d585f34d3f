//! What the shop cannot make, or nobody wants any more: points and pieces come back, codes end.

use serde_json::json;

use super::kit::{connected, five_off, now, offered, points, shown, stand_in, take, time_passes, with_points};
use crate::{
    privacy::kit::forget,
    support::{Fault, Shop},
};

#[tokio::test]
async fn what_the_shop_refuses_is_given_back_at_once() {
    let shop = connected(Shop::open().await).await;
    let ada = with_points(&shop, 100).await;
    let reward = offered(&shop, five_off(json!({ "stock": 3 }))).await;
    stand_in().await.fails(&shop.domain, [Fault::Refused("INVALID")]);
    let taken = take(ada, &reward).await;
    assert_eq!(taken.status, 201, "{}", taken.body);
    shop.settle().await;
    assert_eq!((now(ada, &taken.body).await["status"].clone(), points(ada).await), (json!("cancelled"), (0, 100)));
    assert_eq!(shown(&shop, &reward).await["left"], 3);
    let dead = shop.api.get("/v1/tasks").query("state", "dead").query("min_position", shop.seen()).document().await;
    assert_eq!(dead["data"][0]["last_reason"], "the shop refused: INVALID");
    ada.books_balance().await;

    // Waking the task makes nothing any more.
    let id = dead["data"][0]["id"].as_str().unwrap();
    shop.api.post(&format!("/v1/tasks/{id}/retry"), &json!({})).document().await;
    time_passes(&shop, 1).await;
    assert_eq!(stand_in().await.discounts(&shop.domain).len(), 0);
    assert_eq!(points(ada).await, (0, 100));
}

#[tokio::test]
async fn after_the_last_attempt_the_points_come_back_and_what_was_made_after_all_is_ended() {
    let shop = connected(Shop::open().await).await;
    let ada = with_points(&shop, 100).await;
    let reward = offered(&shop, five_off(json!({ "stock": 1 }))).await;
    let outage = [vec![Fault::BadGateway; 9], vec![Fault::BadGatewayAfter]].concat();
    stand_in().await.fails(&shop.domain, outage);
    let taken = take(ada, &reward).await;
    assert_eq!(taken.status, 201, "{}", taken.body);
    time_passes(&shop, 12).await;
    assert_eq!((now(ada, &taken.body).await["status"].clone(), points(ada).await), (json!("cancelled"), (0, 100)));
    assert_eq!(shown(&shop, &reward).await["left"], 1);
    let discounts = stand_in().await.discounts(&shop.domain);
    assert_eq!(discounts[taken.body["code"].as_str().unwrap()]["status"], "EXPIRED", "nobody gets it for nothing");
}

#[tokio::test]
async fn a_cancelled_redemption_ends_its_code_and_frees_its_piece() {
    let shop = connected(Shop::open().await).await;
    let ada = with_points(&shop, 100).await;
    let reward = offered(&shop, five_off(json!({ "stock": 1 }))).await;
    let taken = take(ada, &reward).await;
    time_passes(&shop, 1).await;
    assert_eq!(shown(&shop, &reward).await["left"], 0);
    let path = ada.path(&format!("reward_redemptions/{}/cancel", taken.body["id"].as_str().unwrap())).await;
    let cancelled = shop.api.post(&path, &json!({})).send().await;
    assert_eq!((cancelled.status.as_u16(), &cancelled.body["status"]), (201, &json!("cancelled")));
    shop.has_seen(cancelled.body["position"].as_u64());
    assert_eq!((points(ada).await, shown(&shop, &reward).await["left"].clone()), ((0, 100), json!(1)));
    time_passes(&shop, 1).await;
    let discounts = stand_in().await.discounts(&shop.domain);
    assert_eq!(discounts[taken.body["code"].as_str().unwrap()]["status"], "EXPIRED");
    let again = shop.api.post(&path, &json!({})).send().await;
    assert_eq!((again.status.as_u16(), again.header("idempotent-replayed")), (201, "true"));
    assert_eq!(shown(&shop, &reward).await["left"], 1);
    ada.books_balance().await;
}

#[tokio::test]
async fn a_gift_card_that_was_made_after_all_is_good_for_nothing() {
    let shop = connected(Shop::open().await).await;
    let ada = with_points(&shop, 100).await;
    let reward = offered(&shop, five_off(json!({ "kind": "gift_card" }))).await;
    let outage = [vec![Fault::BadGateway; 9], vec![Fault::BadGatewayAfter]].concat();
    stand_in().await.fails(&shop.domain, outage);
    let taken = take(ada, &reward).await;
    assert_eq!(taken.status, 201, "{}", taken.body);
    time_passes(&shop, 12).await;
    assert_eq!((now(ada, &taken.body).await["status"].clone(), points(ada).await), (json!("cancelled"), (0, 100)));
    let cards: Vec<_> = stand_in().await.gift_cards(&shop.domain).into_values().collect();
    assert_eq!((cards.len(), &cards[0]["status"]), (1, &json!("DISABLED")));
}

#[tokio::test]
async fn codes_of_somebody_who_is_forgotten_end_in_the_shop() {
    let shop = connected(Shop::open().await).await;
    let ada = with_points(&shop, 300).await;
    let reward = offered(&shop, five_off(json!({}))).await;
    let (made, used) = (take(ada, &reward).await, take(ada, &reward).await);
    time_passes(&shop, 1).await;
    let code = |taken: &crate::support::Answer| taken.body["code"].as_str().unwrap().to_owned();
    assert!(ada.order(50_00).with_code(&code(&used)).deliver().await.is_accepted());
    forget(&shop, &ada.id().await).await;
    time_passes(&shop, 1).await;
    let discounts = stand_in().await.discounts(&shop.domain);
    assert_eq!(
        (&discounts[&code(&made)]["status"], &discounts[&code(&used)]["status"]),
        (&json!("EXPIRED"), &json!("ACTIVE"))
    );
}
