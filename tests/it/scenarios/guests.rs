//! Orders without a customer wait until somebody claims them.

use crate::support::Shop;

#[tokio::test]
async fn a_guests_order_is_awarded_to_whoever_claims_it_later() {
    let shop = Shop::open().await;
    let order = shop.guest_order(50_00);
    let first = order.deliver().await;
    assert!(first.is_accepted(), "{first:?}");
    let again = order.deliver().await;
    assert!(again.is_duplicate(), "{again:?}");
    assert_eq!(again.position, first.position);

    let ada = shop.shopper();
    assert!(order.later(|order| order.customer_id = Some(ada.external_id)).tell("orders/updated").await.is_accepted());
    assert_eq!(ada.available().await, 50);
    let late = order.deliver().await;
    assert!(late.is_duplicate(), "{late:?}");
    assert_eq!(late.position, first.position);
    assert_eq!(ada.available().await, 50);
}

#[tokio::test]
async fn what_a_guest_gave_back_before_the_claim_is_not_earned() {
    let shop = Shop::open().await;
    let order = shop.guest_order(0).with(|order| order.lines = vec![(20_00, 1), (30_00, 1)]);
    assert!(order.deliver().await.is_accepted());
    assert!(order.refund_of(&[(0, 1)]).deliver().await.is_accepted());

    let ada = shop.shopper();
    assert!(order.later(|order| order.customer_id = Some(ada.external_id)).tell("orders/updated").await.is_accepted());
    let explanation = ada.explanation().await;
    assert_eq!(explanation.balance.available, 30);
    let lot = explanation.lot_of(order.id());
    assert_eq!((lot.source.awarded, lot.source.reversed), (Some(50), Some(20)));
    assert!(order.refund_of(&[(1, 1)]).deliver().await.is_accepted());
    assert_eq!(ada.available().await, 0);
}

#[tokio::test]
async fn the_first_who_claims_an_order_has_it() {
    let shop = Shop::open().await;
    let (ada, bob) = (shop.shopper(), shop.shopper());
    let order = shop.guest_order(50_00);
    assert!(order.deliver().await.is_accepted());
    let claimed = order.later(|order| order.customer_id = Some(ada.external_id));
    assert!(claimed.tell("orders/updated").await.is_accepted());
    let late = claimed.by(bob).tell("orders/updated").await;
    assert!(late.is_duplicate(), "of the order itself it says nothing new: {late:?}");
    assert_eq!(ada.available().await, 50);
    assert_eq!(bob.available().await, 0);
}
