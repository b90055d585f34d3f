//! Refunds of orders that their owner does not know: parked by mistake, or never told.

use crate::support::{Installation, Shop};

#[tokio::test]
async fn a_refund_of_a_parked_order_waits_for_its_next_body() {
    let shop = Shop::open().await;
    let ada = shop.shopper();
    shop.pays("100000").await;
    let order = ada.order(9_000_000_000_00);
    assert!(order.deliver().await.is("parked"), "no rule may pay that much");
    let refund = order.refund_of_amount(20_00);
    assert!(refund.deliver().await.is_accepted());
    assert!(refund.deliver().await.is_duplicate());

    let corrected = order.later(|order| order.lines = vec![(50_00, 1)]);
    assert!(corrected.tell("orders/updated").await.is_accepted());
    assert_eq!(ada.available().await, 30 * 100_000);
    ada.books_balance().await;
}

#[tokio::test]
async fn a_refund_whose_order_never_comes_is_parked_after_ninety_days() {
    let shop = Shop::open().await;
    let order = shop.shopper().order(50_00);
    assert!(order.full_refund().deliver().await.is_accepted());
    let parked = async || {
        let rows = projections::parked_webhooks::list(&Installation::shared().gateway.db, 1_000).await.unwrap();
        rows.into_iter().filter(|row| row.merchant == shop.merchant).map(|row| row.topic).collect::<Vec<_>>()
    };
    shop.advance_days(89).await;
    shop.has_seen_everything_of(Installation::shared()).await;
    assert!(parked().await.is_empty());
    shop.advance_days(2).await;
    shop.has_seen_everything_of(Installation::shared()).await;
    let gateway = &Installation::shared().gateway;
    let seen = gateway.progress.reached("parked_webhooks", shop.seen(), gateway.options.read_patience).await;
    assert!(seen, "the read model stands still");
    assert_eq!(parked().await, ["waiting/fact"]);
}
