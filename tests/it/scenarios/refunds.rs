//! What a refund takes back: the share of what the order was given, whatever the rules say by then.

use crate::support::Shop;

#[tokio::test]
async fn a_full_refund_takes_back_what_was_awarded_though_the_rule_pays_double_by_now() {
    let shop = Shop::open().await;
    let ada = shop.shopper();
    let order = ada.order(50_00);
    assert!(order.deliver().await.is_accepted());
    assert_eq!(ada.available().await, 50);

    shop.pays("2").await;
    assert!(order.full_refund().deliver().await.is_accepted());
    assert_eq!(ada.available().await, 0);
}
