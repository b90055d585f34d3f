//! What the tests of referrals say often.

use aggregates::id::ReferralId;
use serde_json::{Value, json};

use crate::support::{Answer, Order, Shop, Shopper};

/// Whoever has a shop's default programme is paid this for a friend.
pub const REWARD: i64 = 500;
/// Its return window, and a day.
pub const WINDOW_DAYS: i64 = 15;

/// Somebody with an order and a link.
pub async fn advocate(shop: &Shop) -> (Shopper<'_>, Value) {
    let advocate = shop.shopper();
    assert!(advocate.order(10_00).deliver().await.is_accepted());
    let link = link_of(advocate).await;
    (advocate, link)
}

pub async fn link_of(customer: Shopper<'_>) -> Value {
    let answer = ask_for_link(customer, &json!({})).await;
    assert_eq!(answer.status, 201, "{}", answer.body);
    answer.body
}

pub async fn ask_for_link(customer: Shopper<'_>, evidence: &Value) -> Answer {
    let asked = json!({ "customer_id": customer.id().await, "evidence": evidence });
    let answer = customer.shop.api.post_once("/v1/referrals", &asked).send().await;
    customer.shop.has_seen(answer.body["position"].as_u64());
    answer
}

pub fn code(link: &Value) -> &str {
    link["code"].as_str().unwrap()
}

/// A friend's order with the code in the cart.
pub fn order_through<'a>(friend: Shopper<'a>, link: &Value, price_minor: i64) -> Order<'a> {
    friend.order(price_minor).with(|order| {
        order.note_attributes = vec![("ref".to_owned(), code(link).to_owned())];
    })
}

/// The storefront names a friend.
pub async fn name_friend(shop: &Shop, link: &Value, friend: &Value) -> Answer {
    let path = format!("/v1/referrals/{}/friends", code(link));
    let answer = shop.api.post_once(&path, friend).send().await;
    shop.has_seen(answer.body["position"].as_u64());
    answer
}

/// The referral of a friend, after everything that was answered and decided so far.
pub async fn referral_of(friend: Shopper<'_>) -> Value {
    let id = id_of(friend).await;
    friend.shop.api.get(&format!("/v1/referrals/{id}")).query("min_position", friend.shop.seen()).document().await
}

pub async fn id_of(friend: Shopper<'_>) -> String {
    let customer: aggregates::id::CustomerId = friend.id().await.parse().unwrap();
    ReferralId(customer.0).to_string()
}

/// Where it is, once everything due has been done.
pub async fn status_of(friend: Shopper<'_>) -> String {
    friend.shop.settle().await;
    referral_of(friend).await["status"].as_str().unwrap().to_owned()
}

pub async fn decide(friend: Shopper<'_>, decision: &str) -> Answer {
    let path = format!("/v1/referrals/{}/{decision}", id_of(friend).await);
    let answer = friend.shop.api.post(&path, &json!({ "reason": "I have met them both" })).send().await;
    friend.shop.has_seen(answer.body["position"].as_u64());
    answer
}

/// Points of bonuses on the ledger, given less taken back.
pub async fn rewarded(customer: Shopper<'_>) -> i64 {
    rewarded_by(customer, u64::MAX).await
}

/// By this position.
async fn rewarded_by(customer: Shopper<'_>, position: u64) -> i64 {
    let lines = customer.transactions().await;
    let rewards = lines.iter().filter(|line| line["reference"]["kind"] == "referral");
    let rewards = rewards.inspect(|line| assert!(line["reference"]["id"].as_str().unwrap().starts_with("ref_")));
    let rewards = rewards.filter(|line| line["position"].as_u64().unwrap() <= position);
    rewards.map(|line| line["points"].as_i64().unwrap()).sum()
}

/// Points of bonuses on both sides.
pub async fn both_rewarded(advocate: Shopper<'_>, friend: Shopper<'_>) -> (i64, i64) {
    (rewarded(advocate).await, rewarded(friend).await)
}

/// The same by what was seen last, where a commit may come while both are read.
pub async fn both_rewarded_as_seen(advocate: Shopper<'_>, friend: Shopper<'_>) -> (i64, i64) {
    let position = advocate.shop.seen();
    (rewarded_by(advocate, position).await, rewarded_by(friend, position).await)
}
