//! Alarms stand on how many requests are due soon, or late: as `/metrics` shows it, by each merchant's own clock.

use std::time::Duration;

use gateway::shopify::sample::OrderSample;
use loyalnest::drill::{
    installation::{Installation, Setting},
    shop::Shop,
};
use reqwest::{Client, Method};
use serde_json::{Value, json};

use crate::{documents, installation::program::start};

const ADA: u64 = 7_200_000_000_001;
/// Everything that a move of some weeks makes due.
const CLOCK_PATIENCE: Duration = Duration::from_secs(120);

/// `(open, due soon, overdue)`
async fn figures(installation: &Installation) -> (u64, u64, u64) {
    let metrics = Client::new().get(format!("{}/metrics", installation.url())).send().await.unwrap();
    let metrics = metrics.text().await.unwrap();
    let figure = |urgency: &str| {
        let name = format!("loyalty_gdpr_requests{{urgency=\"{urgency}\"}} ");
        let value = metrics.lines().find_map(|line| line.strip_prefix(&name));
        value.and_then(|value| value.parse().ok()).unwrap_or_else(|| panic!("{name} is not in {metrics}"))
    };
    (figure("open"), figure("due_soon"), figure("overdue"))
}

async fn advance_days(shop: &Shop, days: i64) {
    let moved = json!({ "advance_seconds": days * 86_400 });
    let moved = shop.call(Method::POST, "/v1/test_clock").json(&moved).timeout(CLOCK_PATIENCE).send().await.unwrap();
    assert!(moved.status().is_success(), "{}", moved.text().await.unwrap());
}

/// Somebody of this shop wants their data; gives the request's path.
async fn asked_at(shop: &Shop) -> String {
    let order = OrderSample { customer_id: Some(ADA), ..OrderSample::new(1) };
    let position = shop.deliver("orders/create", &order.body()).await.unwrap().position.unwrap();
    let found = shop.get(&format!("/v1/customers?external_id=shopify:{ADA}&min_position={position}")).await.unwrap();
    let asked = json!({ "type": "customers/data_request", "customer_id": found["data"][0]["id"] });
    let made = shop.make("/v1/gdpr_requests", "her data", &asked).await.unwrap();
    format!("/v1/gdpr_requests/{}", made["id"].as_str().unwrap())
}

async fn urgency(shop: &Shop, request: &str) -> Value {
    shop.get(request).await.unwrap()["urgency"].clone()
}

#[tokio::test]
async fn metrics_warn_of_requests_a_week_before_they_are_due_and_say_when_they_are_late() {
    let setting = Setting { arguments: vec!["--test-clock".into()], ..Setting::default() };
    let installation = start(setting).await;
    let shop = Shop::open(&installation, "deadlines.myshopify.com", "deadlines-secret").await.unwrap();
    let other = Shop::open(&installation, "another.myshopify.com", "another-secret").await.unwrap();
    advance_days(&shop, 0).await;
    assert_eq!(figures(&installation).await, (0, 0, 0));

    let request = asked_at(&shop).await;
    advance_days(&shop, 22).await;
    assert_eq!((urgency(&shop, &request).await, figures(&installation).await), (json!("in_time"), (1, 0, 0)));
    advance_days(&shop, 1).await;
    assert_eq!((urgency(&shop, &request).await, figures(&installation).await), (json!("due_soon"), (1, 1, 0)));
    // Of another merchant, for whom those three weeks have not passed.
    let others = asked_at(&other).await;
    advance_days(&shop, 7).await;
    assert_eq!((urgency(&shop, &request).await, figures(&installation).await), (json!("overdue"), (2, 0, 1)));
    assert_eq!(urgency(&other, &others).await, "in_time");

    let answered = shop.call(Method::POST, &format!("{request}/complete")).json(&json!({})).send().await.unwrap();
    assert!(answered.status().is_success(), "{}", answered.text().await.unwrap());
    advance_days(&shop, 0).await;
    assert_eq!(figures(&installation).await, (1, 0, 0), "the other one is left");
}

#[test]
fn alarms_stand_on_the_figures_that_are_shown() {
    let rules = documents::read("ops/prometheus/rules.yml");
    for urgency in ["due_soon", "overdue"] {
        let expression = format!("max(loyalty_gdpr_requests{{urgency=\"{urgency}\"}}) > 0");
        assert!(rules.contains(&expression), "no alarm stands on {expression}");
    }
}
