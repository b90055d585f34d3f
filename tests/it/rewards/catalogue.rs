//! What is on offer, to whom, and how it changes.

use serde_json::json;

use super::kit::{connected, five_off, offered, shown, take, time_passes, with_points};
use crate::{
    rfm::kit::next_window,
    support::Shop,
    tiers::kit::{shop_with, silver_and_gold},
};

#[tokio::test]
async fn rewards_are_defined_in_versions_and_listed_until_they_are_retired() {
    let shop = Shop::open().await;
    let first = offered(&shop, five_off(json!({}))).await;
    let second = offered(&shop, five_off(json!({ "name": "another", "stock": 7 }))).await;
    let path = format!("/v1/rewards/{first}");
    let dearer = five_off(json!({ "cost_points": 200 }));
    let put = |tag: &str| shop.api.put(&path, &dearer).header("If-Match", tag).send();
    let stale = put("\"9\"").await;
    assert_eq!((stale.status.as_u16(), stale.code()), (412, "stale_settings"));
    let changed = put("\"1\"").await;
    assert_eq!((changed.status.as_u16(), changed.header("etag")), (200, "\"2\""));
    assert_eq!(shown(&shop, &first).await["cost_points"], 200);
    let without = shop.api.put(&path, &dearer).send().await;
    assert_eq!(without.status, 428);

    let listed = shop.api.get("/v1/rewards").document().await;
    let ids: Vec<_> = listed["data"].as_array().unwrap().iter().map(|reward| reward["id"].as_str().unwrap()).collect();
    assert_eq!((ids, &listed["data"][1]["left"]), (vec![first.as_str(), second.as_str()], &json!(7)));
    let retired = shop.api.call(reqwest::Method::DELETE, &path).header("If-Match", "\"2\"").send().await;
    assert_eq!((retired.status.as_u16(), &retired.body["retired"]), (200, &json!(true)));
    let listed = shop.api.get("/v1/rewards").document().await;
    assert_eq!(listed["data"].as_array().unwrap().len(), 1);

    let faulty = shop.api.post("/v1/rewards", &five_off(json!({ "amount_minor": 0 }))).send().await;
    assert_eq!((faulty.status.as_u16(), &faulty.body["pointer"]), (422, &json!("/amount_minor")));
    let incomplete = shop.api.post("/v1/rewards", &five_off(json!({ "currency": null }))).send().await;
    assert_eq!((incomplete.status.as_u16(), &incomplete.body["pointer"]), (422, &json!("/currency")));
}

#[tokio::test]
async fn a_reward_is_had_by_whom_it_is_for_as_often_as_one_may_while_it_is_offered() {
    let shop = connected(Shop::open().await).await;
    let ada = with_points(&shop, 1_000).await;
    let refused = |answer: crate::support::Answer| (answer.status.as_u16(), answer.code().to_owned());
    let says = |code: &str| (409, code.to_owned());

    let monthly = offered(&shop, five_off(json!({ "per_customer": { "uses": 1, "days": 30 } }))).await;
    assert_eq!(take(ada, &monthly).await.status, 201);
    assert_eq!(refused(take(ada, &monthly).await), says("reward_limit_reached"));
    shop.advance_days(31).await;
    assert_eq!(take(ada, &monthly).await.status, 201);

    let tomorrow = shop.now().plus_days(1).to_rfc3339();
    let later = offered(&shop, five_off(json!({ "from": tomorrow }))).await;
    assert_eq!(refused(take(ada, &later).await), says("reward_unavailable"));
    time_passes(&shop, 25).await;
    assert_eq!(take(ada, &later).await.status, 201);

    let never = offered(&shop, five_off(json!({ "segments": ["no such segment"] }))).await;
    assert_eq!(refused(take(ada, &never).await), says("reward_not_eligible"));
    next_window(&shop).await;
    let rfm = shop.api.get(&ada.path("rfm").await).query("min_position", shop.seen()).document().await;
    let own = offered(&shop, five_off(json!({ "segments": [rfm["segment"]] }))).await;
    assert_eq!(take(ada, &own).await.status, 201, "{rfm}");
    let dear = offered(&shop, five_off(json!({ "cost_points": 5_000 }))).await;
    let poor = take(ada, &dear).await;
    assert_eq!(poor.code(), "insufficient_points", "{}", poor.body);
}

#[tokio::test]
async fn a_reward_of_a_tier_is_for_whoever_is_in_it() {
    let shop = connected(shop_with(silver_and_gold()).await).await;
    let (ada, bob) = (with_points(&shop, 600).await, with_points(&shop, 150).await);
    shop.settle().await;
    let golden = offered(&shop, five_off(json!({ "tiers": ["gold"] }))).await;
    let refused = take(bob, &golden).await;
    assert_eq!((refused.status.as_u16(), refused.code()), (409, "reward_not_eligible"));
    let taken = take(ada, &golden).await;
    assert_eq!(taken.status, 201, "{}", taken.body);
}

#[tokio::test]
async fn without_the_shops_own_api_there_are_no_rewards_and_points_buy_codes_of_ours() {
    let shop = Shop::open().await;
    let ada = with_points(&shop, 300).await;
    let reward = offered(&shop, five_off(json!({}))).await;
    let answer = take(ada, &reward).await;
    assert_eq!((answer.status.as_u16(), answer.code()), (409, "shop_not_connected"));
    assert_eq!(ada.available().await, 300);
    assert_eq!(ada.redeem(100).await.status, "active");
    let unknown = take(ada, "rwd_00000000-0000-0000-0000-000000000001").await;
    assert_eq!((unknown.status.as_u16(), unknown.code()), (422, "reward_not_found"));
    let nonsense = shop.api.put("/v1/integrations/shopify", &json!({ "admin_token": "a b" })).send().await;
    assert_eq!(nonsense.status, 422);
    let state = shop.api.get("/v1/integrations/shopify").document().await;
    assert_eq!((&state["connected"], &state["status"]), (&json!(false), &json!("not_connected")));
}
