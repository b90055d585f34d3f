//! What a merchant can set of badges.

use serde_json::{Value, json};

use super::kit::first_order;
use crate::support::Shop;

#[tokio::test]
async fn badges_are_read_with_a_tag_and_written_only_on_what_was_read() {
    let shop = Shop::open().await;
    let before = shop.api.get("/v1/badges").send().await;
    assert_eq!((before.header("etag"), &before.body["badges"]), ("\"1\"", &json!([])));
    let document = json!({ "badges": [first_order(50)] });
    assert_eq!(shop.api.put("/v1/badges", &document).send().await.status, 428);
    let stale = shop.api.put("/v1/badges", &document).header("If-Match", "\"7\"").send().await;
    assert_eq!((stale.status.as_u16(), stale.code()), (412, "stale_settings"));
    let written = shop.api.put("/v1/badges", &document).header("If-Match", "\"1\"").send().await;
    assert_eq!((written.status.as_u16(), written.header("etag")), (200, "\"2\""), "{}", written.body);
    let again = shop.api.put("/v1/badges", &written.body).header("If-Match", "\"2\"").document().await;
    assert_eq!(again["badges"], written.body["badges"]);
}

#[tokio::test]
async fn settings_that_do_not_name_badges_leave_them_as_they_are() {
    let shop = Shop::open().await;
    let put = shop.api.put("/v1/badges", &json!({ "badges": [first_order(50)] })).header("If-Match", "\"1\"");
    put.document().await;
    let published = shop.api.put("/v1/program_settings", &json!({ "hold": { "days": 3 } })).header("If-Match", "\"2\"");
    assert_eq!(published.document().await["badges"][0]["id"], "first_order");
}

#[tokio::test]
async fn what_cannot_stand_is_named() {
    let shop = Shop::open().await;
    let with = |field: &str, value: Value| {
        let mut badge = first_order(0);
        badge[field] = value;
        badge
    };
    let wrong = [
        (json!([with("id", "First Order".into())]), "/badges/0/id"),
        (json!([with("name", " ".into())]), "/badges/0/name"),
        (json!([with("points", (-1).into())]), "/badges/0/points"),
        (json!([with("counts_from", "2026".into())]), "/badges/0/counts_from"),
        (json!([with("rule", json!({ "kind": "orders", "count": 0 }))]), "/badges/0/rule/count"),
        (
            json!([with("rule", json!({ "kind": "spend", "amount_minor": 1, "currency": "euro" }))]),
            "/badges/0/rule/currency",
        ),
        (json!([with("rule", json!({ "kind": "referrals", "count": 0 }))]), "/badges/0/rule/count"),
        (json!([first_order(0), first_order(1)]), "/badges/1/id"),
    ];
    for (badges, pointer) in wrong {
        let put = shop.api.put("/v1/badges", &json!({ "badges": badges })).header("If-Match", "\"1\"");
        let answer = put.send().await;
        assert_eq!((answer.status.as_u16(), answer.body["pointer"].as_str()), (422, Some(pointer)), "{}", answer.body);
    }
}
