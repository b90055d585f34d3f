//! Profiles become one: links and referrals go with them.

use serde_json::json;

use super::kit::*;
use crate::support::Shop;

#[tokio::test]
async fn an_advocates_links_and_friends_go_to_whoever_they_are_by_now() {
    let shop = Shop::open().await;
    let (advocate, link) = advocate(&shop).await;
    let (kept, friend, later) = (shop.shopper(), shop.shopper(), shop.shopper());
    assert!(kept.order(10_00).deliver().await.is_accepted());
    assert!(order_through(friend, &link, 50_00).deliver().await.is_accepted());
    shop.settle().await;
    assert!(shop.merge(kept, advocate).await.is_accepted());
    assert!(order_through(later, &link, 50_00).deliver().await.is_accepted());
    shop.advance_days(WINDOW_DAYS).await;
    assert_eq!(rewarded(kept).await, 2 * REWARD);
    assert_eq!((rewarded(friend).await, rewarded(later).await), (REWARD, REWARD));
    let of_kept = shop.api.get(&kept.path("referrals").await).query("min_position", shop.seen()).document().await;
    assert_eq!((&of_kept["links"][0]["id"], of_kept["data"].as_array().unwrap().len()), (&link["id"], 2));
}

#[tokio::test]
async fn a_friend_who_was_a_customer_under_another_profile_is_not_new() {
    let shop = Shop::open().await;
    let (advocate, link) = advocate(&shop).await;
    let (old, friend) = (shop.shopper(), shop.shopper());
    assert!(old.order(10_00).deliver().await.is_accepted());
    shop.advance_days(1).await;
    assert!(order_through(friend, &link, 50_00).deliver().await.is_accepted());
    shop.advance_days(WINDOW_DAYS).await;
    assert_eq!(both_rewarded(advocate, friend).await, (REWARD, REWARD));
    let id = id_of(friend).await;
    assert!(shop.merge(old, friend).await.is_accepted());
    shop.settle().await;
    let referral = shop.api.get(&format!("/v1/referrals/{id}")).query("min_position", shop.seen()).document().await;
    assert_eq!((&referral["status"], &referral["cause"]), (&json!("clawed_back"), &json!("not_new")));
    assert_eq!((rewarded(advocate).await, old.available().await), (0, 10 + 50));
    old.books_balance().await;
}

#[tokio::test]
async fn an_advocate_and_a_friend_who_turn_out_to_be_one_person_keep_nothing() {
    let shop = Shop::open().await;
    let (advocate, link) = advocate(&shop).await;
    let friend = shop.shopper();
    assert!(order_through(friend, &link, 50_00).deliver().await.is_accepted());
    shop.advance_days(WINDOW_DAYS).await;
    assert_eq!(both_rewarded(advocate, friend).await, (REWARD, REWARD));
    assert!(shop.merge(advocate, friend).await.is_accepted());
    shop.settle().await;
    assert_eq!(advocate.available().await, 10 + 50);
    advocate.books_balance().await;
}

#[tokio::test]
async fn two_brought_profiles_that_are_one_person_were_brought_once() {
    let shop = Shop::open().await;
    let (first, link) = advocate(&shop).await;
    let (second, other_link) = advocate(&shop).await;
    let (one, two) = (shop.shopper(), shop.shopper());
    let ids = (one, two);
    assert_eq!(name_friend(&shop, &link, &json!({ "external_id": one.external_id.to_string() })).await.status, 201);
    shop.advance_days(1).await;
    assert_eq!(
        name_friend(&shop, &other_link, &json!({ "external_id": two.external_id.to_string() })).await.status,
        201
    );
    assert!(shop.merge(one, two).await.is_accepted());
    assert!(ids.0.order(50_00).deliver().await.is_accepted());
    shop.advance_days(WINDOW_DAYS).await;
    // Whoever decides while the merge is on its way to the read model pays for both; the next look puts that right.
    shop.settle().await;
    assert_eq!((rewarded(first).await, rewarded(second).await, rewarded(one).await), (REWARD, 0, REWARD));
}
