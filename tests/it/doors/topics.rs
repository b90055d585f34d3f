//! Every topic a shop may send, in every way it may send it.

use gateway::shopify::{
    Topic,
    sample::{CustomerSample, MergeSample},
};
use reqwest::StatusCode;
use serde_json::{Value, json};

use crate::support::{Headers, Shop};

#[tokio::test]
async fn every_topic_about_orders_is_taken_in_once() {
    let shop = Shop::open().await;
    let ada = shop.shopper();
    for topic in ["orders/create", "orders/paid", "orders/updated", "orders/cancelled", "orders/fulfilled"] {
        let order = match topic {
            "orders/cancelled" => ada.order(50_00).cancelled(),
            _ => ada.order(50_00),
        };
        taken_in_once(&shop, topic, &order.sample.body()).await;
    }
    assert_eq!(ada.available().await, 200, "four orders of 50, and one that was cancelled when it came");
    let order = ada.order(50_00);
    assert!(order.deliver().await.is_accepted());
    taken_in_once(&shop, "refunds/create", &order.full_refund().sample.body()).await;
    assert_eq!(ada.available().await, 200);
}

async fn taken_in_once(shop: &Shop, topic: &str, body: &str) {
    let first = shop.deliver(topic, body).await;
    assert!(first.is_accepted() && first.position.is_some(), "{topic}: {first:?}");
    let second = shop.deliver(topic, body).await;
    assert!(second.is_duplicate(), "{topic}: {second:?}");
    assert_eq!(second.position, first.position, "{topic}: a duplicate names the original's position");
}

#[tokio::test]
async fn an_edit_alone_carries_no_prices() {
    let shop = Shop::open().await;
    let edited = shop.deliver("orders/edited", &json!({ "order_edit": { "order_id": 1 } }).to_string()).await;
    assert_eq!((edited.status, &edited.body), (StatusCode::OK, &json!({ "outcome": "ignored", "position": null })));
}

#[tokio::test]
async fn profiles_are_stated_deleted_and_merged() {
    let shop = Shop::open().await;
    let (ada, bob) = (shop.shopper(), shop.shopper());
    let created = CustomerSample { updated_at: shop.now(), ..CustomerSample::new(ada.external_id) };
    taken_in_once(&shop, "customers/create", &created.body()).await;
    let updated = CustomerSample {
        first_name: "Augusta".to_owned(),
        updated_at: created.updated_at.plus_seconds(60),
        ..created.clone()
    };
    taken_in_once(&shop, "customers/update", &updated.body()).await;
    assert_eq!(ada.find().await["first_name"], "Augusta");
    // An older profile that arrives late is not believed.
    let older = CustomerSample { first_name: "Ida".to_owned(), phone: Some("+12025550143".to_owned()), ..created };
    assert_eq!(shop.deliver("customers/update", &older.body()).await.status, StatusCode::OK);
    assert_eq!(ada.find().await["first_name"], "Augusta");

    taken_in_once(&shop, "customers/delete", &json!({ "id": ada.external_id }).to_string()).await;
    assert_eq!(ada.find().await["deleted_in_shop"], true);
    let unknown = shop.deliver("customers/delete", &json!({ "id": bob.external_id }).to_string()).await;
    assert!(unknown.is("ignored"), "{unknown:?}");
    assert_eq!(bob.find().await, Value::Null, "a deletion makes nobody a member");

    for status in ["requested", "in_progress", "failed"] {
        let merge =
            MergeSample { status: status.to_owned(), ..MergeSample::completed(ada.external_id, bob.external_id) };
        let unfinished = shop.deliver("customers/merge", &merge.body()).await;
        assert!(unfinished.is("ignored"), "{status}: {unfinished:?}");
    }
    assert!(bob.order(20_00).deliver().await.is_accepted());
    let merge = MergeSample::completed(ada.external_id, bob.external_id).body();
    taken_in_once(&shop, "customers/merge", &merge).await;
    assert_eq!(ada.available().await, 20);
}

#[tokio::test]
async fn products_are_stated_and_deleted() {
    let shop = Shop::open().await;
    let product = |title: &str, at: i64| {
        let variants = json!([{ "id": 11, "sku": "TEA-1" }]);
        let updated_at = shop.now().plus_seconds(at).to_rfc3339();
        json!({ "id": 632_910_392_u64, "title": title, "updated_at": updated_at, "variants": variants }).to_string()
    };
    taken_in_once(&shop, "products/create", &product("Tea", 0)).await;
    taken_in_once(&shop, "products/update", &product("Green tea", 60)).await;
    taken_in_once(&shop, "products/delete", &json!({ "id": 632_910_392_u64 }).to_string()).await;
}

#[tokio::test]
async fn a_shop_that_removed_the_app_is_taken_note_of() {
    let shop = Shop::open().await;
    taken_in_once(&shop, "app/uninstalled", &json!({ "id": 1, "domain": shop.domain }).to_string()).await;
}

#[tokio::test]
async fn other_topics_are_ignored() {
    let shop = Shop::open().await;
    for topic in ["carts/update", "orders/risk_assessment_changed", "bulk_operations/finish"] {
        let by_header = shop.deliver(topic, "{}").await;
        assert_eq!(by_header.body, json!({ "outcome": "ignored", "position": null }), "{topic}");
        assert_eq!(by_header.status, StatusCode::OK, "{topic}");
        let by_path = shop.webhook(topic, "{}").by_path().send().await;
        assert!(by_path.is("ignored"), "{topic}: {by_path:?}");
    }
}

#[tokio::test]
async fn one_webhook_is_the_same_by_header_by_path_and_in_both_families_of_headers() {
    let shop = Shop::open().await;
    let ada = shop.shopper();
    let body = ada.order(50_00).sample.body();
    let webhook = |topic: &str| shop.webhook(topic, body.clone());
    let first = webhook("orders/create").send().await;
    assert!(first.is_accepted(), "{first:?}");
    for again in [
        webhook("orders/create").by_path(),
        webhook("orders/create").with_headers(Headers::Events),
        webhook("orders/create").by_path().with_headers(Headers::Events),
        webhook("ORDERS_CREATE"),
        webhook("Order").with_headers(Headers::Events).header("shopify-action", "create"),
    ] {
        let again = again.send().await;
        assert!(again.is_duplicate(), "{again:?}");
        assert_eq!(again.position, first.position);
    }
    // The path says which topic it is, whatever a header says.
    let contradicted = webhook("orders/create").by_path().header("X-Shopify-Topic", "carts/update").send().await;
    assert!(contradicted.is_duplicate(), "{contradicted:?}");
    shop.has_seen(first.position);
    assert_eq!(ada.available().await, 50);
}

#[tokio::test]
async fn every_named_topic_has_its_path() {
    let shop = Shop::open().await;
    for topic in Topic::NAMED {
        // Whatever a body lacks, the door of its topic is there and takes JSON only.
        let broken = shop.webhook(topic.as_str(), "{").by_path().send().await;
        assert_eq!((broken.status, &broken.body["code"]), (StatusCode::BAD_REQUEST, &json!("malformed_json")));
    }
}
