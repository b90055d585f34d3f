//! Webhooks that were signed well and cannot be understood are kept, sealed, until somebody has looked.

use serde_json::{Value, json};

use crate::support::Shop;

fn with_currency(order: &str, currency: &str) -> String {
    let mut body: Value = serde_json::from_str(order).unwrap();
    body["currency"] = currency.into();
    body.as_object_mut().unwrap().remove("subtotal_price_set");
    body.to_string()
}

#[tokio::test]
async fn what_cannot_be_understood_is_parked_once_and_the_shop_is_content() {
    let shop = Shop::open().await;
    let body = with_currency(&shop.shopper().order(50_00).sample.body(), "euro");
    let first = shop.deliver("orders/create", &body).await;
    assert!(first.is("parked") && first.position.is_some(), "{first:?}");
    let again = shop.deliver("orders/create", &body).await;
    assert_eq!(again.body, json!({ "outcome": "parked", "position": first.position }));
    for (topic, body) in [
        ("orders/create", json!({ "id": 1 })),
        ("refunds/create", json!({ "id": 1 })),
        ("customers/update", json!({ "email": "ada@example.com" })),
        ("customers/merge", json!({ "status": "undecided" })),
        ("customers/redact", json!({})),
        ("orders/create", json!([])),
    ] {
        let parked = shop.deliver(topic, &body.to_string()).await;
        assert!(parked.is("parked"), "{topic}: {parked:?}");
    }
}
