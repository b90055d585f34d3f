//! Everything held on a person, for the answer to their request.

use gateway::shopify::sample::CustomerSample;
use serde_json::{Value, json};
use sqlx::PgPool;

use crate::support::{Answer, Installation, Shop, Shopper};

const EMAIL: &str = "ada.report@example.com";

/// Somebody with a profile, orders, a redemption and a correction by hand.
async fn member(shop: &Shop) -> Shopper<'_> {
    let ada = shop.shopper();
    let profile = CustomerSample {
        email: Some(EMAIL.to_owned()),
        updated_at: shop.now(),
        ..CustomerSample::new(ada.external_id)
    };
    assert!(shop.deliver("customers/create", &profile.body()).await.is_accepted());
    assert!(ada.order(50_00).deliver().await.is_accepted());
    ada
}

async fn asks_for_data(shop: &Shop, shopper: Shopper<'_>) {
    let body = json!({ "shop_id": 1, "shop_domain": shop.domain, "customer": { "id": shopper.external_id, "email": EMAIL },
                       "orders_requested": [], "data_request": { "id": shop.fresh_id() } });
    assert!(shop.deliver("customers/data_request", &body.to_string()).await.is_accepted());
}

async fn report(shop: &Shop, shopper: Shopper<'_>, accept: &str) -> Answer {
    let path = shopper.path("data_report").await;
    shop.api.get(&path).query("min_position", shop.seen()).header("Accept", accept).send().await
}

#[tokio::test]
async fn a_report_is_made_for_a_request_and_for_as_long_as_its_answer_is_due() {
    let shop = Shop::open().await;
    let ada = member(&shop).await;
    let refused = report(&shop, ada, "application/json").await;
    assert_eq!((refused.status.as_u16(), refused.code()), (409, "no_data_request"));
    asks_for_data(&shop, ada).await;
    let answer = report(&shop, ada, "application/json").await;
    assert_eq!((answer.status.as_u16(), answer.header("cache-control")), (200, "no-store"));
    shop.advance_days(31).await;
    let refused = report(&shop, ada, "application/json").await;
    assert_eq!((refused.status.as_u16(), refused.code()), (409, "no_data_request"));
}

#[tokio::test]
async fn a_report_holds_everything_opened() {
    let shop = Shop::open().await;
    let ada = member(&shop).await;
    let order = ada.order(30_00);
    let order_id = json!(order.id().to_string());
    assert!(order.deliver().await.is_accepted());
    assert_eq!(ada.adjust(5, "sorry about the kettle").await.status, 201);
    let redemption = ada.redeem(10).await;
    asks_for_data(&shop, ada).await;

    let told = report(&shop, ada, "*/*").await.body;
    let description = serde_json::to_value(gateway::router::description()).unwrap();
    let described = &description["components"]["schemas"]["DataReport"]["properties"];
    let names = |document: &Value| document.as_object().unwrap().keys().cloned().collect::<Vec<_>>();
    assert_eq!(names(&told), names(described), "the sections, and those that the API describes");
    assert_eq!(
        (&told["about"]["schema"], &told["about"]["erased"]),
        (&json!("loyalnest.data_report/1"), &json!(false))
    );
    assert_eq!(told["customer"][0]["email"], EMAIL);
    assert_eq!(told["profile_history"][0]["profile"]["external_id"], ada.external_id.to_string());
    assert_eq!(told["balance"][0]["available"], 50 + 30 + 5 - 10);
    assert_eq!(told["lots"].as_array().map(Vec::len), Some(3));
    let ledger = told["points_transactions"].as_array().unwrap();
    assert_eq!(ledger.iter().map(|line| line["points"].as_i64().unwrap()).sum::<i64>(), 75);
    assert!(ledger.iter().any(|line| line["reason"] == "sorry about the kettle"), "{ledger:#?}");
    let orders = told["orders"].as_array().unwrap();
    let second = orders.iter().find(|row| row["order_id"] == order_id).expect("the order is named");
    assert_eq!((&second["awarded"], second["lines"].as_array().map(Vec::len)), (&json!(30), Some(1)));
    assert!(second["lines"][0]["item"]["product_id"].is_string(), "{second:#}");
    assert_eq!(told["reward_redemptions"][0]["code"], redemption.code);
    assert_eq!(told["gdpr_requests"][0]["stated"]["email"], EMAIL);
    let audit = told["audit_log"].as_array().unwrap();
    assert!(audit.iter().any(|entry| entry["reason"]["text"] == "sorry about the kettle"), "{audit:#?}");
}

#[tokio::test]
async fn people_read_it_as_a_page() {
    let shop = Shop::open().await;
    let ada = member(&shop).await;
    assert_eq!(ada.adjust(5, "<b>sorry</b> & thanks").await.status, 201);
    asks_for_data(&shop, ada).await;
    let answer = report(&shop, ada, "text/html").await;
    assert_eq!(answer.header("content-type"), "text/html; charset=utf-8");
    let page = answer.body.as_str().expect("a page is text");
    assert!(page.starts_with("<!doctype html>") && page.trim_end().ends_with("</html>"), "all of it has come");
    assert!(page.contains(EMAIL) && page.contains("&lt;b&gt;sorry&lt;/b&gt; &amp; thanks"));
    assert!(!page.contains("<b>sorry"), "nothing that somebody wrote is markup");
}

#[tokio::test]
async fn a_profile_that_was_merged_into_the_person_is_theirs() {
    let shop = Shop::open().await;
    let (ada, other) = (member(&shop).await, shop.shopper());
    let order = other.order(20_00);
    let (order_id, external_id) = (json!(order.id().to_string()), json!(other.external_id.to_string()));
    assert!(order.deliver().await.is_accepted());
    assert!(shop.merge(ada, other).await.is_accepted());
    asks_for_data(&shop, ada).await;
    let told = report(&shop, ada, "application/json").await.body;
    let orders = told["orders"].as_array().unwrap();
    assert!(orders.iter().any(|row| row["order_id"] == order_id), "{orders:#?}");
    let profiles = told["profile_history"].as_array().unwrap();
    assert!(profiles.iter().any(|row| row["profile"]["external_id"] == external_id), "{profiles:#?}");
}

#[tokio::test]
async fn of_somebody_without_keys_only_numbers_are_left() {
    let shop = Shop::open().await;
    let ada = member(&shop).await;
    assert_eq!(ada.adjust(5, "to the lady in the corner shop").await.status, 201);
    asks_for_data(&shop, ada).await;
    let (path, audit) = (ada.path("data_report").await, format!("/v1/audit_logs?customer_id={}", ada.id().await));
    keys_are_gone(&ada.id().await).await;

    // Another gateway, which never had the keys.
    let elsewhere = shop.at(Installation::second_gateway());
    let told = elsewhere.api.get(&path).query("min_position", shop.seen()).document().await;
    assert_eq!(told["about"]["erased"], true);
    let text = told.to_string();
    for trace in [EMAIL, "corner shop", &ada.external_id.to_string()] {
        assert!(!text.contains(trace), "{trace}: {told:#}");
    }
    assert_eq!(told["balance"][0]["available"], 55, "numbers stay");
    let entries = elsewhere.api.get(&audit).query("min_position", shop.seen()).document().await;
    let adjusted = entries["data"].as_array().unwrap().iter().find(|entry| entry["action"] == "points.adjusted");
    assert_eq!(adjusted.unwrap()["reason"], json!({ "state": "erased", "text": Value::Null }));
}

/// As erasing leaves them.
async fn keys_are_gone(customer: &str) {
    let id: aggregates::id::CustomerId = customer.parse().unwrap();
    let db = PgPool::connect(&Installation::shared().config.database_url).await.unwrap();
    let gone = sqlx::query(
        "update vault.person_keys set state = 'destroyed', wrapped = null, bucket = null, generation = null,
                destroyed_at_us = 1 where person = $1",
    );
    assert_eq!(gone.bind(id.0).execute(&db).await.unwrap().rows_affected(), 1);
}
