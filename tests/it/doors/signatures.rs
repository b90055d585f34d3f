//! Who may speak for a shop: whoever signs the very bytes with its secret.

use gateway::shopify::signature;
use reqwest::StatusCode;

use crate::support::{Delivery, Shop, Webhook};

async fn turned_away(webhook: Webhook) -> Delivery {
    let delivery = webhook.send().await;
    assert_eq!(delivery.status, StatusCode::UNAUTHORIZED, "{}", delivery.body);
    assert_eq!(delivery.body["code"], "invalid_signature");
    assert_eq!(delivery.headers["content-type"], "application/problem+json");
    delivery
}

#[tokio::test]
async fn only_the_very_bytes_signed_with_the_shops_secret_come_in() {
    let shop = Shop::open().await;
    let ada = shop.shopper();
    let body = ada.order(50_00).sample.body();
    let webhook = || shop.webhook("orders/create", body.clone());
    turned_away(webhook().signed(None)).await;
    turned_away(webhook().signed(Some(""))).await;
    turned_away(webhook().signed(Some("not base64!"))).await;
    turned_away(webhook().signed(Some(&signature::sign(body.as_bytes(), b"another secret")))).await;
    turned_away(webhook().tampered(body.replace("50.00", "5000.00").as_bytes())).await;
    turned_away(webhook().tampered(format!("{body} ").as_bytes())).await;
    turned_away(webhook().tampered(b"not even JSON")).await;
    assert_eq!(ada.find().await, serde_json::Value::Null, "nothing came in");
    assert!(webhook().send().await.is_accepted());
}

#[tokio::test]
async fn a_shop_that_is_nobody_here_is_told_no_more_than_a_bad_signature() {
    let (shop, other) = (Shop::open().await, Shop::open().await);
    let body = shop.shopper().order(50_00).sample.body();
    let webhook = || shop.webhook("orders/create", body.clone());
    let unknown = turned_away(webhook().by_shop(Some("unheard-of.myshopify.com"))).await;
    let foreign = turned_away(webhook().by_shop(Some(&other.domain))).await;
    turned_away(webhook().by_shop(Some("shop.example.com"))).await;
    turned_away(webhook().by_shop(None)).await;
    let bad = turned_away(webhook().signed(Some("AAAA"))).await;
    assert_eq!((&unknown.body, &foreign.body), (&bad.body, &bad.body));
}

#[tokio::test]
async fn broken_json_under_a_good_signature_is_the_senders_fault() {
    let shop = Shop::open().await;
    let bodies: [&[u8]; 4] = [b"{\"id\": 1", b"", b"\xff\xfe", b"{} {}"];
    for body in bodies {
        let broken = shop.webhook("orders/create", body).send().await;
        assert_eq!((broken.status.as_u16(), &broken.body["code"]), (400, &"malformed_json".into()), "{body:?}");
    }
}

/// One byte more than a webhook may bring.
const TOO_LARGE: usize = 8 * 1024 * 1024 + 1;

#[tokio::test]
async fn a_body_beyond_all_orders_is_refused() {
    let shop = Shop::open().await;
    let delivery = shop.webhook("orders/create", vec![b' '; TOO_LARGE]).send().await;
    assert_eq!((delivery.status.as_u16(), &delivery.body["code"]), (413, &"payload_too_large".into()));
}
