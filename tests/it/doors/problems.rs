//! Every refusal has the same shape.

use gateway::problem::Code;
use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{Answer, Installation, Shop};

fn is_a_problem(answer: &Answer, status: u16, code: &str) {
    assert_eq!((answer.status.as_u16(), answer.code()), (status, code), "{}", answer.body);
    assert_eq!(answer.header("content-type"), "application/problem+json");
    let document = answer.body.as_object().unwrap();
    assert_eq!(document["type"], format!("/docs/errors#{code}"));
    assert_eq!(document["status"], status);
    assert_eq!(document["retryable"], status == 503);
    let known = Code::ALL.iter().find(|known| known.as_str() == code).unwrap();
    assert_eq!((document["title"].as_str(), known.status().as_u16()), (Some(known.title()), status));
    let allowed = ["type", "title", "status", "code", "detail", "pointer", "retryable"];
    assert!(document.keys().all(|key| allowed.contains(&key.as_str())), "{}", answer.body);
}

#[tokio::test]
async fn whatever_is_wrong_with_a_request_is_told_in_one_shape() {
    let shop = Shop::open().await;
    let ada = shop.shopper();
    assert!(ada.order(10_00).deliver().await.is_accepted());
    let adjustments = ada.path("points_adjustments").await;
    let post = || shop.api.call(Method::POST, &adjustments).header("Idempotency-Key", "k");

    is_a_problem(&shop.api.get("/v1/nothing").send().await, 404, "not_found");
    is_a_problem(&shop.api.get("/nothing").send().await, 404, "not_found");
    is_a_problem(&post().text("{\"points\": 1").send().await, 400, "malformed_json");
    is_a_problem(&post().text("").send().await, 400, "malformed_json");
    is_a_problem(&shop.api.get("/v1/customers").query("limit", "all").send().await, 400, "malformed_request");
    is_a_problem(&shop.api.keyless(Method::GET, "/v1/customers").send().await, 401, "unauthorized");
    for document in [
        json!({}),
        json!({ "points": "5", "reason": "text" }),
        json!({ "points": 5.5, "reason": "a fraction" }),
        json!({ "points": 5, "reason": "x", "force": true }),
        json!([]),
    ] {
        is_a_problem(&post().json(&document).send().await, 422, "invalid");
    }
    let redemptions = ada.path("reward_redemptions").await;
    for (document, code) in [
        (json!({}), "invalid"),
        (json!({ "points": 1, "reward_id": "x" }), "invalid"),
        (json!({ "points": 0 }), "invalid"),
        (json!({ "points": -5 }), "invalid"),
        (json!({ "points": 11 }), "insufficient_points"),
        (json!({ "reward_id": "mug" }), "reward_not_found"),
    ] {
        is_a_problem(&shop.api.post_once(&redemptions, &document).send().await, 422, code);
    }
    let unknown = format!("{redemptions}/rrd_5c1ad9ea-0000-4000-8000-000000000000/cancel");
    is_a_problem(&shop.api.post(&unknown, &json!({})).send().await, 404, "not_found");
    is_a_problem(&shop.api.post(&format!("{redemptions}/x/cancel"), &json!({})).send().await, 404, "not_found");
    assert_eq!(ada.available().await, 10);
}

#[tokio::test]
async fn a_method_that_a_route_does_not_have_is_refused() {
    let shop = Shop::open().await;
    for (method, path) in [(Method::DELETE, "/v1/customers"), (Method::GET, "/webhooks/shopify")] {
        let refused = shop.api.call(method, path).send().await;
        is_a_problem(&refused, 405, "method_not_allowed");
        assert!(!refused.header("allow").is_empty(), "{path}");
    }
}

#[tokio::test]
async fn what_does_not_fit_is_named_by_its_place() {
    let shop = Shop::open().await;
    let rule = |rounding: &str| json!({ "id": "orders", "points_per_unit": "1", "rounding": rounding });
    let settings = json!({ "earning_rules": [rule("down"), rule("sideways")] });
    let refused = shop.api.put("/v1/program_settings", &settings).header("If-Match", "\"1\"").send().await;
    is_a_problem(&refused, 422, "invalid");
    assert_eq!(refused.body["pointer"], "/earning_rules/1/rounding");
    assert!(refused.body["detail"].as_str().unwrap().contains("`down`"), "{}", refused.body);
    let parameter = shop.api.get("/v1/customers").query("limit", "all").send().await;
    assert!(parameter.body["detail"].as_str().unwrap().contains("`limit`"), "{}", parameter.body);
}

#[tokio::test]
async fn the_one_character_that_cannot_be_stored_is_refused_and_a_shop_may_send_it() {
    let shop = Shop::open().await;
    let ada = shop.shopper();
    let order = ada.order(10_00).with(|order| order.name = "a\0b".to_owned());
    assert!(order.deliver().await.is_accepted());
    let product = json!({ "id": 7, "title": "a\0b", "vendor": null, "tags": "x,\0", "variants": [] }).to_string();
    assert!(shop.deliver("products/update", &product).await.is_accepted());
    let adjust = json!({ "points": 5, "reason": "a\0b" });
    is_a_problem(&shop.api.post_once(&ada.path("points_adjustments").await, &adjust).send().await, 422, "invalid");
    let collections = json!({ "collection_ids": ["1"] });
    let nowhere = shop.api.put("/v1/products/%00/collections", &collections).send().await;
    is_a_problem(&nowhere, 404, "not_found");
    is_a_problem(&shop.api.get("/v1/products?query=%00").send().await, 400, "malformed_request");
    shop.has_seen_everything_of(Installation::shared()).await;
    let listed = shop.api.get("/v1/products").document().await;
    assert_eq!(listed["data"][0]["title"], "a\u{fffd}b");
}

#[tokio::test]
async fn a_problem_repeats_nothing_of_what_was_submitted() {
    let shop = Shop::open().await;
    let ada = shop.shopper();
    assert!(ada.order(10_00).deliver().await.is_accepted());
    let path = ada.path("points_adjustments").await;
    let document = json!({ "points": "Ada Lovelace", "reason": "lost parcel", "e_mail": "ada@example.com" });
    let refused = shop.api.post_once(&path, &document).send().await;
    is_a_problem(&refused, 422, "invalid");
    let told = refused.body.to_string();
    for submitted in ["Lovelace", "parcel", "e_mail", "ada@example.com"] {
        assert!(!told.contains(submitted), "{told}");
    }
}

#[tokio::test]
async fn every_answer_to_a_call_has_an_id_of_its_own() {
    let shop = Shop::open().await;
    let ids = [shop.api.get("/v1/customers").send().await, shop.api.get("/v1/program_settings").send().await];
    let [first, second] = ids.map(|answer| Value::from(answer.header("request-id")));
    assert_ne!(first, "");
    assert_ne!(first, second);
    let nowhere = shop.api.get("/v1/nothing").send().await;
    assert!(!nowhere.header("request-id").is_empty(), "also where there is no door");
}

/// One byte more than an API call may bring.
const TOO_LARGE: usize = 1024 * 1024 + 1;

#[tokio::test]
async fn a_body_that_is_too_large_is_refused() {
    let shop = Shop::open().await;
    let ada = shop.shopper();
    assert!(ada.order(10_00).deliver().await.is_accepted());
    let path = ada.path("points_adjustments").await;
    let call = shop.api.call(Method::POST, &path).header("Idempotency-Key", "k");
    is_a_problem(&call.text(&"x".repeat(TOO_LARGE)).send().await, 413, "payload_too_large");
}
