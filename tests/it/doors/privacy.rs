//! What a shop asks about its customers is recorded as a request with a due date before it is answered.

use aggregates::time::Timestamp;
use serde_json::json;

use crate::support::Shop;

#[tokio::test]
async fn requests_of_the_shop_are_on_record_once_and_listed_with_their_due_dates() {
    let shop = Shop::open().await;
    let ada = shop.shopper();
    assert!(ada.order(10_00).deliver().await.is_accepted());
    let person = json!({ "id": ada.external_id, "email": "ada@example.com", "phone": null });
    let data_request = json!({ "shop_id": 1, "shop_domain": shop.domain, "customer": person,
                               "orders_requested": [1, 2], "data_request": { "id": 9_999 } });
    let redact = json!({ "shop_id": 1, "shop_domain": shop.domain, "customer": person, "orders_to_redact": [1, 2] });
    let kinds = [("customers/data_request", data_request), ("customers/redact", redact)];
    for (topic, body) in &kinds {
        let first = shop.deliver(topic, &body.to_string()).await;
        assert!(first.is_accepted(), "{topic}: {first:?}");
        let again = shop.deliver(topic, &body.to_string()).await;
        assert!(again.is_duplicate(), "{topic}: {again:?}");
        assert_eq!(again.position, first.position, "{topic}");
    }
    let id = ada.id().await;
    let page = shop.api.get("/v1/gdpr_requests").query("min_position", shop.seen()).document().await;
    let listed = page["data"].as_array().unwrap();
    assert_eq!(listed.len(), kinds.len());
    for (topic, _) in &kinds {
        let request = listed.iter().find(|request| request["type"] == *topic).unwrap();
        assert_eq!(request["customer_id"].as_str(), Some(id.as_str()), "{topic}");
        let time = |field: &str| Timestamp::parse(request[field].as_str().unwrap()).unwrap();
        assert_eq!(time("due_at"), time("received_at").plus_days(30), "{topic}");
    }
}
