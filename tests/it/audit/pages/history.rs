//! An installation with two months of history, and what an auditor has kept of it.

use std::{fs, time::Duration};

use aggregates::time::Clock;
use chrono::{Datelike, Days, Months, NaiveDate};
use gateway::{clock::SystemClock, shopify::sample::OrderSample};
use loyalnest::drill::{
    installation::{Installation, Setting},
    shop::Shop,
};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::installation::program::start;

const ADA: u64 = 7_200_000_000_001;
/// Everything that a move of two months makes due.
const CLOCK_PATIENCE: Duration = Duration::from_secs(120);

pub struct History {
    pub installation: Installation,
    pub shop: Shop,
    /// Where the auditor works.
    pub desk: TempDir,
    pub customer: String,
    /// Of an order in the first month.
    pub position: u64,
    /// The first days of the two months.
    pub first_month: NaiveDate,
    pub second_month: NaiveDate,
    /// What signatures are checked with.
    pub key: String,
}

impl History {
    pub async fn make() -> History {
        let setting = Setting { arguments: vec!["--test-clock".into()], ..Setting::default() };
        let installation = start(setting).await;
        let shop = Shop::open(&installation, "audited.myshopify.com", "audited-secret").await.unwrap();
        let desk = tempfile::tempdir().unwrap();
        let today: NaiveDate = SystemClock.now().to_rfc3339()[..10].parse().unwrap();
        let this_month = today.with_day(1).unwrap();
        let (first_month, second_month) = (this_month + Months::new(1), this_month + Months::new(2));

        noon_of(&shop, first_month).await;
        let position = order(&shop, 1).await;
        let found =
            shop.get(&format!("/v1/customers?external_id=shopify:{ADA}&min_position={position}")).await.unwrap();
        let customer = found["data"][0]["id"].as_str().unwrap().to_owned();
        keep(&installation, &desk, ["old.txt", "kept-in-march"]).await;

        noon_of(&shop, second_month).await;
        order(&shop, 2).await;
        let adjustment = json!({ "points": 7, "reason": "the parcel was late" });
        shop.make(&format!("/v1/customers/{customer}/points_adjustments"), "parcel", &adjustment).await.unwrap();
        let redemption = json!({ "points": 30 });
        shop.make(&format!("/v1/customers/{customer}/reward_redemptions"), "redeem", &redemption).await.unwrap();
        let wanted = json!({ "type": "customers/data_request", "customer_id": customer });
        shop.make("/v1/gdpr_requests", "her data", &wanted).await.unwrap();
        // Not too late for the data that she has asked for.
        let last = noon_of(&shop, second_month + Days::new(14)).await;
        shop.get(&format!("/v1/audit_logs?min_position={last}")).await.unwrap();
        shop.get(&format!("/v1/books?min_position={last}")).await.unwrap();
        let key = keep(&installation, &desk, ["new.txt", "kept-in-june"]).await;
        History { installation, shop, desk, customer, position, first_month, second_month, key }
    }
}

/// Moves the merchant's clock; gives the position of whatever became due.
async fn noon_of(shop: &Shop, day: NaiveDate) -> u64 {
    let asked = shop.call(Method::POST, "/v1/test_clock").json(&json!({ "now": format!("{day}T12:00:00Z") }));
    let answer = asked.timeout(CLOCK_PATIENCE).send().await.unwrap();
    assert_eq!(answer.status(), StatusCode::OK);
    answer.json::<Value>().await.unwrap()["position"].as_u64().unwrap()
}

async fn order(shop: &Shop, id: u64) -> u64 {
    let order = OrderSample { customer_id: Some(ADA), lines: vec![(50_00, 1)], ..OrderSample::new(id) };
    shop.deliver("orders/create", &order.body()).await.unwrap().position.expect("it was recorded")
}

/// Puts the newest checkpoint on the auditor's desk, under these names; gives the key that it is checked with.
async fn keep(installation: &Installation, desk: &TempDir, names: [&str; 2]) -> String {
    let signed = installation.command(&["-o", "json", "log", "checkpoint"]).await.unwrap();
    assert!(signed.status.success(), "{}", String::from_utf8_lossy(&signed.stderr));
    let signed: Value = serde_json::from_slice(&signed.stdout).unwrap();
    for name in names {
        fs::write(desk.path().join(name), signed["checkpoint"].as_str().unwrap()).unwrap();
    }
    signed["key"].as_str().unwrap().to_owned()
}
