//! Requests through the API: what is taken, what is refused, and what a repetition is.

use reqwest::StatusCode;
use serde_json::json;

use super::kit::{completed, request};
use crate::support::Shop;

#[tokio::test]
async fn a_repeated_request_is_the_same_request_and_its_key_stands_for_nothing_else() {
    let shop = Shop::open().await;
    let (ada, bob) = (shop.shopper(), shop.shopper());
    for shopper in [ada, bob] {
        assert!(shopper.order(50_00).deliver().await.is_accepted());
    }
    let asked = json!({ "type": "customers/redact", "customer_id": ada.id().await });
    let ask = |document| shop.api.post("/v1/gdpr_requests", document).header("Idempotency-Key", "please").send();
    let first = ask(&asked).await;
    assert_eq!(first.status, StatusCode::CREATED, "{}", first.body);
    let repeated = ask(&asked).await;
    assert_eq!((repeated.status, &repeated.body["id"]), (StatusCode::CREATED, &first.body["id"]));
    assert_eq!((repeated.header("idempotent-replayed"), &repeated.body["position"]), ("true", &first.body["position"]));
    let other = json!({ "type": "customers/redact", "customer_id": bob.id().await });
    let reused = ask(&other).await;
    assert_eq!((reused.status.as_u16(), reused.code()), (422, "idempotency_key_reused"));
    completed(&shop, first.body["id"].as_str().unwrap()).await;
    let late = ask(&asked).await;
    assert_eq!(
        (late.status, &late.body["id"], &late.body["state"]),
        (StatusCode::CREATED, &first.body["id"], &json!("completed"))
    );
    assert_eq!(bob.available().await, 50);
    for (open, listed) in [(false, 1), (true, 0)] {
        let page = shop.api.get("/v1/gdpr_requests").query("open", open).query("min_position", shop.seen());
        assert_eq!(page.document().await["data"].as_array().unwrap().len(), listed);
    }
}

#[tokio::test]
async fn what_cannot_be_asked_is_refused() {
    let shop = Shop::open().await;
    let ada = shop.shopper();
    assert!(ada.order(50_00).deliver().await.is_accepted());
    let id = ada.id().await;
    let nobody = format!("cus_{}", gateway::clock::new_id());
    for (document, status, code) in [
        (json!({ "type": "customers/redact", "customer_id": nobody }), 404, "not_found"),
        (json!({ "type": "customers/redact", "customer_id": "ada" }), 404, "not_found"),
        (json!({ "type": "shop/redact", "customer_id": id }), 422, "invalid"),
        (json!({ "type": "customers/redact" }), 422, "invalid"),
    ] {
        let answer = shop.api.post_once("/v1/gdpr_requests", &document).send().await;
        assert_eq!((answer.status.as_u16(), answer.code()), (status, code), "{document}");
    }
    let asked = json!({ "type": "customers/redact", "customer_id": id });
    let keyless = shop.api.post("/v1/gdpr_requests", &asked).send().await;
    assert_eq!((keyless.status.as_u16(), keyless.code()), (400, "missing_idempotency_key"));
    let foreign = Shop::open().await;
    let stranger = foreign.api.post_once("/v1/gdpr_requests", &asked).send().await;
    assert_eq!((stranger.status.as_u16(), stranger.code()), (404, "not_found"), "another merchant's customer");
    assert_eq!(ada.available().await, 50);
}

#[tokio::test]
async fn a_data_request_stays_open_until_it_is_answered() {
    let shop = Shop::open().await;
    let ada = shop.shopper();
    assert!(ada.order(50_00).deliver().await.is_accepted());
    let asked = json!({ "type": "customers/data_request", "customer_id": ada.id().await });
    let made = shop.api.post_once("/v1/gdpr_requests", &asked).document().await;
    assert_eq!((&made["state"], &made["urgency"]), (&json!("verified"), &json!("in_time")));
    let path = format!("/v1/gdpr_requests/{}", made["id"].as_str().unwrap());
    let none = shop.api.get(&format!("{path}/certificate")).send().await;
    assert_eq!((none.status.as_u16(), none.code()), (409, "request_not_open"));

    shop.advance_days(24).await;
    assert_eq!(request(&shop, made["id"].as_str().unwrap()).await["urgency"], "due_soon");
    shop.advance_days(7).await;
    assert_eq!(request(&shop, made["id"].as_str().unwrap()).await["urgency"], "overdue");
    let answered = shop.api.post(&format!("{path}/complete"), &json!({})).document().await;
    assert_eq!((&answered["state"], &answered["outcome"]), (&json!("completed"), &json!("answered")));
    assert_eq!(answered["urgency"], json!(null));
    assert_eq!(ada.available().await, 50, "nobody is forgotten for asking");
}

#[tokio::test]
async fn another_merchants_request_does_not_exist() {
    let (shop, foreign) = (Shop::open().await, Shop::open().await);
    let ada = shop.shopper();
    assert!(ada.order(50_00).deliver().await.is_accepted());
    let asked = json!({ "type": "customers/data_request", "customer_id": ada.id().await });
    let made = shop.api.post_once("/v1/gdpr_requests", &asked).document().await;
    let path = format!("/v1/gdpr_requests/{}", made["id"].as_str().unwrap());
    for path in [path.clone(), format!("{path}/certificate")] {
        assert_eq!(foreign.api.get(&path).send().await.status, StatusCode::NOT_FOUND);
    }
    for action in ["hold", "release", "execute", "complete", "refuse"] {
        let answer = foreign.api.post(&format!("{path}/{action}"), &json!({ "reason": "mine now" })).send().await;
        assert_eq!(answer.status, StatusCode::NOT_FOUND, "{action}");
    }
}
