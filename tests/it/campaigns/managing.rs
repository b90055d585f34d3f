//! Campaigns are made, changed and ended.

use serde_json::json;

use super::kit::{multiplies, rewards, run};
use crate::support::Shop;

#[tokio::test]
async fn a_campaign_is_changed_by_whoever_has_seen_it() {
    let shop = Shop::open().await;
    let campaign = run(&shop, multiplies("2")).await;
    let path = format!("/v1/campaigns/{campaign}");
    let seen = shop.api.get(&path).send().await;
    assert_eq!((&seen.body["version"], &seen.body["status"]), (&json!(1), &json!("running")));
    assert_eq!(shop.api.put(&path, &multiplies("3")).send().await.status.as_u16(), 428);
    let changed = shop.api.put(&path, &multiplies("3")).header("If-Match", seen.header("etag")).document().await;
    assert_eq!((&changed["version"], &changed["multiply"]["factor"]), (&json!(2), &json!("3")));
    assert_eq!(changed["from"], seen.body["from"], "what is not said stays");
    let stale = shop.api.put(&path, &multiplies("4")).header("If-Match", seen.header("etag")).send().await;
    assert_eq!(stale.status.as_u16(), 412);
    let listed = shop.api.get("/v1/campaigns").document().await;
    assert_eq!(listed["data"].as_array().unwrap().len(), 1);
    assert_eq!(shop.api.call(reqwest::Method::DELETE, &path).send().await.status.as_u16(), 204);
    assert_eq!(shop.api.call(reqwest::Method::DELETE, &path).send().await.status.as_u16(), 404);
    assert_eq!(shop.api.get("/v1/campaigns").document().await["data"], json!([]));
    let ended = shop.api.get(&path).document().await;
    assert_eq!((&ended["status"], &ended["version"], &ended["given"]), (&json!("ended"), &json!(2), &changed["given"]));
    assert!(ended["ended_at"].is_string(), "{ended}");
    let listed = shop.api.get("/v1/campaigns").query("ended", true).document().await;
    assert_eq!(listed["data"], json!([ended]));
}

#[tokio::test]
async fn an_order_in_the_second_in_which_it_begins_is_multiplied() {
    let shop = Shop::open().await;
    let ada = shop.shopper();
    run(&shop, multiplies("2")).await;
    let this_second = shop.now().whole_second();
    assert!(ada.order(50_00).with(|order| order.processed_at = this_second).deliver().await.is_accepted());
    assert_eq!(ada.available().await, 100);
}

#[tokio::test]
async fn what_cannot_stand_is_refused_with_its_place() {
    let shop = Shop::open().await;
    let both = json!({ "name": "x", "multiply": { "factor": "2" }, "reward": { "action": "review", "points": 1 } });
    for (campaign, pointer) in [
        (json!({ "name": "", "multiply": { "factor": "2" } }), "/name"),
        (json!({ "name": "x", "multiply": { "factor": "-2" } }), "/multiply/factor"),
        (rewards("review", 0), "/reward/points"),
        (rewards("A Review", 1), "/reward/action"),
        (json!({ "name": "x", "until": "2020-01-01T00:00:00Z", "multiply": { "factor": "2" } }), "/until"),
        (json!({ "name": "x", "audience": { "tiers": ["Gold"] }, "multiply": { "factor": "2" } }), "/audience/tiers/0"),
        (both, ""),
    ] {
        let answer = shop.api.post("/v1/campaigns", &campaign).send().await;
        assert_eq!((answer.status.as_u16(), &answer.body["pointer"]), (422, &json!(pointer)), "{}", answer.body);
    }
}
