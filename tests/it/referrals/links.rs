//! Links: made once, followed by anybody, found in an order wherever a code can stand.

use reqwest::{Client, redirect::Policy};
use serde_json::json;

use super::kit::*;
use crate::support::{Installation, Shop};

/// A shopper's browser, which does not leave us.
async fn follow(path: &str) -> reqwest::Response {
    let browser = Client::builder().redirect(Policy::none()).build().unwrap();
    browser.get(format!("{}{path}", Installation::shared().url)).send().await.unwrap()
}

#[tokio::test]
async fn a_customer_has_one_link_however_often_it_is_asked_for() {
    let shop = Shop::open().await;
    let (advocate, link) = advocate(&shop).await;
    assert_eq!(link["status"], "active");
    assert!(link["url"].as_str().unwrap().ends_with(&format!("/r/{}", code(&link))));
    assert!(link["share"]["sms"].as_str().unwrap().contains(link["url"].as_str().unwrap()));
    let texts = link["share_by_language"].as_object().unwrap();
    assert_eq!(texts.keys().collect::<Vec<_>>(), ["de", "en"]);
    assert_eq!((&texts["en"], texts["de"] != texts["en"]), (&link["share"], true), "a new shop's mails are in English");
    let again = ask_for_link(advocate, &json!({})).await;
    assert_eq!((&again.body["id"], again.header("idempotent-replayed")), (&link["id"], "true"));

    let asked = json!({ "customer_id": advocate.id().await });
    let keyless = shop.api.post("/v1/referrals", &asked).send().await;
    assert_eq!((keyless.status.as_u16(), keyless.code()), (400, "missing_idempotency_key"));
    let other = shop.shopper();
    assert!(other.order(10_00).deliver().await.is_accepted());
    let key = "the same key";
    assert_eq!(shop.api.post("/v1/referrals", &asked).header("Idempotency-Key", key).send().await.status, 201);
    let asked = json!({ "customer_id": other.id().await });
    let reused = shop.api.post("/v1/referrals", &asked).header("Idempotency-Key", key).send().await;
    assert_eq!((reused.status.as_u16(), reused.code()), (422, "idempotency_key_reused"));

    let of_customer = shop.api.get(&advocate.path("referrals").await).query("min_position", shop.seen());
    let of_customer = of_customer.document().await;
    assert_eq!((&of_customer["links"][0]["id"], &of_customer["data"]), (&link["id"], &json!([])));
}

#[tokio::test]
async fn whoever_follows_a_link_is_sent_on_with_the_code_and_counted() {
    let shop = Shop::open().await;
    let (_, link) = advocate(&shop).await;
    for path in [code(&link).to_owned(), code(&link).to_lowercase()] {
        let answer = follow(&format!("/r/{path}")).await;
        assert_eq!(answer.status(), 302);
        let target = answer.headers()["location"].to_str().unwrap();
        assert_eq!(target, format!("https://{}/?ref={}", shop.domain, code(&link)));
        assert_eq!(answer.headers()["referrer-policy"], "no-referrer");
    }
    shop.settle().await;
    let path = format!("/v1/referrals/{}", link["id"].as_str().unwrap());
    let counted = shop.api.get(&path).query("min_position", shop.seen()).document().await;
    assert_eq!(counted["clicks"], 2);
    let other = code(&link).replace(|letter: char| letter.is_ascii_digit(), "Z");
    for nowhere in ["SUMMER20", other.as_str(), "%00"] {
        assert_eq!(follow(&format!("/r/{nowhere}")).await.status(), 404, "{nowhere}");
    }
}

#[tokio::test]
async fn a_code_is_found_on_the_landing_page_and_as_a_coupon() {
    let shop = Shop::open().await;
    let (_, link) = advocate(&shop).await;
    let (landed, couponed, stranger) = (shop.shopper(), shop.shopper(), shop.shopper());
    let landing = format!("/?utm_source=x&ref={}", code(&link).to_lowercase());
    let order = landed.order(50_00).with(|order| order.landing_site = Some(landing));
    assert!(order.deliver().await.is_accepted());
    assert!(couponed.order(50_00).with_code(code(&link)).deliver().await.is_accepted());
    assert!(stranger.order(50_00).with_code("SUMMER20").deliver().await.is_accepted());
    assert_eq!((status_of(landed).await.as_str(), status_of(couponed).await.as_str()), ("pending", "pending"));
    let listed = shop.api.get("/v1/referrals").query("status", "pending").query("min_position", shop.seen());
    assert_eq!(listed.document().await["data"].as_array().unwrap().len(), 2);
    let unknown = shop.api.get("/v1/referrals").query("status", "lost").send().await;
    assert_eq!((unknown.status.as_u16(), unknown.code()), (422, "invalid"));
}

#[tokio::test]
async fn an_expired_link_brings_nobody_and_is_replaced() {
    let shop = Shop::open().await;
    shop.publish(json!({ "referrals": { "link": { "days": 30 } } })).await;
    let (advocate, link) = advocate(&shop).await;
    shop.advance_days(31).await;
    let named = json!({ "external_id": "987654321" });
    let answer = name_friend(&shop, &link, &named).await;
    assert_eq!((answer.status.as_u16(), answer.code()), (409, "referral_link_ended"));
    let next = link_of(advocate).await;
    assert_ne!(next["id"], link["id"]);
    assert_eq!(name_friend(&shop, &next, &named).await.status, 201);
}

#[tokio::test]
async fn nobody_is_brought_twice_nor_by_themselves() {
    let shop = Shop::open().await;
    let (advocate, link) = advocate(&shop).await;
    let own = json!({ "external_id": advocate.external_id.to_string() });
    let answer = name_friend(&shop, &link, &own).await;
    assert_eq!((answer.status.as_u16(), answer.code()), (422, "self_referral"));
    assert!(order_through(advocate, &link, 50_00).deliver().await.is_accepted(), "an order is an order");

    let (rival, friend) = (shop.shopper(), shop.shopper());
    assert!(rival.order(10_00).deliver().await.is_accepted());
    let rivals = link_of(rival).await;
    let named = json!({ "external_id": friend.external_id.to_string() });
    assert_eq!(name_friend(&shop, &link, &named).await.status, 201);
    let late = name_friend(&shop, &rivals, &named).await;
    assert_eq!((late.status.as_u16(), late.code()), (409, "referred_by_another"));
    let nonsense = name_friend(&shop, &link, &json!({ "email": "nobody" })).await;
    assert_eq!((nonsense.status.as_u16(), &nonsense.body["pointer"]), (422, &json!("/email")));
}
