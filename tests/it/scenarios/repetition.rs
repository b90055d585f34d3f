//! The shop sends more than once, on several subscriptions and at the same time. It counts once.

use std::collections::BTreeSet;

use futures::future::join_all;

use crate::support::Shop;

#[tokio::test]
async fn nine_deliveries_on_two_subscriptions_at_once_are_one_award() {
    let shop = Shop::open().await;
    let ada = shop.shopper();
    let order = ada.order(50_00);
    let body = order.sample.body();
    let delivery = |n: usize| {
        let (topic, subscription) =
            if n.is_multiple_of(2) { ("orders/create", "loyalty") } else { ("orders/paid", "points") };
        let webhook = shop.webhook(topic, body.clone()).header("X-Shopify-Name", subscription);
        webhook
            .header("X-Shopify-Webhook-Id", &format!("{subscription}-{n}"))
            .header("X-Shopify-Event-Id", "one")
            .send()
    };
    let deliveries = join_all((0..9).map(delivery)).await;
    deliveries.iter().for_each(|delivery| shop.has_seen(delivery.position));

    let accepted = deliveries.iter().filter(|delivery| delivery.is_accepted()).count();
    let duplicates = deliveries.iter().filter(|delivery| delivery.is_duplicate()).count();
    assert_eq!((accepted, duplicates), (1, 8), "{deliveries:#?}");
    let positions: BTreeSet<_> = deliveries.iter().map(|delivery| delivery.position).collect();
    assert_eq!(positions.len(), 1, "all answers name the one commit: {positions:?}");
    assert_eq!(ada.ledger().await, [("earn".to_owned(), 50)]);
    assert_eq!(ada.available().await, 50);
}

#[tokio::test]
async fn the_same_refund_told_nine_times_at_once_goes_back_once() {
    let shop = Shop::open().await;
    let ada = shop.shopper();
    let order = ada.order(0).with(|order| order.lines = vec![(20_00, 1), (30_00, 1)]);
    assert!(order.deliver().await.is_accepted());
    let refund = order.refund_of(&[(0, 1)]);
    let deliveries = join_all((0..9).map(|_| refund.deliver())).await;
    assert_eq!(deliveries.iter().filter(|delivery| delivery.is_accepted()).count(), 1, "{deliveries:#?}");
    assert_eq!(ada.available().await, 30);
    assert_eq!(ada.ledger().await, [("reversal".to_owned(), -20), ("earn".to_owned(), 50)]);
}

#[tokio::test]
async fn an_old_body_that_arrives_late_changes_nothing() {
    let shop = Shop::open().await;
    let ada = shop.shopper();
    let order = ada.order(50_00);
    let newer = order.later(|order| order.lines = vec![(80_00, 1)]);
    assert!(newer.tell("orders/updated").await.is_accepted());
    assert_eq!(ada.available().await, 80);
    let late = order.deliver().await;
    assert!(late.is_accepted(), "it is a fact that was not known: {late:?}");
    assert_eq!(ada.available().await, 80);
}
