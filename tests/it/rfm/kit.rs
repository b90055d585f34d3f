//! What the tests of segments say often.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::support::{Shop, Shopper};

/// The clock goes on to the shop's next window, which is then held.
pub async fn next_window(shop: &Shop) {
    let due = segments(shop).await["next_window_at"].as_str().unwrap().to_owned();
    shop.advance_to(&due).await;
}

pub async fn segments(shop: &Shop) -> Value {
    shop.api.get("/v1/rfm/segments").query("min_position", shop.seen()).document().await
}

/// Segments that anybody is in.
pub fn inhabited(answer: &Value) -> BTreeMap<String, u64> {
    let count = |count: &Value| (count["segment"].as_str().unwrap().to_owned(), count["customers"].as_u64().unwrap());
    answer["segments"].as_array().unwrap().iter().map(count).filter(|(_, customers)| *customers > 0).collect()
}

pub fn counted<const N: usize>(counts: [(&str, u64); N]) -> BTreeMap<String, u64> {
    counts.into_iter().map(|(segment, customers)| (segment.to_owned(), customers)).collect()
}

pub async fn rfm_of(shopper: Shopper<'_>) -> Value {
    let path = shopper.path("rfm").await;
    shopper.shop.api.get(&path).query("min_position", shopper.shop.seen()).document().await
}

pub async fn rfm_as_of(shopper: Shopper<'_>, as_of: &str) -> Value {
    shopper.shop.api.get(&shopper.path("rfm").await).query("as_of", as_of).document().await
}

/// `(segment, scores, orders, spend)`, as a person would read it off.
pub fn standing(answer: &Value) -> (String, String, u64, i64) {
    let scores = &answer["scores"];
    (
        answer["segment"].as_str().unwrap_or_default().to_owned(),
        format!("{}{}{}", scores["recency"], scores["frequency"], scores["monetary"]),
        answer["numbers"]["orders"].as_u64().unwrap_or(0),
        answer["numbers"]["spend"]["amount_minor"].as_i64().unwrap_or(0),
    )
}

pub fn stands(segment: &str, scores: &str, orders: u64, spend_minor: i64) -> (String, String, u64, i64) {
    (segment.to_owned(), scores.to_owned(), orders, spend_minor)
}

/// Saves the `rfm` section as given; what it leaves out stays as it was.
pub async fn define(shop: &Shop, rfm: Value) -> Value {
    shop.publish(json!({ "rfm": rfm })).await
}

pub async fn movement(shop: &Shop, from: &str, to: &str) -> Value {
    let call = shop.api.get("/v1/rfm/segments/movement").query("from", from).query("to", to);
    call.query("min_position", shop.seen()).document().await
}

pub fn moves(answer: &Value) -> Vec<(String, String, u64)> {
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let of = |moved: &Value| (text(&moved["from"]), text(&moved["to"]), moved["customers"].as_u64().unwrap());
    answer["moves"].as_array().unwrap().iter().map(of).collect()
}

pub fn moved(from: &str, to: &str, customers: u64) -> (String, String, u64) {
    (from.to_owned(), to.to_owned(), customers)
}
