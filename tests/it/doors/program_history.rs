//! What the settings were, who changed them, and what each day came to.

use serde_json::{Value, json};

use crate::support::Shop;

async fn read(shop: &Shop, path: &str) -> Value {
    shop.api.get(path).query("min_position", shop.seen()).document().await
}

#[tokio::test]
async fn every_version_of_the_settings_is_told_with_its_author_newest_first() {
    let shop = Shop::open().await;
    shop.pays("2").await;
    shop.pays("3").await;
    // Settings answer with their version, not with a position; a customer's first order has one, and comes after.
    assert!(shop.shopper().order(10_00).deliver().await.is_accepted());
    let page = read(&shop, "/v1/program_settings/versions").await;
    let told = page["data"].as_array().unwrap();
    let rate = |version: &Value| version["settings"]["earning_rules"][0]["points_per_unit"].clone();
    assert_eq!(told.iter().map(rate).collect::<Vec<_>>(), [json!("3"), json!("2"), json!("1")]);
    assert_eq!(told.iter().map(|version| version["version"].clone()).collect::<Vec<_>>(), [3, 2, 1]);
    assert_eq!((&told[0]["actor"]["kind"], &told[2]["actor"]["kind"]), (&json!("api_key"), &json!("operator")));
    let first = shop.api.get("/v1/program_settings/versions").query("limit", 2).document().await;
    assert_eq!(first["has_more"], true);
    let cursor = first["next_cursor"].as_str().unwrap();
    let second = shop.api.get("/v1/program_settings/versions").query("cursor", cursor).document().await;
    assert_eq!(second["data"].as_array().unwrap().as_slice(), &told[2..]);
}

#[tokio::test]
async fn a_day_is_told_with_what_was_outstanding_and_what_that_was_worth() {
    let shop = Shop::open().await;
    let ada = shop.shopper();
    assert!(ada.order(50_00).deliver().await.is_accepted());
    let redemption = ada.redeem(20).await;
    let today = read(&shop, "/v1/daily_totals").await["data"][0].clone();
    let figures = |day: &Value| ["issued", "redeemed", "outstanding"].map(|name| day[name].as_i64().unwrap());
    assert_eq!(figures(&today), [50, 20, 30]);
    assert_eq!(today["liability"], json!({ "amount_minor": 30, "currency": "EUR" }), "100 points buy 1.00");

    shop.publish(json!({ "redemption": { "points": 100, "amount_minor": 500 } })).await;
    shop.advance_days(3).await;
    ada.cancel(&redemption).await;
    let days = read(&shop, "/v1/daily_totals").await;
    assert_eq!(figures(&days["data"][0]), [0, 0, 50], "given back on another day");
    assert_eq!(days["data"][0]["liability"]["amount_minor"], 250);
    assert_eq!(days["data"][1]["liability"]["amount_minor"], 150, "by the settings at its end");
    assert_eq!((days["incomplete"].clone(), days["has_more"].clone()), (json!(false), json!(false)));
    let (first, second) = (days["data"][1]["day"].as_str().unwrap(), days["data"][0]["day"].as_str().unwrap());
    let between = shop.api.get("/v1/daily_totals").query("from", first).query("to", second).document().await;
    assert_eq!(between["data"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn where_read_models_stand_is_told() {
    let shop = Shop::open().await;
    let ada = shop.shopper();
    assert!(ada.order(10_00).deliver().await.is_accepted());
    assert_eq!(ada.available().await, 10);
    let list = shop.api.get("/v1/read_models").document().await;
    let live: Vec<&Value> = list["data"].as_array().unwrap().iter().filter(|row| row["live"] == true).collect();
    assert!(live.iter().all(|row| projections::NAMES.contains(&row["name"].as_str().unwrap())), "{list}");
    let balances = live.iter().find(|row| row["name"] == "balances").unwrap();
    assert!(balances["as_of"]["position"].as_u64().unwrap() >= shop.seen(), "{balances}");
}
