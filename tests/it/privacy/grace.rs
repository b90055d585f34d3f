//! A redact of the shop rests before it is executed; somebody can end its rest, hold it or refuse it.

use reqwest::StatusCode;
use serde_json::{Value, json};

use super::kit::{completed, customer, newest_request, redact, redact_of, request};
use crate::support::Shop;

#[tokio::test]
async fn a_redact_of_the_shop_rests_for_its_grace_and_is_then_executed() {
    let shop = Shop::open().await;
    let ada = shop.shopper();
    assert!(ada.order(50_00).deliver().await.is_accepted());
    let id = ada.id().await;
    let first = redact(ada).await;
    assert!(first.is_accepted(), "{first:?}");
    let again = redact(ada).await;
    assert!(again.is_duplicate(), "{again:?}");
    assert_eq!(again.position, first.position);

    let resting = newest_request(&shop).await;
    assert_eq!((&resting["state"], &resting["source"]), (&json!("verified"), &json!("shop")));
    assert_eq!(resting["customer_id"], Value::from(id.clone()));
    shop.advance_days(2).await;
    assert_eq!(ada.available().await, 50, "72 hours are not over");
    shop.advance_days(2).await;
    let asked = resting["id"].as_str().unwrap();
    completed(&shop, asked).await;
    assert_eq!(customer(&shop, &id).await["state"], "erased");
    let repeated = redact(ada).await;
    assert!(repeated.is("ignored"), "{repeated:?}");
    assert_eq!(newest_request(&shop).await["id"], resting["id"], "it made no other request");
}

#[tokio::test]
async fn the_merchant_sets_how_long_it_rests() {
    let shop = Shop::open().await;
    shop.publish(json!({ "redact_grace_hours": 0 })).await;
    let ada = shop.shopper();
    assert!(ada.order(50_00).deliver().await.is_accepted());
    assert!(redact(ada).await.is_accepted());
    let asked = newest_request(&shop).await["id"].as_str().unwrap().to_owned();
    completed(&shop, &asked).await;
}

#[tokio::test]
async fn a_merchant_can_end_the_rest_with_a_reason() {
    let shop = Shop::open().await;
    let ada = shop.shopper();
    assert!(ada.order(50_00).deliver().await.is_accepted());
    assert!(redact(ada).await.is_accepted());
    let asked = newest_request(&shop).await["id"].as_str().unwrap().to_owned();
    let path = format!("/v1/gdpr_requests/{asked}/execute");
    let unreasoned = shop.api.post(&path, &json!({ "reason": " " })).send().await;
    assert_eq!((unreasoned.status.as_u16(), unreasoned.code()), (422, "invalid"));
    assert_eq!(
        shop.api.post(&path, &json!({ "reason": "no merge under way" })).send().await.status,
        StatusCode::CREATED
    );
    completed(&shop, &asked).await;
}

#[tokio::test]
async fn a_held_request_destroys_nothing_until_it_is_released() {
    let shop = Shop::open().await;
    let ada = shop.shopper();
    assert!(ada.order(50_00).deliver().await.is_accepted());
    let id = ada.id().await;
    assert!(redact(ada).await.is_accepted());
    let asked = newest_request(&shop).await["id"].as_str().unwrap().to_owned();
    let act = |action: &str, reason: &str| {
        shop.api.post(&format!("/v1/gdpr_requests/{asked}/{action}"), &json!({ "reason": reason })).send()
    };
    let held = act("hold", "a lawsuit").await;
    assert_eq!((held.status, &held.body["state"]), (StatusCode::CREATED, &json!("held")));
    let executed = act("execute", "now").await;
    assert_eq!((executed.status.as_u16(), executed.code()), (409, "request_held"));
    // Nor by another request about the same person: the hold is on the keys.
    let other = json!({ "type": "customers/redact", "customer_id": id });
    let other = shop.api.post_once("/v1/gdpr_requests", &other).document().await;
    shop.advance_days(10).await;
    assert_eq!(request(&shop, &asked).await["state"], "held");
    assert_eq!(request(&shop, other["id"].as_str().unwrap()).await["state"], "verified");
    assert_eq!(ada.available().await, 50);
    assert_eq!(ada.find().await["state"], "member");

    let released = act("release", "").await;
    assert_eq!(released.status, StatusCode::CREATED, "{}", released.body);
    completed(&shop, &asked).await;
    completed(&shop, other["id"].as_str().unwrap()).await;
    assert_eq!(customer(&shop, &id).await["state"], "erased");
    let late = act("hold", "too late").await;
    assert_eq!((late.status.as_u16(), late.code()), (409, "customer_erased"));
}

#[tokio::test]
async fn a_refused_request_is_not_executed() {
    let shop = Shop::open().await;
    let ada = shop.shopper();
    assert!(ada.order(50_00).deliver().await.is_accepted());
    assert!(redact(ada).await.is_accepted());
    let asked = newest_request(&shop).await["id"].as_str().unwrap().to_owned();
    let path = format!("/v1/gdpr_requests/{asked}/refuse");
    let refused = shop.api.post(&path, &json!({ "reason": "a duty to keep" })).document().await;
    assert_eq!((&refused["state"], refused["closed_at"].is_string()), (&json!("refused"), true));
    shop.advance_days(10).await;
    assert_eq!(ada.available().await, 50);
}

#[tokio::test]
async fn one_about_a_stranger_is_complete_and_says_so() {
    let shop = Shop::open().await;
    let nobody = shop.shopper();
    let first = redact(nobody).await;
    assert!(first.is_accepted(), "{first:?}");
    let asked = newest_request(&shop).await;
    assert_eq!((&asked["state"], &asked["outcome"]), (&json!("completed"), &json!("stranger")));
    assert_eq!(asked["customer_id"], Value::Null);
    assert!(redact(nobody).await.is_duplicate());
    // They are no stranger any more once they buy something; the same words, sent earlier, are not about that.
    assert!(nobody.order(50_00).deliver().await.is_accepted());
    assert!(redact(nobody).await.is_duplicate());
    shop.advance_days(10).await;
    assert_eq!(nobody.available().await, 50);
    let path = format!("/v1/gdpr_requests/{}/certificate", asked["id"].as_str().unwrap());
    let certificate = shop.api.get(&path).document().await;
    assert_eq!((&certificate["outcome"], &certificate["steps"]), (&json!("stranger"), &json!([])));
}

#[tokio::test]
async fn two_redacts_about_one_person_end_in_one_erasure() {
    let shop = Shop::open().await;
    shop.publish(json!({ "redact_grace_hours": 0 })).await;
    let ada = shop.shopper();
    let order = ada.order(50_00);
    assert!(order.deliver().await.is_accepted());
    let id = ada.id().await;
    let (one, other) = (redact_of(ada, &[]), redact_of(ada, &[order.id()]));
    let (one, other) = futures::join!(shop.deliver("customers/redact", &one), shop.deliver("customers/redact", &other));
    assert!(one.is_accepted() && !other.is("parked"), "{one:?} {other:?}");
    let page = shop.api.get("/v1/gdpr_requests").query("min_position", shop.seen()).document().await;
    for asked in page["data"].as_array().unwrap() {
        completed(&shop, asked["id"].as_str().unwrap()).await;
    }
    let path = format!("/v1/customers/{id}/balance");
    let balance = shop.api.get(&path).query("min_position", shop.seen()).document().await;
    assert_eq!((&balance["available"], &balance["lifetime_forfeited"]), (&json!(0), &json!(50)), "once");
}

#[tokio::test]
async fn an_address_that_several_people_have_names_nobody_for_certain() {
    let shop = Shop::open().await;
    shop.publish(json!({ "redact_grace_hours": 0 })).await;
    let family = format!("family-{}@example.com", shop.fresh_id());
    let people = [shop.shopper(), shop.shopper()];
    for person in people {
        let order = person.order(50_00).with(|order| order.email = Some(family.clone()));
        assert!(order.deliver().await.is_accepted());
    }
    let body =
        json!({ "shop_id": 1, "shop_domain": shop.domain, "customer": { "email": family }, "orders_to_redact": [] });
    assert!(shop.deliver("customers/redact", &body.to_string()).await.is_accepted());
    let asked = newest_request(&shop).await;
    assert_eq!((&asked["state"], &asked["customer_id"]), (&json!("received"), &Value::Null));
    shop.advance_days(29).await;
    for person in people {
        assert_eq!(person.available().await, 50);
    }
    assert_eq!(request(&shop, asked["id"].as_str().unwrap()).await["urgency"], "due_soon");
}
