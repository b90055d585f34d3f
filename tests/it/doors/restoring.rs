//! Whatever is set is versioned, and an earlier version can be published again: all of it or a part, as the next one.

use serde_json::{Value, json};

use crate::support::{Answer, Shop};

async fn restored(shop: &Shop, wanted: &Value) -> Answer {
    let current = shop.api.get("/v1/program_settings").send().await;
    let call = shop.api.post("/v1/program_settings/restore", wanted);
    call.header("If-Match", current.header("etag")).send().await
}

#[tokio::test]
async fn a_part_of_an_earlier_version_comes_back_without_the_others() {
    let shop = Shop::open().await;
    let first = shop.api.get("/v1/program_settings").document().await;
    shop.pays("3").await;
    let badge = json!({ "id": "loyal", "name": "Loyal", "rule": { "kind": "orders", "count": 10 }, "points": 5 });
    let sections = json!({
        "badges": [badge], "hold": { "days": 9 }, "referrals": { "advocate_points": 7 },
        "vip_tiers": { "tiers": [{ "id": "gold", "name": "Gold", "entry": 100 }] },
        "rfm": { "method": "fixed_thresholds" },
    });
    let before = shop.publish(sections).await;
    let answer =
        restored(&shop, &json!({ "version": 1, "sections": ["earning_rules", "vip_tiers", "referrals"] })).await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    let after = answer.body;
    for part in ["earning_rules", "vip_tiers", "referrals"] {
        assert_eq!(after[part], first[part], "{part}");
    }
    for part in ["badges", "hold", "rfm"] {
        assert_eq!(after[part], before[part], "{part}");
    }
    assert_eq!(after["version"], 4, "nothing is rewritten");

    let all = restored(&shop, &json!({ "version": 1 })).await;
    assert_eq!(all.status, 200, "{}", all.body);
    for part in ["earning_rules", "vip_tiers", "referrals", "badges", "hold", "rfm", "expiry", "mail"] {
        assert_eq!(all.body[part], first[part], "{part}");
    }
    let back = restored(&shop, &json!({ "version": 3 })).await;
    assert_eq!((&back.body["vip_tiers"], &back.body["badges"]), (&before["vip_tiers"], &before["badges"]), "and forth");
}

#[tokio::test]
async fn what_cannot_be_brought_back_is_refused_with_its_place() {
    let shop = Shop::open().await;
    for (wanted, pointer) in
        [(json!({ "version": 9 }), "/version"), (json!({ "version": 1, "sections": ["rfm", "all"] }), "/sections/1")]
    {
        let answer = restored(&shop, &wanted).await;
        assert_eq!((answer.status.as_u16(), &answer.body["pointer"]), (422, &json!(pointer)), "{}", answer.body);
    }
    let blind = shop.api.post("/v1/program_settings/restore", &json!({ "version": 1 })).send().await;
    assert_eq!(blind.status, 428);
    let stale = shop.api.post("/v1/program_settings/restore", &json!({ "version": 1 })).header("If-Match", "\"7\"");
    assert_eq!(stale.send().await.status, 412);
}

/// Makes something, changes it, and brings the first version back; gives both answers.
async fn to_and_fro(shop: &Shop, path: &str, first: &Value, second: &Value) -> (Value, Value) {
    let made = shop.api.post(path, first).document().await;
    let path = format!("{path}/{}", made["id"].as_str().unwrap());
    let changed = shop.api.put(&path, second).header("If-Match", "\"1\"").document().await;
    assert_eq!(changed["version"], 2);
    let restore = format!("{path}/restore");
    let stale = shop.api.post(&restore, &json!({ "version": 1 })).header("If-Match", "\"1\"").send().await;
    assert_eq!(stale.status, 412, "{}", stale.body);
    let unknown = shop.api.post(&restore, &json!({ "version": 5 })).header("If-Match", "\"2\"").send().await;
    assert_eq!((unknown.status.as_u16(), &unknown.body["pointer"]), (422, &json!("/version")));
    let restored = shop.api.post(&restore, &json!({ "version": 1 })).header("If-Match", "\"2\"").document().await;
    assert_eq!(restored["version"], 3);
    (made, restored)
}

#[tokio::test]
async fn campaigns_and_rewards_come_back_as_they_were() {
    let shop = Shop::open().await;
    let campaign = |factor: &str| json!({ "name": "more", "multiply": { "factor": factor } });
    let (made, restored) = to_and_fro(&shop, "/v1/campaigns", &campaign("2"), &campaign("5")).await;
    assert_eq!((&made["multiply"], &made["from"]), (&restored["multiply"], &restored["from"]));
    let reward = |cost: i64| json!({ "name": "Free shipping", "cost_points": cost, "kind": "free_shipping" });
    let (made, restored) = to_and_fro(&shop, "/v1/rewards", &reward(10), &reward(99)).await;
    assert_eq!(made["cost_points"], restored["cost_points"]);
}
