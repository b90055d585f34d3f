//! Somebody who was forgotten buys again: a new person, with whom the old one has nothing to do.

use aggregates::time::Timestamp;
use serde_json::{Value, json};

use super::kit::{completed, customer, forget, newest_request, redact, redact_of};
use crate::support::{Delivery, Shop, Shopper};

/// With the shop's own time of the message.
async fn redact_sent_at(shopper: Shopper<'_>, sent_at: Timestamp, orders: &[u64]) -> Delivery {
    let webhook = shopper.shop.webhook("customers/redact", redact_of(shopper, orders));
    let delivery = webhook.header("X-Shopify-Triggered-At", &sent_at.to_rfc3339()).send().await;
    shopper.shop.has_seen(delivery.position);
    delivery
}

#[tokio::test]
async fn a_later_order_of_the_same_shop_id_is_a_new_person() {
    let shop = Shop::open().await;
    let ada = shop.shopper();
    let old = ada.order(50_00);
    assert!(old.deliver().await.is_accepted());
    let before = ada.id().await;
    forget(&shop, &before).await;

    shop.advance_days(1).await;
    let new = ada.order(20_00);
    let accepted = new.deliver().await;
    assert!(accepted.is_accepted(), "{accepted:?}");
    let after = ada.id().await;
    assert_ne!(after, before);
    assert_eq!(ada.available().await, 20);
    assert_eq!(customer(&shop, &before).await["state"], "erased");
    // What belonged to the one before stays gone.
    for late in [old.deliver().await, old.full_refund().deliver().await] {
        assert!(late.is("ignored"), "{late:?}");
    }
    assert!(new.full_refund().deliver().await.is_accepted());
    assert_eq!(ada.available().await, 0);
}

#[tokio::test]
async fn somebody_who_came_back_is_not_erased_by_an_old_message() {
    let shop = Shop::open().await;
    shop.publish(json!({ "redact_grace_hours": 0 })).await;
    let ada = shop.shopper();
    assert!(ada.order(50_00).deliver().await.is_accepted());
    let sent_at = shop.now();
    assert!(redact_sent_at(ada, sent_at, &[]).await.is_accepted());
    let first = newest_request(&shop).await["id"].as_str().unwrap().to_owned();
    completed(&shop, &first).await;
    shop.advance_days(1).await;
    assert!(ada.order(20_00).deliver().await.is_accepted());

    // The same message again, with and without the shop's time of it; and another one from then.
    assert!(redact_sent_at(ada, sent_at, &[]).await.is("ignored"));
    assert!(redact(ada).await.is("ignored"));
    let other = redact_sent_at(ada, sent_at, &[1]).await;
    assert!(other.is_accepted(), "{other:?}");
    let stale = newest_request(&shop).await;
    assert_eq!((&stale["state"], &stale["outcome"]), (&json!("completed"), &json!("stale")));
    assert_eq!(ada.available().await, 20);

    // And the same words, sent since, are about the new person.
    let id = ada.id().await;
    shop.advance_days(1).await;
    let meant = redact_sent_at(ada, shop.now(), &[]).await;
    assert!(meant.is_accepted(), "{meant:?}");
    let asked = newest_request(&shop).await;
    assert_eq!(asked["customer_id"], Value::from(id.clone()));
    completed(&shop, asked["id"].as_str().unwrap()).await;
    assert_eq!(customer(&shop, &id).await["state"], "erased");
}
