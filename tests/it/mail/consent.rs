//! Who gets no mail, and how a reader ends it.

use reqwest::Method;
use serde_json::json;

use super::kit::{choose, enrolled, mails, open, outcome, outcomes, post_office, unsubscribe_path};

#[tokio::test]
async fn one_click_in_a_mail_ends_all_mail() {
    let shop = open(&["welcome", "points_earned"]).await;
    let (ada, address) = enrolled(&shop, "ada", "en").await;
    shop.settle().await;
    let path = unsubscribe_path(&mails(&address, 1).await[0]);

    // Programs follow links to look at them.
    let asked = shop.api.keyless(Method::GET, &path).header("Accept-Language", "de-DE").send().await;
    assert_eq!(asked.status, 200);
    assert!(asked.body.as_str().unwrap().contains("Keine E-Mails mehr"), "{}", asked.body);
    assert!(ada.order(10_00).deliver().await.is_accepted());
    shop.settle().await;
    assert_eq!(mails(&address, 2).await.len(), 2, "looking has changed nothing");

    let one_click = || shop.api.keyless(Method::POST, &path).text("List-Unsubscribe=One-Click");
    for _ in 0..2 {
        assert_eq!(one_click().send().await.status, 200);
    }
    assert!(ada.order(10_00).deliver().await.is_accepted());
    shop.settle().await;
    assert_eq!(outcomes(ada).await[0], outcome("points_earned", "skipped", "unsubscribed"));
    assert_eq!(post_office().mail_box.count(&address), 2);
    let entries = shop.api.get("/v1/audit_logs").query("min_position", shop.seen()).document().await;
    let chosen = entries["data"].as_array().unwrap().iter().filter(|entry| entry["action"] == "customer.mail_chosen");
    assert_eq!(chosen.count(), 1, "once on record");
}

#[tokio::test]
async fn a_link_that_nobody_has_given_out_ends_nothing_and_tells_nothing() {
    let shop = open(&["welcome"]).await;
    let (ada, address) = enrolled(&shop, "ada", "en").await;
    shop.settle().await;
    let path = unsubscribe_path(&mails(&address, 1).await[0]);
    let genuine = shop.api.keyless(Method::GET, &path).send().await;
    let last = if path.ends_with('0') { "1" } else { "0" };
    let forged = format!("{}{last}", &path[..path.len() - 1]);
    for path in [forged.as_str(), "/unsubscribe/", "/unsubscribe/x", "/unsubscribe/00"] {
        let looked = shop.api.keyless(Method::GET, path).send().await;
        let pressed = shop.api.keyless(Method::POST, path).text("List-Unsubscribe=One-Click").send().await;
        if path != "/unsubscribe/" {
            assert_eq!((looked.body, pressed.status.as_u16()), (genuine.body.clone(), 200), "{path}");
        }
    }
    let id = ada.id().await;
    let wanted = shop.api.put(&format!("/v1/customers/{id}/mail"), &json!({ "subscribed": true })).document().await;
    assert_eq!(wanted["mail"], "subscribed");
    let entries = shop.api.get("/v1/audit_logs").query("min_position", wanted["position"].clone()).document().await;
    let chosen = entries["data"].as_array().unwrap().iter().filter(|entry| entry["action"] == "customer.mail_chosen");
    assert_eq!(chosen.count(), 1, "only the merchant's");
}

#[tokio::test]
async fn who_is_restricted_or_forgotten_or_has_no_address_gets_nothing() {
    let shop = open(&["points_earned"]).await;
    let (restricted, _) = enrolled(&shop, "restricted", "en").await;
    let why = json!({ "reason": "asked by letter" });
    shop.api.post(&restricted.path("restriction").await, &why).document().await;
    assert!(restricted.order(10_00).deliver().await.is_accepted());
    let nameless = shop.shopper();
    assert!(nameless.order(10_00).with(|order| order.email = None).deliver().await.is_accepted());
    let (unwilling, _) = enrolled(&shop, "unwilling", "en").await;
    choose(unwilling, false).await;
    assert!(unwilling.order(10_00).deliver().await.is_accepted());
    shop.settle().await;
    assert_eq!(outcomes(restricted).await, [outcome("points_earned", "skipped", "restricted")]);
    assert_eq!(outcomes(nameless).await, [outcome("points_earned", "skipped", "no_address")]);
    assert_eq!(outcomes(unwilling).await, [outcome("points_earned", "skipped", "unsubscribed")]);
}

#[tokio::test]
async fn a_mail_to_somebody_who_is_forgotten_before_it_goes_is_never_sent() {
    let shop = open(&["welcome"]).await;
    let (reader, address) = enrolled(&shop, "busy", "en").await;
    shop.settle().await;
    assert_eq!(outcomes(reader).await, [outcome("welcome", "deferred", "")]);
    let ask = json!({ "type": "redact", "customer_id": reader.id().await });
    shop.api.post_once("/v1/gdpr_requests", &ask).document().await;
    shop.settle().await;
    shop.advance_days(1).await;
    assert_eq!(post_office().mail_box.count(&address), 0);
}
