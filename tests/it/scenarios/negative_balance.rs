//! Points were earned and spent, and then the order comes back: three policies.

use serde_json::json;

use crate::support::{Order, Shop, Shopper};

/// Earned 50, spent 30, another 10 from elsewhere.
async fn spent<'a>(shop: &'a Shop, policy: &str) -> (Shopper<'a>, Order<'a>) {
    shop.publish(json!({ "negative_balance": policy })).await;
    let ada = shop.shopper();
    let order = ada.order(50_00);
    assert!(order.deliver().await.is_accepted());
    ada.redeem(30).await;
    assert!(ada.order(10_00).deliver().await.is_accepted());
    assert_eq!(ada.available().await, 30);
    (ada, order)
}

#[tokio::test]
async fn allowed_the_balance_goes_below_zero_and_the_next_order_pays_the_debt() {
    let shop = Shop::open().await;
    let (ada, order) = spent(&shop, "allow").await;
    assert!(order.full_refund().deliver().await.is_accepted());
    assert_eq!(ada.available().await, -20);
    let explanation = ada.explanation().await;
    assert_eq!((explanation.debt, explanation.balance.lifetime_earned), (20, 10));

    assert!(ada.order(25_00).deliver().await.is_accepted());
    assert_eq!(ada.available().await, 5);
    assert_eq!(ada.explanation().await.debt, 0);
    ada.books_balance().await;
}

#[tokio::test]
async fn clamped_it_stops_at_zero_and_the_rest_is_waived() {
    let shop = Shop::open().await;
    let (ada, order) = spent(&shop, "clamp").await;
    assert!(order.full_refund().deliver().await.is_accepted());
    assert_eq!(ada.available().await, 0);
    assert!(ada.order(25_00).deliver().await.is_accepted());
    assert_eq!(ada.available().await, 25, "nothing is owed");
    ada.books_balance().await;
}

#[tokio::test]
async fn with_pending_only_spendable_points_stay_with_the_shopper() {
    let shop = Shop::open().await;
    let (ada, order) = spent(&shop, "pending_only").await;
    assert!(order.full_refund().deliver().await.is_accepted());
    assert_eq!(ada.available().await, 30);
    ada.books_balance().await;
}

#[tokio::test]
async fn with_pending_only_points_on_hold_go_back() {
    let shop = Shop::open().await;
    shop.publish(json!({ "negative_balance": "pending_only", "hold": { "days": 14 } })).await;
    let ada = shop.shopper();
    let order = ada.order(50_00);
    assert!(order.deliver().await.is_accepted());
    assert_eq!((ada.pending().await, ada.available().await), (50, 0));
    assert!(order.full_refund().deliver().await.is_accepted());
    assert_eq!((ada.pending().await, ada.available().await), (0, 0));
}
