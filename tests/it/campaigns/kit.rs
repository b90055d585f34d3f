//! What the tests of campaigns say often.

use serde_json::{Value, json};

use crate::support::{Answer, Shop, Shopper};

/// Makes a campaign; gives its id.
pub async fn run(shop: &Shop, campaign: Value) -> String {
    let answer = shop.api.post("/v1/campaigns", &campaign).send().await;
    assert_eq!(answer.status.as_u16(), 201, "{}", answer.body);
    answer.body["id"].as_str().unwrap().to_owned()
}

/// Points for an action.
pub fn rewards(action: &str, points: i64) -> Value {
    json!({ "name": action, "reward": { "action": action, "points": points } })
}

pub fn multiplies(factor: &str) -> Value {
    json!({ "name": "more", "multiply": { "factor": factor } })
}

/// Tells of an action.
pub async fn tell(shopper: Shopper<'_>, action: &str, distinct_id: &str) -> Answer {
    let path = shopper.path("actions").await;
    let document = json!({ "action": action, "distinct_id": distinct_id });
    let answer = shopper.shop.api.post(&path, &document).send().await;
    shopper.shop.has_seen(answer.body["position"].as_u64());
    answer
}

/// `(outcome, points)`
pub async fn told(shopper: Shopper<'_>, action: &str, distinct_id: &str) -> (String, i64) {
    let answer = tell(shopper, action, distinct_id).await;
    let outcome = answer.body["outcome"].as_str().unwrap_or_else(|| panic!("{}", answer.body)).to_owned();
    assert_eq!(answer.status.as_u16(), if outcome == "rewarded" { 201 } else { 200 });
    (outcome, answer.body["points"].as_i64().unwrap())
}

pub fn is(outcome: &str, points: i64) -> (String, i64) {
    (outcome.to_owned(), points)
}

/// What a campaign has given.
pub async fn given(shop: &Shop, campaign: &str) -> Value {
    let path = format!("/v1/campaigns/{campaign}");
    shop.api.get(&path).query("min_position", shop.seen()).document().await["given"].clone()
}

/// A member without any points.
pub async fn member(shop: &Shop) -> Shopper<'_> {
    let shopper = shop.shopper();
    assert!(shopper.order(0).deliver().await.is_accepted());
    shopper
}
