//! Orders that are not like the others; each is handled on purpose.

use aggregates::money::Currency;
use serde_json::{Value, json};

use crate::support::{Order, Shop};

/// The body of an order with something unusual in it.
fn altered(order: &Order<'_>, alter: impl FnOnce(&mut Value)) -> String {
    let mut body: Value = serde_json::from_str(&order.sample.body()).unwrap();
    alter(&mut body);
    body.to_string()
}

#[tokio::test]
async fn a_test_order_is_a_fact_that_earns_nothing() {
    let shop = Shop::open().await;
    let ada = shop.shopper();
    let tried = ada.order(50_00).with(|order| order.test = true).deliver().await;
    assert!(tried.is_accepted() && tried.position.is_some(), "{tried:?}");
    assert_eq!(ada.available().await, 0);
    assert_eq!(ada.ledger().await, []);
}

#[tokio::test]
async fn an_order_of_nothing_earns_nothing() {
    let shop = Shop::open().await;
    let ada = shop.shopper();
    let free = ada.order(50_00).with(|order| order.discount_minor = 50_00);
    assert!(free.deliver().await.is_accepted());
    assert_eq!(ada.available().await, 0);
    assert!(free.full_refund().deliver().await.is_accepted());
    assert_eq!(ada.available().await, 0);
}

#[tokio::test]
async fn currencies_count_in_their_own_units_also_one_that_is_newer_than_this_program() {
    let shop = Shop::open().await;
    let ada = shop.shopper();
    for (code, minor, available) in [("JPY", 50, 50), ("KWD", 50_000, 100), ("XQZ", 50_00, 150)] {
        let order = ada.order(minor).with(|order| order.currency = Currency::parse(code).unwrap());
        assert!(order.deliver().await.is_accepted(), "{code}");
        assert_eq!(ada.available().await, available, "{code}");
    }
}

#[tokio::test]
async fn ids_beyond_the_doubles_are_told_apart() {
    let shop = Shop::open().await;
    let first = (1 << 53) + 1;
    let ada = shop.known_as(first);
    let neighbour = shop.known_as(first - 1);
    for id in [first, first - 1, u64::MAX] {
        let order = ada.order(50_00).with(|order| order.order_id = id);
        assert!(order.deliver().await.is_accepted(), "{id}");
    }
    assert_eq!(ada.available().await, 150);
    assert_eq!(neighbour.find().await, Value::Null, "the neighbour in doubles is another customer");

    // The same id as text is the same id.
    let order = ada.order(50_00).with(|order| order.order_id = first);
    let refund = order.full_refund();
    let body = refund.sample.body().replace(&format!("\"order_id\":{first}"), &format!("\"order_id\":\"{first}\""));
    assert!(shop.deliver("refunds/create", &body).await.is_accepted());
    assert_eq!(ada.available().await, 100);
}

#[tokio::test]
async fn amounts_without_quotes_are_read_exactly() {
    let shop = Shop::open().await;
    let ada = shop.shopper();
    let bare = |order: &Order<'_>, amount: &str| {
        let amount: Value = serde_json::from_str(amount).unwrap();
        altered(order, |body| {
            body["subtotal_price"] = amount;
            body.as_object_mut().unwrap().remove("subtotal_price_set");
        })
    };
    // In binary, 1.15 × 100 is less than 115, and 50.00 is a whole number.
    shop.pays("100").await;
    assert!(shop.deliver("orders/create", &bare(&ada.order(1_15), "1.15")).await.is_accepted());
    assert_eq!(ada.available().await, 115);
    assert!(shop.deliver("orders/create", &bare(&ada.order(50_00), "50")).await.is_accepted());
    assert_eq!(ada.available().await, 5_115);
}

#[tokio::test]
async fn fields_nobody_here_asks_for_change_nothing_and_one_megabyte_of_them_is_no_problem() {
    let shop = Shop::open().await;
    let ada = shop.shopper();
    let body = altered(&ada.order(50_00), |body| {
        body["note"] = "x".repeat(1024 * 1024).into();
        body["a_field_of_next_year"] = json!({ "deep": [[[{ "customer": { "id": 1 } }]]] });
        body["line_items"][0]["another"] = json!(1.5e300);
    });
    assert!(body.len() > 1024 * 1024);
    assert!(shop.deliver("orders/create", &body).await.is_accepted());
    assert_eq!(ada.available().await, 50);
}

#[tokio::test]
async fn points_follow_what_the_shop_is_paid_in_not_what_the_shopper_was_shown() {
    let shop = Shop::open().await;
    let ada = shop.shopper();
    let body = altered(&ada.order(50_00), |body| {
        body["presentment_currency"] = "JPY".into();
        body["subtotal_price_set"]["presentment_money"] = json!({ "amount": "8123", "currency_code": "JPY" });
    });
    assert!(shop.deliver("orders/create", &body).await.is_accepted());
    assert_eq!(ada.available().await, 50);
}
