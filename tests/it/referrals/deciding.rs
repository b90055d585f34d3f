//! Signals of fraud, what the merchant's policy makes of them, and what the merchant does.

use gateway::shopify::sample::CustomerSample;
use serde_json::{Value, json};

use super::kit::*;
use crate::support::{Shop, Shopper};

async fn has_email(customer: Shopper<'_>, email: &str) {
    let updated_at = customer.shop.now();
    let sample =
        CustomerSample { email: Some(email.to_owned()), updated_at, ..CustomerSample::new(customer.external_id) };
    assert!(customer.shop.deliver("customers/update", &sample.body()).await.is_accepted());
}

#[tokio::test]
async fn an_alias_of_ones_own_mailbox_is_refused_until_the_merchant_says_otherwise() {
    let shop = Shop::open().await;
    let (advocate, link) = advocate(&shop).await;
    has_email(advocate, "ada.lovelace@gmail.com").await;
    let friend = shop.shopper();
    let order = order_through(friend, &link, 50_00)
        .with(|order| order.email = Some("adalovelace+second@googlemail.com".to_owned()));
    assert!(order.deliver().await.is_accepted());
    assert_eq!(status_of(friend).await, "rejected");
    let referral = referral_of(friend).await;
    assert_eq!((&referral["cause"], &referral["signals"]), (&json!("fraud"), &json!(["email_root"])));
    let look = &referral["evidence"][0];
    assert_eq!((&look["matched"], &look["advocate_traces"]), (&json!(["email_root"]), &json!(1)));
    assert!(!referral.to_string().contains("lovelace"));
    shop.advance_days(WINDOW_DAYS).await;
    assert_eq!(both_rewarded(advocate, friend).await, (0, 0));

    let approved = decide(friend, "approve").await;
    assert_eq!((approved.status.as_u16(), &approved.body["status"]), (201, &json!("pending")), "{}", approved.body);
    assert_eq!(status_of(friend).await, "completed");
    assert_eq!(both_rewarded(advocate, friend).await, (REWARD, REWARD));
    assert_eq!(decide(friend, "reject").await.body["status"], "clawed_back");
    assert_eq!(both_rewarded(advocate, friend).await, (0, 0));
    let again = decide(friend, "approve").await;
    assert_eq!((again.status.as_u16(), again.code()), (409, "referral_not_open"));
    audit_tells_why(&shop, friend).await;
}

async fn audit_tells_why(shop: &Shop, friend: Shopper<'_>) {
    let entries = shop.api.get("/v1/audit_logs").query("customer_id", friend.id().await);
    let entries = entries.query("min_position", shop.seen()).query("limit", 100).document().await;
    let of = |action: &str| -> Value {
        let all = entries["data"].as_array().unwrap();
        all.iter().find(|entry| entry["action"] == action).unwrap_or(&Value::Null).clone()
    };
    for action in ["referral.approved", "referral.clawed_back"] {
        assert_eq!(of(action)["reason"], json!({ "state": "open", "text": "I have met them both" }), "{action}");
    }
    assert_eq!(of("referral.clawed_back")["outcome"], "merchant");
}

#[tokio::test]
async fn a_shared_address_waits_for_the_merchant() {
    let shop = Shop::open().await;
    let (advocate, link) = advocate(&shop).await;
    // What is compared is known from when somebody takes part.
    let at_home = |order: &mut gateway::shopify::sample::OrderSample| order.street = Some("Lindenallee 7".to_owned());
    assert!(advocate.order(10_00).with(at_home).deliver().await.is_accepted());
    let (one, other) = (shop.shopper(), shop.shopper());
    for friend in [one, other] {
        assert!(order_through(friend, &link, 50_00).with(at_home).deliver().await.is_accepted());
        assert_eq!(status_of(friend).await, "in_review");
    }
    shop.advance_days(WINDOW_DAYS).await;
    assert_eq!((status_of(one).await.as_str(), rewarded(advocate).await), ("in_review", 0));
    assert_eq!(decide(one, "approve").await.status, 201);
    assert_eq!(decide(other, "reject").await.status, 201);
    assert_eq!((status_of(one).await.as_str(), status_of(other).await.as_str()), ("completed", "rejected"));
    assert_eq!(both_rewarded(advocate, one).await, (REWARD, REWARD));
    assert_eq!(rewarded(other).await, 0);
}

#[tokio::test]
async fn traces_that_the_storefront_states_are_compared_too() {
    let shop = Shop::open().await;
    shop.publish(json!({ "referrals": { "fraud": { "ip_range": "review", "payment": "refuse" } } })).await;
    let advocate = shop.shopper();
    assert!(advocate.order(10_00).deliver().await.is_accepted());
    let known = json!({ "ip": "203.0.113.7", "device": "d-1", "payment": "fingerprint-1" });
    let link = ask_for_link(advocate, &known).await.body;
    for (evidence, ends) in [
        (json!({ "ip": "203.0.113.99" }), "in_review"),
        (json!({ "device": "d-1" }), "in_review"),
        (json!({ "payment": "fingerprint-1" }), "rejected"),
        (json!({ "ip": "198.51.100.7", "device": "d-2", "payment": "fingerprint-2" }), "pending"),
    ] {
        let friend = shop.shopper();
        let named = json!({ "external_id": friend.external_id.to_string(), "evidence": evidence });
        assert_eq!(name_friend(&shop, &link, &named).await.status, 201);
        assert!(friend.order(50_00).deliver().await.is_accepted());
        assert_eq!(status_of(friend).await, ends, "{evidence}");
    }
    let bad = json!({ "external_id": "1", "evidence": { "ip": "home" } });
    assert_eq!(name_friend(&shop, &link, &bad).await.body["pointer"], "/evidence/ip");
}

#[tokio::test]
async fn more_friends_than_anybody_has_are_looked_at() {
    let shop = Shop::open().await;
    shop.publish(json!({ "referrals": { "velocity": { "referrals": 2, "days": 7 } } })).await;
    let (_, link) = advocate(&shop).await;
    let friends: Vec<Shopper<'_>> = (0..4).map(|_| shop.shopper()).collect();
    for friend in &friends {
        assert!(order_through(*friend, &link, 50_00).deliver().await.is_accepted());
    }
    let mut held = 0;
    for friend in friends {
        held += usize::from(status_of(friend).await == "in_review");
    }
    assert_eq!(held, 2, "two are credible");
}
