//! Tills that were offline.

use reqwest::StatusCode;
use serde_json::{Value, json};

use crate::support::{Installation, Shop};

const TERMINAL: &str = "berlin-1";

fn sale(sale_id: &str, customer: &Value, net_minor: i64) -> Value {
    json!({
        "terminal_id": TERMINAL, "sale_id": sale_id, "sold_at": "2026-11-20T10:00:00Z", "currency": "EUR",
        "customer": customer,
        "items": [{ "product_id": "1", "sku": "TEA", "quantity": 2, "net_minor": net_minor }],
    })
}

fn return_of(sale_id: &str, of: &str, net_minor: i64) -> Value {
    json!({
        "terminal_id": TERMINAL, "sale_id": sale_id, "type": "return", "sold_at": "2026-11-21T10:00:00Z",
        "currency": "EUR", "returned_sale": { "terminal_id": TERMINAL, "sale_id": of },
        "items": [{ "line": 0, "product_id": "1", "sku": "TEA", "quantity": 1, "net_minor": net_minor }],
    })
}

async fn send(shop: &Shop, sales: &[Value]) -> Value {
    let answer = shop.api.post("/v1/pos/sales", &json!({ "sales": sales })).document().await;
    let positions = answer["results"].as_array().unwrap().iter().map(|result| result["position"].as_u64());
    shop.has_seen(positions.max().flatten());
    answer
}

fn outcomes(answer: &Value) -> Vec<&str> {
    answer["results"].as_array().unwrap().iter().map(|result| result["outcome"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn sales_count_once_in_whichever_order_and_however_often_they_are_sent() {
    let shop = Shop::open().await;
    let ada = shop.shopper();
    let who = json!({ "external_id": format!("shopify:{}", ada.external_id) });
    let batch =
        [return_of("r1", "s1", 20_00), sale("s2", &who, 30_00), sale("s1", &who, 50_00), return_of("r2", "s2", 30_00)];
    assert_eq!(outcomes(&send(&shop, &batch).await), ["accepted"; 4]);
    assert_eq!(ada.available().await, 30, "50 less 20, and 30 less 30");
    let again = send(&shop, &batch).await;
    assert_eq!((outcomes(&again), again["duplicate"].as_u64()), (vec!["duplicate"; 4], Some(4)));

    // What was cut short is sent again with what came after it.
    let mut reversed = batch.to_vec();
    reversed.reverse();
    reversed.push(sale("s3", &who, 5_00));
    let more = send(&shop, &reversed).await;
    assert_eq!(outcomes(&more), ["duplicate", "duplicate", "duplicate", "duplicate", "accepted"]);
    assert_eq!(ada.available().await, 35);
    ada.books_balance().await;

    shop.settle().await;
    let tills = shop.api.get("/v1/pos/terminals").query("min_position", shop.seen()).document().await;
    let till = &tills["data"][0];
    assert_eq!((till["terminal_id"].as_str(), tills["data"].as_array().unwrap().len()), (Some(TERMINAL), 1));
    let counts = ["batches", "accepted", "duplicate", "rejected"].map(|name| till[name].as_u64().unwrap());
    assert_eq!(counts, [3, 5, 8, 0]);
    assert_eq!(till["newest_sold_at"], "2026-11-21T10:00:00Z");
}

#[tokio::test]
async fn one_that_does_not_fit_stops_none_of_the_others() {
    let shop = Shop::open().await;
    let ada = shop.shopper();
    let who = json!({ "external_id": format!("shopify:{}", ada.external_id) });
    let with = |name: &str, value: Value| {
        let mut sale = sale("bad", &who, 10_00);
        sale[name] = value;
        sale
    };
    let batch = [
        sale("s1", &who, 10_00),
        with("sold_at", json!("yesterday")),
        with("sold_at", json!("2100-01-01T00:00:00Z")),
        with("currency", json!("euro")),
        with("items", json!([])),
        with("items", json!([{ "quantity": 1, "net_minor": -5 }])),
        with("sale_id", json!("a:b")),
        with("customer", json!({ "external_id": "shopify:1", "email": "a@b.co" })),
        with("customer", json!({ "card_code": "nobody" })),
        with("returned_sale", json!({ "terminal_id": "t", "sale_id": "s" })),
        sale("s2", &who, 20_00),
    ];
    let answer = send(&shop, &batch).await;
    let told: Vec<(&str, &str, &str)> = answer["results"]
        .as_array()
        .unwrap()
        .iter()
        .map(|result| {
            let word = |name: &str| result[name].as_str().unwrap_or_default();
            (word("outcome"), word("reason"), word("pointer"))
        })
        .collect();
    let invalid = |pointer: &'static str| ("rejected", "invalid", pointer);
    assert_eq!(
        told,
        [
            ("accepted", "", ""),
            invalid("/sold_at"),
            invalid("/sold_at"),
            invalid("/currency"),
            invalid("/items"),
            invalid("/items/0"),
            invalid("/sale_id"),
            invalid("/customer"),
            ("rejected", "unknown_card", ""),
            invalid("/returned_sale"),
            ("accepted", "", ""),
        ]
    );
    assert_eq!(ada.available().await, 30);

    // A till that has lost count gives two sales one id: the first stands.
    let lost_count = send(&shop, &[sale("s1", &who, 99_00)]).await;
    assert_eq!(lost_count["results"][0]["reason"], "sale_differs");
    assert_eq!(ada.available().await, 30);
}

#[tokio::test]
async fn the_rules_of_the_moment_of_the_sale_count() {
    let shop = Shop::open().await;
    let ada = shop.shopper();
    let who = json!({ "external_id": format!("shopify:{}", ada.external_id) });
    shop.pays("5").await;
    assert_eq!(outcomes(&send(&shop, &[sale("before", &who, 10_00)]).await), ["accepted"]);
    assert_eq!(ada.available().await, 10, "made before the rule, told after it");
    shop.advance_days(400).await;
    let mut later = sale("after", &who, 10_00);
    later["sold_at"] = json!(shop.now().to_rfc3339());
    assert_eq!(outcomes(&send(&shop, &[later]).await), ["accepted"]);
    assert_eq!(ada.available().await, 60);
}

#[tokio::test]
async fn a_till_knows_people_by_address_and_card_and_the_others_are_guests() {
    let shop = Shop::open().await;
    let ada = shop.shopper();
    let profile = gateway::shopify::sample::CustomerSample {
        email: Some("ada@example.com".to_owned()),
        phone: Some("+49 30 1234567".to_owned()),
        updated_at: shop.now(),
        ..gateway::shopify::sample::CustomerSample::new(ada.external_id)
    };
    assert!(shop.deliver("customers/create", &profile.body()).await.is_accepted());
    let path = ada.path("loyalty_cards").await;
    let card = shop.api.post(&path, &json!({})).document().await["card_code"].as_str().unwrap().to_owned();
    assert_eq!(shop.api.post(&path, &json!({})).document().await["card_code"], card.as_str(), "always the same");
    shop.api.post(&path, &json!({ "card_code": "4006 381" })).document().await;
    let bob = shop.shopper();
    assert!(bob.order(1_00).deliver().await.is_accepted());
    let taken = shop.api.post(&bob.path("loyalty_cards").await, &json!({ "card_code": "4006381" })).send().await;
    assert_eq!((taken.status, taken.code()), (StatusCode::UNPROCESSABLE_ENTITY, "invalid"));

    let batch = [
        sale("mail", &json!({ "email": "ADA@example.com" }), 1_00),
        sale("phone", &json!({ "phone": "0049 30 1234567" }), 2_00),
        sale("card", &json!({ "card_code": card.to_lowercase() }), 4_00),
        sale("own-card", &json!({ "card_code": "4006381" }), 8_00),
        sale("guest", &Value::Null, 16_00),
        sale("stranger", &json!({ "email": "eve@example.com" }), 32_00),
    ];
    assert_eq!(outcomes(&send(&shop, &batch).await), ["accepted"; 6]);
    assert_eq!(ada.available().await, 15);
    assert_eq!(outcomes(&send(&shop, &batch).await), ["duplicate"; 6]);

    // The till learns later who the guest was.
    let claimed = sale("guest", &json!({ "card_code": card }), 16_00);
    assert_eq!(outcomes(&send(&shop, &[claimed]).await).len(), 1);
    assert_eq!(ada.available().await, 31);
}

#[tokio::test]
async fn two_gateways_and_a_hurried_till_count_a_sale_once() {
    let shop = Shop::open().await;
    let ada = shop.shopper();
    let who = json!({ "external_id": format!("shopify:{}", ada.external_id) });
    let other = shop.at(Installation::second_gateway());
    let batch: Vec<Value> = (0..40).map(|n| sale(&format!("s{n}"), &who, 10_00)).collect();
    let mut backwards = batch.clone();
    backwards.reverse();
    let (one, two) = tokio::join!(send(&shop, &batch), send(&other, &backwards));
    for answer in [&one, &two] {
        assert_eq!(answer["rejected"], 0);
    }
    let accepted = one["accepted"].as_u64().unwrap() + two["accepted"].as_u64().unwrap();
    assert!(accepted >= 40, "{accepted}");
    assert_eq!(ada.available().await, 400);
    ada.books_balance().await;
}

#[tokio::test]
async fn what_somebody_forgotten_did_before_changes_nothing() {
    let shop = Shop::open().await;
    let ada = shop.shopper();
    assert!(ada.order(10_00).deliver().await.is_accepted());
    let redact = json!({ "shop_id": 1, "shop_domain": shop.domain, "customer": { "id": ada.external_id } });
    assert!(shop.deliver("customers/redact", &redact.to_string()).await.is_accepted());
    shop.advance_days(5).await;
    let who = json!({ "external_id": format!("shopify:{}", ada.external_id) });
    assert_eq!(outcomes(&send(&shop, &[sale("late", &who, 10_00)]).await), ["ignored"]);
}
