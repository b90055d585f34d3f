//! A friend orders, the return window passes, both are paid; or the order goes back, before or afterwards.

use serde_json::json;

use super::kit::*;
use crate::support::Shop;

#[tokio::test]
async fn a_friends_first_order_pays_both_when_its_return_window_closes() {
    let shop = Shop::open().await;
    let (advocate, link) = advocate(&shop).await;
    let friend = shop.shopper();
    assert!(order_through(friend, &link, 50_00).deliver().await.is_accepted());
    assert_eq!(status_of(friend).await, "pending");
    assert_eq!(both_rewarded(advocate, friend).await, (0, 0));
    shop.advance_days(13).await;
    assert_eq!(status_of(friend).await, "pending");
    shop.advance_days(1).await;
    assert_eq!(status_of(friend).await, "completed");
    assert_eq!(both_rewarded(advocate, friend).await, (REWARD, REWARD));
    assert_eq!((advocate.available().await, friend.available().await), (REWARD + 10, REWARD + 50));
    advocate.books_balance().await;
    friend.books_balance().await;

    let referral = referral_of(friend).await;
    assert_eq!(referral["advocate_id"], advocate.id().await.as_str());
    assert_eq!((&referral["advocate_points"], &referral["friend_points"]), (&json!(REWARD), &json!(REWARD)));
    assert_eq!((&referral["source"], &referral["signals"]), (&json!("order"), &json!([])));
    let link = shop.api.get(&format!("/v1/referrals/{}", link["id"].as_str().unwrap())).document().await;
    let counted = (&link["referrals"], &link["completed_referrals"], &link["points_earned"]);
    assert_eq!(counted, (&json!(1), &json!(1), &json!(REWARD)));
}

#[tokio::test]
async fn a_refund_inside_the_window_cancels_and_the_next_order_may_qualify() {
    let shop = Shop::open().await;
    let (advocate, link) = advocate(&shop).await;
    let friend = shop.shopper();
    let order = order_through(friend, &link, 50_00);
    assert!(order.deliver().await.is_accepted());
    shop.advance_days(3).await;
    assert!(order.full_refund().deliver().await.is_accepted());
    assert_eq!(status_of(friend).await, "cancelled");
    shop.advance_days(20).await;
    assert_eq!(both_rewarded(advocate, friend).await, (0, 0));
    assert!(friend.order(30_00).deliver().await.is_accepted());
    assert_eq!(status_of(friend).await, "pending");
    shop.advance_days(WINDOW_DAYS).await;
    assert_eq!(both_rewarded(advocate, friend).await, (REWARD, REWARD));
}

#[tokio::test]
async fn a_refund_afterwards_takes_both_halves_back_once_however_often_it_is_told() {
    let shop = Shop::open().await;
    let (advocate, link) = advocate(&shop).await;
    let friend = shop.shopper();
    let order = order_through(friend, &link, 50_00);
    let refund = order.full_refund();
    for _ in 0..9 {
        order.deliver().await;
    }
    shop.advance_days(WINDOW_DAYS).await;
    for _ in 0..9 {
        order.deliver().await;
        shop.settle().await;
    }
    assert_eq!(both_rewarded(advocate, friend).await, (REWARD, REWARD));
    for _ in 0..9 {
        refund.deliver().await;
        shop.settle().await;
    }
    assert!(order.cancelled().tell("orders/cancelled").await.is_accepted());
    shop.advance_days(1).await;
    assert_eq!(status_of(friend).await, "clawed_back");
    assert_eq!(both_rewarded(advocate, friend).await, (0, 0));
    assert_eq!((advocate.available().await, friend.available().await), (10, 0));
    advocate.books_balance().await;
    friend.books_balance().await;
}

#[tokio::test]
async fn a_refund_that_comes_before_its_order_leaves_nothing_to_pay() {
    let shop = Shop::open().await;
    let (advocate, link) = advocate(&shop).await;
    let friend = shop.shopper();
    let order = order_through(friend, &link, 50_00);
    assert!(order.full_refund().deliver().await.is_accepted());
    shop.settle().await;
    assert!(order.deliver().await.is_accepted());
    shop.advance_days(WINDOW_DAYS).await;
    assert_eq!(status_of(friend).await, "waiting");
    assert_eq!(both_rewarded(advocate, friend).await, (0, 0));
}

#[tokio::test]
async fn spent_rewards_that_go_back_follow_the_merchants_rule() {
    let shop = Shop::open().await;
    let (advocate, link) = advocate(&shop).await;
    let friend = shop.shopper();
    let order = order_through(friend, &link, 50_00);
    assert!(order.deliver().await.is_accepted());
    shop.advance_days(WINDOW_DAYS).await;
    advocate.redeem(400).await;
    assert!(order.cancelled().tell("orders/cancelled").await.is_accepted());
    assert_eq!(status_of(friend).await, "clawed_back");
    assert_eq!(advocate.available().await, 10 - 400, "a new merchant's rule allows debt");
    advocate.books_balance().await;
}

#[tokio::test]
async fn only_somebody_new_counts_also_when_that_comes_to_light_late() {
    let shop = Shop::open().await;
    let (advocate, link) = advocate(&shop).await;
    let (regular, late) = (shop.shopper(), shop.shopper());
    assert!(regular.order(5_00).deliver().await.is_accepted());
    shop.advance_days(1).await;
    assert!(order_through(regular, &link, 50_00).deliver().await.is_accepted());
    assert_eq!(status_of(regular).await, "rejected");
    assert_eq!(referral_of(regular).await["cause"], "not_new");

    let earlier = late.order(5_00);
    shop.advance_days(1).await;
    assert!(order_through(late, &link, 50_00).deliver().await.is_accepted());
    shop.advance_days(WINDOW_DAYS).await;
    assert_eq!(rewarded(late).await, REWARD);
    assert!(earlier.deliver().await.is_accepted());
    assert_eq!(status_of(late).await, "clawed_back");
    assert_eq!(both_rewarded(advocate, late).await, (0, 0));
}

#[tokio::test]
async fn a_friend_whom_the_storefront_names_needs_no_code() {
    let shop = Shop::open().await;
    let (advocate, link) = advocate(&shop).await;
    let friend = shop.shopper();
    let named = json!({ "external_id": format!("shopify:{}", friend.external_id), "email": "new@example.com" });
    let answer = name_friend(&shop, &link, &named).await;
    assert_eq!((answer.status.as_u16(), &answer.body["status"]), (201, &json!("waiting")), "{}", answer.body);
    let again = name_friend(&shop, &link, &named).await;
    assert_eq!((again.status.as_u16(), again.header("idempotent-replayed")), (201, "true"));
    assert!(friend.order(50_00).deliver().await.is_accepted());
    assert_eq!(status_of(friend).await, "pending");
    shop.advance_days(WINDOW_DAYS).await;
    assert_eq!(both_rewarded(advocate, friend).await, (REWARD, REWARD));
}

#[tokio::test]
async fn who_does_not_order_in_time_is_not_waited_for() {
    let shop = Shop::open().await;
    let (_, link) = advocate(&shop).await;
    let friend = shop.shopper();
    assert_eq!(name_friend(&shop, &link, &json!({ "external_id": friend.external_id.to_string() })).await.status, 201);
    shop.advance_days(89).await;
    assert_eq!(status_of(friend).await, "waiting");
    shop.advance_days(2).await;
    assert_eq!(status_of(friend).await, "expired");
}

#[tokio::test]
async fn the_programme_says_what_is_paid_and_for_what() {
    let shop = Shop::open().await;
    shop.publish(json!({ "referrals": {
        "advocate_points": 1_000, "friend_points": 0, "minimum_minor": 40_00, "hold_days": 0
    } }))
    .await;
    let (advocate, link) = advocate(&shop).await;
    let (small, large) = (shop.shopper(), shop.shopper());
    assert!(order_through(small, &link, 39_99).deliver().await.is_accepted());
    assert!(order_through(large, &link, 40_00).deliver().await.is_accepted());
    assert_eq!((status_of(small).await.as_str(), status_of(large).await.as_str()), ("waiting", "completed"));
    assert_eq!(both_rewarded(advocate, large).await, (1_000, 0));
    // What is under way goes on by the rules it began under.
    shop.publish(json!({ "referrals": { "enabled": false, "advocate_points": 1 } })).await;
    let late = shop.shopper();
    assert!(order_through(late, &link, 50_00).deliver().await.is_accepted(), "an order is an order");
    let none = shop.api.get("/v1/referrals").query("friend_id", late.id().await).query("min_position", shop.seen());
    assert_eq!(none.document().await["data"], json!([]));
    let refused = ask_for_link(late, &json!({})).await;
    assert_eq!((refused.status.as_u16(), refused.code()), (409, "referrals_off"));
}
