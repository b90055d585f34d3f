//! The shop deletes the profile that lost a merge and has it redacted, often before it tells of the merge.

use serde_json::{Value, json};

use super::kit::{completed, customer, forget, newest_request, redact};
use crate::support::Shop;

#[tokio::test]
async fn a_redact_that_overtook_its_merge_takes_the_losing_profile_only() {
    let shop = Shop::open().await;
    let (lost, kept) = (shop.shopper(), shop.shopper());
    let (order, own) = (lost.order(50_00), kept.order(30_00));
    for order in [&order, &own] {
        assert!(order.deliver().await.is_accepted());
    }
    let code = lost.redeem(10).await.code;
    let loser = lost.id().await;
    assert!(redact(lost).await.is_accepted());
    let asked = newest_request(&shop).await["id"].as_str().unwrap().to_owned();
    assert!(shop.merge(kept, lost).await.is_accepted());
    shop.advance_days(4).await;
    completed(&shop, &asked).await;

    let ghost = customer(&shop, &loser).await;
    assert_eq!((&ghost["state"], &ghost["merged_into"]), (&json!("erased"), &Value::from(kept.id().await)));
    assert_eq!(ghost["external_id"], Value::Null);
    assert_eq!(lost.find().await, Value::Null, "the deleted id leads nowhere");
    assert_eq!(kept.available().await, 70, "the survivor has the points");
    assert_eq!(kept.find().await["state"], "member");

    // The survivor answers for the loser's orders and codes.
    let bought = kept.order(20_00).with_code(&code);
    assert!(bought.deliver().await.is_accepted());
    assert!(bought.full_refund().deliver().await.is_accepted());
    assert_eq!(kept.available().await, 80, "the code was the survivor's: its 10 points came back");
    assert!(order.full_refund().deliver().await.is_accepted());
    assert_eq!(kept.available().await, 30, "the loser's order is reversed on the survivor");
    // Also a body that still names the deleted id.
    let told = order.later(|order| order.phone = None).tell("orders/updated").await;
    assert!(!told.is("parked"), "{told:?}");
    kept.books_balance().await;

    let certificate = shop.api.get(&format!("/v1/gdpr_requests/{asked}/certificate")).document().await;
    assert_eq!((&certificate["scope"], &certificate["customer_ids"]), (&json!("merged_profile"), &json!([loser])));
    let handed = certificate["steps"].as_array().unwrap().iter().find(|step| step["step"] == "hand_over").unwrap();
    assert_eq!(handed["evidence"], json!({ "orders": 1, "codes": 1 }));
}

#[tokio::test]
async fn forgetting_the_survivor_forgets_every_profile_that_was_merged_into_theirs() {
    let shop = Shop::open().await;
    let (first, second, last) = (shop.shopper(), shop.shopper(), shop.shopper());
    let orders = [first.order(10_00), second.order(20_00), last.order(30_00)];
    for order in &orders {
        assert!(order.deliver().await.is_accepted());
    }
    let ids = [first.id().await, second.id().await, last.id().await];
    assert!(shop.merge(second, first).await.is_accepted());
    assert!(shop.merge(last, second).await.is_accepted());
    let asked = forget(&shop, &ids[2]).await;
    for id in &ids {
        assert_eq!(customer(&shop, id).await["state"], "erased");
    }
    for order in &orders {
        assert!(order.full_refund().deliver().await.is("ignored"));
    }
    let balance = shop.api.get(&format!("/v1/customers/{}/balance", ids[2])).query("min_position", shop.seen());
    assert_eq!(balance.document().await["lifetime_forfeited"], 60);
    let certificate = shop.api.get(&format!("/v1/gdpr_requests/{asked}/certificate")).document().await;
    let mut named: Vec<&str> =
        certificate["customer_ids"].as_array().unwrap().iter().map(|id| id.as_str().unwrap()).collect();
    let mut expected: Vec<&str> = ids.iter().map(String::as_str).collect();
    named.sort_unstable();
    expected.sort_unstable();
    assert_eq!(named, expected);
}

#[tokio::test]
async fn a_merge_with_somebody_forgotten_moves_nothing() {
    let shop = Shop::open().await;
    let (forgotten, other) = (shop.shopper(), shop.shopper());
    for shopper in [forgotten, other] {
        assert!(shopper.order(50_00).deliver().await.is_accepted());
    }
    forget(&shop, &forgotten.id().await).await;
    for merge in [shop.merge(other, forgotten).await, shop.merge(forgotten, other).await] {
        assert!(merge.is("ignored"), "{merge:?}");
    }
    assert_eq!(other.available().await, 50);
}
