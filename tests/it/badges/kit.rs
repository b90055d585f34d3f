//! What the tests of badges say often.

use serde_json::{Value, json};

use crate::support::{Answer, Shop, Shopper};

/// Replaces the shop's badges.
pub async fn define(shop: &Shop, badges: Value) {
    let current = shop.api.get("/v1/badges").send().await;
    let call = shop.api.put("/v1/badges", &json!({ "badges": badges })).header("If-Match", current.header("etag"));
    call.document().await;
}

pub fn first_order(points: i64) -> Value {
    json!({ "id": "first_order", "name": "First order", "rule": { "kind": "orders", "count": 1 }, "points": points })
}

/// `(badge, period, cause)`, by badge and period.
pub async fn badges_of(shopper: Shopper<'_>) -> Vec<(String, String, String)> {
    let call = shopper.shop.api.get(&shopper.path("badges").await).query("min_position", shopper.shop.seen());
    let answer = call.document().await;
    let word = |badge: &Value, name: &str| badge[name].as_str().unwrap().to_owned();
    let badge = |badge: &Value| (word(badge, "badge_id"), word(badge, "period"), word(badge, "cause"));
    let mut badges: Vec<_> = answer["badges"].as_array().unwrap().iter().map(badge).collect();
    badges.sort();
    badges
}

pub fn badge(id: &str, period: &str, cause: &str) -> (String, String, String) {
    (id.to_owned(), period.to_owned(), cause.to_owned())
}

pub async fn award(shopper: Shopper<'_>, badge: &str) -> Answer {
    let document = json!({ "badge_id": badge, "reason": "found our first bug" });
    let answer = shopper.shop.api.post(&shopper.path("badges").await, &document).send().await;
    shopper.shop.has_seen(answer.body["position"].as_u64());
    answer
}

pub async fn leaderboard(shop: &Shop, period: &str, by: &str) -> Value {
    let call = shop.api.get(&format!("/v1/leaderboards/{period}")).query("by", by);
    call.query("min_position", shop.seen()).document().await
}

/// `(rank, score, tied)` in their order.
pub fn places(board: &Value) -> Vec<(u64, i64, bool)> {
    let place = |place: &Value| {
        (place["rank"].as_u64().unwrap(), place["score"].as_i64().unwrap(), place["tied"].as_bool().unwrap())
    };
    board["data"].as_array().unwrap().iter().map(place).collect()
}

pub async fn opt_out(shopper: Shopper<'_>, opt_out: bool) {
    let path = shopper.path("leaderboard").await;
    let answer = shopper.shop.api.put(&path, &json!({ "opt_out": opt_out })).document().await;
    assert_eq!(answer["off_leaderboards"], opt_out);
}
