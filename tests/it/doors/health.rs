//! What a machine asks: is it alive, is it ready, what has it counted.

use serde_json::Value;

use crate::support::Shop;

async fn text(shop: &Shop, path: &str) -> String {
    match shop.api.keyless(reqwest::Method::GET, path).document().await {
        Value::String(text) => text,
        document => document.to_string(),
    }
}

#[tokio::test]
async fn nobody_needs_a_key_to_see_whether_it_runs() {
    let shop = Shop::open().await;
    assert_eq!(text(&shop, "/livez").await, "ok");
    assert_eq!(text(&shop, "/healthz").await, "ok");
    let ready = text(&shop, "/readyz").await;
    let lines: Vec<&str> = ready.lines().collect();
    assert_eq!(lines[..2], ["log ok", "vault ok"]);
    for name in projections::NAMES {
        assert!(lines.iter().any(|line| line.starts_with(&format!("{name} at "))), "{name}: {ready}");
    }
}

#[tokio::test]
async fn metrics_count_webhooks_calls_and_how_far_read_models_are_behind() {
    let shop = Shop::open().await;
    let ada = shop.shopper();
    assert!(ada.order(50_00).deliver().await.is_accepted());
    assert_eq!(ada.available().await, 50);
    let metrics = shop.api.keyless(reqwest::Method::GET, "/metrics").send().await;
    assert!(metrics.header("content-type").starts_with("text/plain"), "{:?}", metrics.headers);
    let metrics = metrics.body.as_str().unwrap().to_owned();
    for name in projections::NAMES {
        let lag = format!("loyalty_projection_lag_events{{projection=\"{name}\"}}");
        assert!(metrics.contains(&lag), "{lag}");
    }
    let counted =
        |start: &str, label: &str| metrics.lines().any(|line| line.starts_with(start) && line.contains(label));
    assert!(counted("loyalty_webhook_seconds", "topic=\"orders/create\""), "{metrics}");
    assert!(counted("loyalty_http_requests_total", "route=\"/v1/customers/{id}/balance\""), "{metrics}");
    for personal in [ada.id().await, ada.external_id.to_string(), shop.domain.clone()] {
        assert!(!metrics.contains(&personal), "{personal}");
    }
}

#[tokio::test]
async fn the_description_of_the_api_is_served_with_a_page_for_people() {
    let shop = Shop::open().await;
    let served = shop.api.keyless(reqwest::Method::GET, "/openapi.json").document().await;
    assert_eq!(served, serde_json::to_value(gateway::router::description()).unwrap());
    assert!(text(&shop, "/docs").await.contains("/v1/customers/{id}/balance"));
}
