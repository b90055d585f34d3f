//! Somebody of the two is forgotten: what the other has stays, and nothing more follows.

use reqwest::Method;
use serde_json::json;

use super::kit::*;
use crate::{
    privacy::kit::forget,
    support::{Shop, Shopper},
};

async fn completed(shop: &Shop) -> (Shopper<'_>, Shopper<'_>, serde_json::Value) {
    let (advocate, link) = advocate(shop).await;
    let friend = shop.shopper();
    assert!(order_through(friend, &link, 50_00).deliver().await.is_accepted());
    shop.advance_days(WINDOW_DAYS).await;
    (advocate, friend, link)
}

#[tokio::test]
async fn a_friend_who_is_forgotten_leaves_the_advocate_what_they_were_paid() {
    let shop = Shop::open().await;
    let (advocate, friend, _) = completed(&shop).await;
    let id = id_of(friend).await;
    forget(&shop, &friend.id().await).await;
    shop.settle().await;
    assert_eq!(rewarded(advocate).await, REWARD);
    let referral = shop.api.get(&format!("/v1/referrals/{id}")).query("min_position", shop.seen()).document().await;
    assert_eq!((&referral["status"], &referral["advocate_points"]), (&json!("completed"), &json!(REWARD)));
    assert_eq!(referral["evidence"][0]["friend_traces"], json!(null), "the friend's half is gone");
}

#[tokio::test]
async fn an_advocate_who_is_forgotten_leaves_the_friend_theirs_and_a_link_that_leads_nowhere() {
    let shop = Shop::open().await;
    let (advocate, friend, link) = completed(&shop).await;
    forget(&shop, &advocate.id().await).await;
    shop.settle().await;
    assert_eq!((status_of(friend).await.as_str(), rewarded(friend).await), ("completed", REWARD));
    let followed = shop.api.keyless(Method::GET, &format!("/r/{}", code(&link))).send().await;
    assert_eq!(followed.status, 404);
    let late = shop.shopper();
    assert!(order_through(late, &link, 50_00).deliver().await.is_accepted());
    let none = shop.api.get("/v1/referrals").query("friend_id", late.id().await).query("min_position", shop.seen());
    assert_eq!(none.document().await["data"], json!([]));
    let row = shop.api.get(&format!("/v1/referrals/{}", link["id"].as_str().unwrap())).document().await;
    assert_eq!(row["status"], "ended");
}

#[tokio::test]
async fn who_is_forgotten_before_the_window_closes_leaves_nobody_paid() {
    let shop = Shop::open().await;
    let (advocate, link) = advocate(&shop).await;
    let (friend, other) = (shop.shopper(), shop.shopper());
    for brought in [friend, other] {
        assert!(order_through(brought, &link, 50_00).deliver().await.is_accepted());
        assert_eq!(status_of(brought).await, "pending");
    }
    let id = id_of(friend).await;
    forget(&shop, &friend.id().await).await;
    shop.advance_days(WINDOW_DAYS).await;
    let referral = shop.api.get(&format!("/v1/referrals/{id}")).query("min_position", shop.seen()).document().await;
    assert_eq!((&referral["status"], &referral["cause"]), (&json!("rejected"), &json!("forgotten")));
    assert_eq!(both_rewarded(advocate, other).await, (REWARD, REWARD));
}
