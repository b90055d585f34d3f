//! Badges for friends who were brought.

use serde_json::{Value, json};

use super::kit::{badge, badges_of, define};
use crate::{
    referrals::kit::{WINDOW_DAYS, advocate, order_through, status_of},
    support::Shop,
};

fn friends(count: u32) -> Value {
    json!({ "id": "friends", "name": "Friends", "rule": { "kind": "referrals", "count": count }, "points": 70 })
}

#[tokio::test]
async fn so_many_friends_bring_the_badge_and_it_stays_when_one_goes_back() {
    let shop = Shop::open().await;
    define(&shop, json!([friends(2)])).await;
    let (ada, link) = advocate(&shop).await;
    let (first, second) = (shop.shopper(), shop.shopper());
    let order = order_through(first, &link, 50_00);
    assert!(order.deliver().await.is_accepted());
    shop.advance_days(WINDOW_DAYS).await;
    assert_eq!((status_of(first).await.as_str(), badges_of(ada).await), ("completed", vec![]));
    assert!(order_through(second, &link, 50_00).deliver().await.is_accepted());
    assert_eq!(badges_of(ada).await, [], "nobody is brought before the return window closes");
    shop.advance_days(WINDOW_DAYS).await;
    shop.settle().await;
    assert_eq!(badges_of(ada).await, [badge("friends", "ever", "rule")]);
    assert!(order.full_refund().deliver().await.is_accepted());
    assert_eq!(status_of(first).await, "clawed_back");
    shop.settle().await;
    assert_eq!(badges_of(ada).await, [badge("friends", "ever", "rule")]);
    assert_eq!(badges_of(second).await, [], "the friend has brought nobody");
    ada.books_balance().await;
}

#[tokio::test]
async fn a_friend_whose_order_went_back_counts_no_more() {
    let shop = Shop::open().await;
    let (ada, link) = advocate(&shop).await;
    let (first, second) = (shop.shopper(), shop.shopper());
    let order = order_through(first, &link, 50_00);
    assert!(order.deliver().await.is_accepted());
    shop.advance_days(WINDOW_DAYS).await;
    assert!(order.full_refund().deliver().await.is_accepted());
    assert_eq!(status_of(first).await, "clawed_back");
    define(&shop, json!([friends(2)])).await;
    assert!(order_through(second, &link, 50_00).deliver().await.is_accepted());
    shop.advance_days(WINDOW_DAYS).await;
    assert_eq!((status_of(second).await.as_str(), badges_of(ada).await), ("completed", vec![]));
    define(&shop, json!([friends(1)])).await;
    shop.settle().await;
    assert_eq!(badges_of(ada).await, [badge("friends", "ever", "rule")]);
}
