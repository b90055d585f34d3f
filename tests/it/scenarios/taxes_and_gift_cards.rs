//! What of an order counts, and what of its refund.

use crate::support::Shop;

#[tokio::test]
async fn where_prices_do_not_contain_tax_neither_award_nor_refund_does() {
    let shop = Shop::open().await;
    let ada = shop.shopper();
    let order = ada.order(0).with(|order| {
        order.taxes_included = false;
        order.lines = vec![(20_00, 1), (30_00, 1)];
        order.shipping_minor = 4_90;
    });
    assert!(order.sample.total_minor() > 60_00, "tax and shipping come on top");
    assert!(order.deliver().await.is_accepted());
    assert_eq!(ada.available().await, 50);
    assert!(order.refund_of(&[(0, 1)]).deliver().await.is_accepted());
    assert_eq!(ada.available().await, 30);
    assert!(order.refund_of(&[(1, 1)]).deliver().await.is_accepted());
    assert_eq!(ada.available().await, 0);
}

#[tokio::test]
async fn where_prices_contain_tax_it_counts_as_priced() {
    let shop = Shop::open().await;
    let ada = shop.shopper();
    let order = ada.order(50_00).with(|order| order.shipping_minor = 4_90);
    assert!(order.deliver().await.is_accepted());
    assert_eq!(ada.available().await, 50);
    assert!(order.full_refund().deliver().await.is_accepted());
    assert_eq!(ada.available().await, 0);
}

#[tokio::test]
async fn gift_cards_earn_nothing_and_take_nothing_back() {
    let shop = Shop::open().await;
    let ada = shop.shopper();
    let order = ada.order(30_00).with(|order| order.gift_cards = vec![(20_00, 1)]);
    assert!(order.deliver().await.is_accepted());
    assert_eq!(ada.available().await, 30);
    assert!(order.refund_of(&[(1, 1)]).deliver().await.is_accepted());
    assert_eq!(ada.available().await, 30, "only the gift card came back");
    assert!(order.refund_of(&[(0, 1)]).deliver().await.is_accepted());
    assert_eq!(ada.available().await, 0);
}

#[tokio::test]
async fn shipping_alone_going_back_takes_no_points() {
    let shop = Shop::open().await;
    let ada = shop.shopper();
    let order = ada.order(50_00).with(|order| order.shipping_minor = 4_90);
    assert!(order.deliver().await.is_accepted());
    let mut refund = order.refund_of(&[]);
    refund.sample.shipping_minor = 4_90;
    refund.sample.paid_minor = Some(4_90);
    assert!(refund.deliver().await.is_accepted());
    assert_eq!(ada.available().await, 50);
}
