//! The commands of auditors, as somebody types them, on an installation of their own.

use gateway::shopify::sample::OrderSample;
use loyalnest::drill::{
    installation::{Installation, Setting},
    shop::Shop,
};
use serde_json::{Value, json};

use crate::installation::program::start;

const ADA: u64 = 7_200_000_000_001;
/// Her name and her reason must not be printed by anything that is asked here.
const REASON: &str = "because of the burst teapot";

async fn printed(installation: &Installation, arguments: &[&str]) -> Value {
    let output = installation.command(&[&["-o", "json"], arguments].concat()).await.unwrap();
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    assert!(!String::from_utf8_lossy(&output.stdout).contains(REASON), "{arguments:?} opens what is sealed");
    serde_json::from_slice(&output.stdout).unwrap()
}

async fn table(installation: &Installation, arguments: &[&str]) -> String {
    let output = installation.command(arguments).await.unwrap();
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

async fn told_order(shop: &Shop, id: u64) -> u64 {
    let order = OrderSample { customer_id: Some(ADA), lines: vec![(50_00, 1)], ..OrderSample::new(id) };
    shop.deliver("orders/create", &order.body()).await.unwrap().position.expect("it was recorded")
}

#[tokio::test]
async fn an_auditor_sees_commits_past_states_and_books_without_anything_personal() {
    let installation = start(Setting::default()).await;
    let shop = Shop::open(&installation, "audited.myshopify.com", "audited-secret").await.unwrap();
    let first = told_order(&shop, 1).await;
    let found = shop.get(&format!("/v1/customers?external_id=shopify:{ADA}&min_position={first}")).await.unwrap();
    let id = found["data"][0]["id"].as_str().unwrap().to_owned();
    let adjustment = json!({ "points": 7, "reason": REASON });
    let adjusted = shop.make(&format!("/v1/customers/{id}/points_adjustments"), "teapot", &adjustment).await.unwrap();
    let second = told_order(&shop, 2).await;
    let merchant = shop.merchant_id.as_str();

    commits_are_shown(&installation, merchant, adjusted["position"].as_u64().unwrap(), second).await;
    states_are_replayed(&installation, merchant, &id, first).await;
    shop.get(&format!("/v1/books?min_position={second}")).await.unwrap();
    books_are_kept(&installation, merchant).await;
    let catalogue = printed(&installation, &["privacy", "catalogue"]).await;
    assert!(catalogue.as_array().unwrap().iter().any(|row| row["name"] == "Profile.email"));
}

async fn commits_are_shown(installation: &Installation, merchant: &str, adjusted: u64, last: u64) {
    let shown = printed(installation, &["log", "show", &adjusted.to_string()]).await;
    assert_eq!((&shown["position"], &shown["actor"]["kind"]), (&json!(adjusted), &json!("api_key")));
    let event = &shown["events"][0];
    assert_eq!((&event["type"], &event["says"]["points"]), (&json!("points.adjusted"), &json!(7)));
    assert!(event["says"]["reason"].as_str().is_some_and(|reason| reason.starts_with("sealed (")), "{event}");
    assert!(event["says"]["at"].as_str().is_some_and(|at| at.ends_with('Z')), "times are text: {event}");

    let newest = printed(installation, &["log", "tail", "-n", "2", "--merchant", merchant]).await;
    let positions: Vec<u64> = newest.as_array().unwrap().iter().map(|row| row["position"].as_u64().unwrap()).collect();
    assert_eq!(positions, [adjusted, last]);
    let nothing = installation.command(&["log", "show", "1000000"]).await.unwrap();
    assert_eq!(nothing.status.code(), Some(1));
}

async fn states_are_replayed(installation: &Installation, merchant: &str, id: &str, first: u64) {
    for (as_of, available) in [(Some(first), 50), (None, 107)] {
        let as_of = as_of.map(|position| position.to_string());
        let at = as_of.as_deref().map_or(Vec::new(), |as_of| vec!["--as-of", as_of]);
        let of_one = [&["log", "replay", "--merchant", merchant, "--customer", id], &at[..]].concat();
        let of_all = [&["log", "replay", "--merchant", merchant], &at[..]].concat();
        let shown = [&["customer", "show", id], &at[..]].concat();
        let of_one = printed(installation, &of_one).await;
        let of_all = printed(installation, &of_all).await;
        let shown = printed(installation, &shown).await;
        for person in [&of_one, &of_all[0], &shown] {
            assert_eq!((&person["id"], &person["available"]), (&json!(id), &json!(available)));
            assert_eq!(person["lots"], shown["lots"]);
        }
        assert_eq!((&shown["merchant_id"], &shown["standing"]), (&json!(merchant), &json!("member")));
    }
    assert!(table(installation, &["customer", "show", id]).await.contains("107"));
    let settings = printed(installation, &["merchant", "settings", merchant, "--as-of", &first.to_string()]).await;
    assert_eq!((&settings["version"], &settings["redemption"]["points"]), (&json!(1), &json!(100)));
    let never = installation.command(&["merchant", "settings", merchant, "--version", "9"]).await.unwrap();
    assert_eq!(never.status.code(), Some(1));
}

async fn books_are_kept(installation: &Installation, merchant: &str) {
    let read = printed(installation, &["books", "show", "--merchant", merchant, "--by", "day"]).await;
    assert_eq!((&read["points"]["issued"], &read["points"]["closing"]), (&json!(107), &json!(107)));
    let derived = printed(installation, &["books", "show", "--merchant", merchant, "--by", "day", "--from-log"]).await;
    assert_eq!((&derived["points"], &derived["entries"]), (&read["points"], &read["entries"]));

    let close = ["books", "close", "--merchant", merchant, "--until", "2020-01-01"];
    let unconfirmed = installation.command(&close).await.unwrap();
    assert!(String::from_utf8_lossy(&unconfirmed.stderr).contains("add --yes"));
    let closed = printed(installation, &[&close[..], &["--yes"]].concat()).await;
    let listed = printed(installation, &["books", "periods", "--merchant", merchant]).await;
    assert_eq!((&listed, &closed[0]["points"]["closing"]), (&closed, &json!(0)));
}
