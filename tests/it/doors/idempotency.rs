//! A client that did not get its answer asks again, under the key of its first request.

use futures::future::join_all;
use serde_json::{Value, json};

use crate::support::{Answer, Shop, Shopper};

async fn post(shopper: Shopper<'_>, what: &str, key: &str, document: &Value) -> Answer {
    let path = shopper.path(what).await;
    let answer = shopper.shop.api.post(&path, document).header("Idempotency-Key", key).send().await;
    shopper.shop.has_seen(answer.body["position"].as_u64());
    answer
}

async fn with_points(shop: &Shop) -> Shopper<'_> {
    let ada = shop.shopper();
    assert!(ada.order(100_00).deliver().await.is_accepted());
    ada
}

/// Where points move, and what moves them there.
type Route = (&'static str, fn(i64) -> Value);

const ROUTES: [Route; 2] = [
    ("points_adjustments", |points| json!({ "points": points, "reason": "goodwill" })),
    ("reward_redemptions", |points| json!({ "points": points })),
];

#[tokio::test]
async fn where_points_move_a_key_is_required() {
    let shop = Shop::open().await;
    let ada = with_points(&shop).await;
    for (what, request) in ROUTES {
        let path = ada.path(what).await;
        for call in [
            shop.api.post(&path, &request(5)),
            shop.api.post(&path, &request(5)).header("Idempotency-Key", " "),
            shop.api.post(&path, &request(5)).header("Idempotency-Key", "\"\""),
        ] {
            let refused = call.send().await;
            assert_eq!((refused.status.as_u16(), refused.code()), (400, "missing_idempotency_key"), "{what}");
        }
        let long = post(ada, what, &"k".repeat(256), &request(5)).await;
        assert_eq!((long.status.as_u16(), long.code()), (422, "invalid"), "{what}");
    }
    assert_eq!(ada.available().await, 100);
}

#[tokio::test]
async fn a_repeated_request_gets_the_answer_of_the_first_and_has_no_effect() {
    let shop = Shop::open().await;
    let ada = with_points(&shop).await;
    for (what, request) in ROUTES {
        let first = post(ada, what, "a key with a name in it: Ada", &request(5)).await;
        assert_eq!((first.status.as_u16(), first.header("idempotent-replayed")), (201, ""), "{what}: {}", first.body);
        let again = post(ada, what, "a key with a name in it: Ada", &request(5)).await;
        assert_eq!((again.status.as_u16(), again.header("idempotent-replayed")), (201, "true"), "{what}");
        assert_eq!(again.body, first.body, "{what}");

        // Also when the world has gone on meanwhile.
        assert!(ada.order(10_00).deliver().await.is_accepted());
        let much_later = post(ada, what, "\"a key with a name in it: Ada\"", &request(5)).await;
        assert_eq!(much_later.body, first.body, "{what}");
    }
    assert_eq!(ada.available().await, 100 + 5 - 5 + 20);
}

#[tokio::test]
async fn a_key_stands_for_one_content_and_for_one_route() {
    let shop = Shop::open().await;
    let ada = with_points(&shop).await;
    for (what, request) in ROUTES {
        assert_eq!(post(ada, what, "one key", &request(5)).await.status, 201, "another route is another key");
        let reused = post(ada, what, "one key", &request(6)).await;
        assert_eq!((reused.status.as_u16(), reused.code()), (422, "idempotency_key_reused"), "{what}");
    }
    let other_reason = json!({ "points": 5, "reason": "something else" });
    let reused = post(ada, "points_adjustments", "one key", &other_reason).await;
    assert_eq!((reused.status.as_u16(), reused.code()), (422, "idempotency_key_reused"));
    assert_eq!(ada.available().await, 100);
}

#[tokio::test]
async fn a_refusal_is_not_remembered() {
    let shop = Shop::open().await;
    let ada = with_points(&shop).await;
    let wish = json!({ "points": 150 });
    let refused = post(ada, "reward_redemptions", "patience", &wish).await;
    assert_eq!((refused.status.as_u16(), refused.code()), (422, "insufficient_points"));
    assert!(ada.order(50_00).deliver().await.is_accepted());
    assert_eq!(post(ada, "reward_redemptions", "patience", &wish).await.status, 201);
    assert_eq!(ada.available().await, 0);
}

#[tokio::test]
async fn the_same_request_many_times_at_once_has_one_effect() {
    let shop = Shop::open().await;
    let ada = with_points(&shop).await;
    for (what, request) in ROUTES {
        let document = request(5);
        let answers = join_all((0..8).map(|_| post(ada, what, "at once", &document))).await;
        assert!(answers.iter().all(|answer| answer.status == 201), "{what}: {answers:#?}");
        let first = answers.iter().filter(|answer| answer.header("idempotent-replayed").is_empty()).count();
        assert_eq!(first, 1, "{what}: {answers:#?}");
        assert!(answers.iter().all(|answer| answer.body == answers[0].body), "{what}: {answers:#?}");
    }
    assert_eq!(ada.ledger().await.len(), 3);
    assert_eq!(ada.available().await, 100);
}

#[tokio::test]
async fn a_request_repeated_after_a_merge_is_still_the_same_request() {
    let shop = Shop::open().await;
    let (ada, bob) = (with_points(&shop).await, with_points(&shop).await);
    let path = ada.path("points_adjustments").await;
    let request = || shop.api.post(&path, &json!({ "points": 5, "reason": "goodwill" })).header("Idempotency-Key", "k");
    let first = request().send().await;
    assert_eq!(first.status, 201);
    assert!(shop.merge(bob, ada).await.is_accepted());
    let again = request().send().await;
    assert_eq!((again.status.as_u16(), again.header("idempotent-replayed")), (201, "true"), "{}", again.body);
    assert_eq!(again.body["position"], first.body["position"]);
    assert_eq!(bob.available().await, 205);
}

#[tokio::test]
async fn a_key_that_was_used_for_one_customer_is_another_request_for_any_other() {
    let shop = Shop::open().await;
    let (ada, bob) = (with_points(&shop).await, with_points(&shop).await);
    for (what, request) in ROUTES {
        assert_eq!(post(ada, what, "shared", &request(5)).await.status, 201, "{what}");
        let refused = post(bob, what, "shared", &request(5)).await;
        assert_eq!((refused.status.as_u16(), refused.code()), (422, "idempotency_key_reused"), "{what}");
        let failed = post(ada, what, "failed", &request(1_000_000_000_000_000)).await;
        assert_eq!(failed.status, 422, "{what}");
        assert_eq!(post(bob, what, "failed", &request(5)).await.status, 201, "a refusal leaves its key free: {what}");
    }
    assert_eq!(bob.available().await, 100);
}
