//! What the tests of rewards say often.

use std::time::Duration;

use serde_json::{Value, json};

use crate::support::{Answer, Shop, Shopper, StandIn};

/// A shop whose own API may be used.
pub async fn connected(shop: Shop) -> Shop {
    let token = format!("shpat_{}", shop.merchant.0.simple());
    stand_in().await.opens_with(&shop.domain, &token);
    let connected = shop.api.put("/v1/integrations/shopify", &json!({ "admin_token": token })).document().await;
    assert_eq!(connected["connected"], true);
    shop
}

pub async fn stand_in() -> &'static StandIn {
    StandIn::shared().await
}

/// Five euros off for a hundred points, with these parts replaced.
pub fn five_off(parts: Value) -> Value {
    let mut reward = json!({
        "name": "5 off", "cost_points": 100, "kind": "amount_off", "amount_minor": 500, "currency": "EUR",
    });
    for (name, part) in parts.as_object().unwrap() {
        reward[name] = part.clone();
    }
    reward
}

/// Puts it into the catalogue; gives its id.
pub async fn offered(shop: &Shop, reward: Value) -> String {
    shop.api.post("/v1/rewards", &reward).document().await["id"].as_str().unwrap().to_owned()
}

pub async fn shown(shop: &Shop, reward: &str) -> Value {
    shop.api.get(&format!("/v1/rewards/{reward}")).document().await
}

/// Somebody who has this many points.
pub async fn with_points(shop: &Shop, points: i64) -> Shopper<'_> {
    let shopper = shop.shopper();
    assert!(shopper.order(points * 100).deliver().await.is_accepted());
    shopper
}

/// Asks for a reward, as often as the gateway says that others were faster.
pub async fn take(shopper: Shopper<'_>, reward: &str) -> Answer {
    let path = shopper.path("reward_redemptions").await;
    loop {
        let answer = shopper.shop.api.post_once(&path, &json!({ "reward_id": reward })).send().await;
        shopper.shop.has_seen(answer.body["position"].as_u64());
        if answer.status != 503 {
            return answer;
        }
    }
}

/// The redemption as it is now.
pub async fn now(shopper: Shopper<'_>, redemption: &Value) -> Value {
    let path = shopper.path(&format!("reward_redemptions/{}", redemption["id"].as_str().unwrap())).await;
    shopper.shop.api.get(&path).document().await
}

/// `(reserved, available)`
pub async fn points(shopper: Shopper<'_>) -> (i64, i64) {
    let balance = shopper.balance().await;
    (balance["reserved"].as_i64().unwrap(), balance["available"].as_i64().unwrap())
}

/// Lets everything that is due be done, and what comes of it later, for some hours.
pub async fn time_passes(shop: &Shop, hours: u64) {
    for _ in 0..hours {
        shop.advance(Duration::from_secs(3_600)).await;
    }
}
