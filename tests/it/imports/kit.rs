//! Files handed in through the door.

use reqwest::Method;
use serde_json::Value;

use crate::support::{Answer, Shop};

/// Hands a file in; `query` says how it is to be read.
pub async fn hand_in(shop: &Shop, query: &str, file: &str) -> Answer {
    let answer = shop.api.call(Method::POST, &format!("/v1/imports{query}")).text(file).send().await;
    shop.has_seen(answer.body["position"].as_u64());
    answer
}

/// The same, carried out to its end.
pub async fn import(shop: &Shop, query: &str, file: &str) -> Value {
    let handed_in = hand_in(shop, query, file).await;
    assert!(handed_in.status.is_success(), "{} {}", handed_in.status, handed_in.body);
    finished(shop, handed_in.body["id"].as_str().unwrap()).await
}

pub async fn finished(shop: &Shop, id: &str) -> Value {
    shop.settle().await;
    let import = shop.api.get(&format!("/v1/imports/{id}")).query("min_position", shop.seen()).document().await;
    assert_eq!(import["state"], "finished", "{import}");
    import
}

/// `[created, updated, unchanged, rejected]`
pub fn outcome(import: &Value) -> [u64; 4] {
    ["created", "updated", "unchanged", "rejected"].map(|name| import[name].as_u64().unwrap())
}

/// `(line, column, reason)` of every row that was turned away.
pub async fn rejections(shop: &Shop, import: &Value) -> Vec<(u64, String, String)> {
    let path = format!("/v1/imports/{}/rejections", import["id"].as_str().unwrap());
    let page = shop.api.get(&path).query("limit", 250).document().await;
    let text = |row: &Value, name: &str| row[name].as_str().unwrap().to_owned();
    let rows = page["data"].as_array().unwrap().iter();
    rows.map(|row| (row["line"].as_u64().unwrap(), text(row, "column"), text(row, "reason"))).collect()
}
