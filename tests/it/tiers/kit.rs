//! What the tests of tiers say often.

use serde_json::{Value, json};

use crate::support::{Answer, Shop, Shopper};

/// Silver from 100.00 spent in a year and kept from 50.00 on, with half as many points again; gold from 500.00 and 400.00,
/// with twice as many.
pub fn silver_and_gold() -> Value {
    json!({
        "measure": "spend", "window": { "kind": "rolling_days", "length": 365 },
        "downgrade": "at_once", "grace_days": 0,
        "tiers": [
            { "id": "silver", "name": "Silver", "entry": 100_00, "retention": 50_00, "multiplier": "1.5",
              "perks": [{ "name": "Early access", "description": "A day before everybody else" }] },
            { "id": "gold", "name": "Gold", "entry": 500_00, "retention": 400_00, "multiplier": "2" }
        ]
    })
}

/// Publishes these tiers; everybody stands by them when this returns.
pub async fn define(shop: &Shop, tiers: Value) -> Value {
    let document = put(shop, &tiers).await;
    assert!(document.status.is_success(), "{}", document.body);
    shop.settle().await;
    document.body
}

pub async fn put(shop: &Shop, tiers: &Value) -> Answer {
    let current = shop.api.get("/v1/vip_tiers").send().await;
    shop.api.put("/v1/vip_tiers", tiers).header("If-Match", current.header("etag")).send().await
}

/// A shop with these tiers.
pub async fn shop_with(tiers: Value) -> Shop {
    let shop = Shop::open().await;
    define(&shop, tiers).await;
    shop
}

/// The customer's tier, after everything that is due.
pub async fn tier_of(shopper: Shopper<'_>) -> Value {
    shopper.shop.settle().await;
    let path = shopper.path("vip_tier").await;
    shopper.shop.api.get(&path).query("min_position", shopper.shop.seen()).document().await
}

pub async fn tier_as_of(shopper: Shopper<'_>, as_of: &str) -> Value {
    shopper.shop.api.get(&shopper.path("vip_tier").await).query("as_of", as_of).document().await
}

/// The id of the tier, `none` without one.
pub async fn stands(shopper: Shopper<'_>) -> String {
    tier_of(shopper).await["tier_id"].as_str().unwrap_or("none").to_owned()
}

/// `(from, to, cause)` of every move, oldest first.
pub async fn moves(shopper: Shopper<'_>) -> Vec<(String, String, String)> {
    let path = shopper.path("vip_tier/history").await;
    let page = shopper.shop.api.get(&path).query("min_position", shopper.shop.seen()).document().await;
    let text = |value: &Value| value.as_str().unwrap_or("none").to_owned();
    let of = |row: &Value| (text(&row["from"]), text(&row["to"]), text(&row["cause"]));
    page["data"].as_array().unwrap().iter().rev().map(of).collect()
}

pub fn moved(from: &str, to: &str, cause: &str) -> (String, String, String) {
    (from.to_owned(), to.to_owned(), cause.to_owned())
}

/// Members of each tier, from the lowest on.
pub async fn members(shop: &Shop) -> Vec<u64> {
    let tiers = shop.api.get("/v1/vip_tiers").query("min_position", shop.seen()).document().await;
    tiers["tiers"].as_array().unwrap().iter().map(|tier| tier["members"].as_u64().unwrap()).collect()
}
