//! Every past segment can be asked for, and explained.

use serde_json::Value;

use super::kit::{counted, inhabited, next_window, rfm_as_of, rfm_of, segments, standing, stands};
use crate::support::Shop;

async fn counts_as_of(shop: &Shop, as_of: &str) -> Value {
    shop.api.get("/v1/rfm/segments").query("as_of", as_of).document().await
}

#[tokio::test]
async fn segments_and_scores_are_answered_as_of_any_past_moment() {
    let shop = Shop::open().await;
    let ada = shop.shopper();
    assert!(ada.order(50_00).deliver().await.is_accepted());
    let unscored = shop.seen().to_string();
    next_window(&shop).await;
    let (new_at, new_day) = (shop.seen().to_string(), shop.now().to_rfc3339()[..10].to_owned());
    shop.advance_days(2).await;
    assert!(ada.order(200_00).deliver().await.is_accepted());
    shop.settle().await;
    let later = shop.now().to_rfc3339();
    shop.advance_days(100).await;
    assert_eq!(standing(&rfm_of(ada).await), stands("hibernating", "322", 2, 250_00));

    assert_eq!(standing(&rfm_as_of(ada, &new_at).await), stands("new", "511", 1, 50_00));
    assert_eq!(standing(&rfm_as_of(ada, &new_day).await), stands("new", "511", 1, 50_00));
    let between = rfm_as_of(ada, &later).await;
    assert_eq!(standing(&between), stands("promising", "522", 2, 250_00));
    assert!(between["reasons"][0]["text"].as_str().unwrap().contains("at most 30 days score 5"), "{between:#}");
    let at_position = rfm_as_of(ada, &new_at).await["as_of"].clone();
    assert_eq!(at_position["position"].to_string(), new_at);
    assert!(at_position["time"].as_str().is_some_and(|time| *time < *later), "as of then, not of now: {at_position}");
    let before = rfm_as_of(ada, &unscored).await;
    assert_eq!((&before["segment"], &before["window"]), (&"prospect".into(), &Value::Null));

    assert_eq!(inhabited(&segments(&shop).await), counted([("hibernating", 1)]));
    assert_eq!(inhabited(&counts_as_of(&shop, &new_at).await), counted([("new", 1)]));
    assert_eq!(inhabited(&counts_as_of(&shop, &new_day).await), counted([("new", 1)]));
    assert_eq!(inhabited(&counts_as_of(&shop, &later).await), counted([("promising", 1)]));
    assert_eq!(counts_as_of(&shop, &unscored).await["buyers"], 0);
    let nonsense = shop.api.get("/v1/rfm/segments").query("as_of", "yesterday").send().await;
    assert_eq!((nonsense.status.as_u16(), nonsense.code()), (400, "malformed_request"));
}

#[tokio::test]
async fn a_movement_between_days_that_are_none_is_refused() {
    let shop = Shop::open().await;
    let between = |from: &str, to: &str| shop.api.get("/v1/rfm/segments/movement").query("from", from).query("to", to);
    let backwards = between("2026-11-22", "2026-11-21").send().await;
    assert_eq!((backwards.status.as_u16(), backwards.code()), (422, "invalid"));
    let nonsense = between("2026-11-31", "2026-12-01").send().await;
    assert_eq!((nonsense.status.as_u16(), nonsense.code()), (400, "malformed_request"));
    let empty = between("2026-11-21", "2026-11-22").document().await;
    assert_eq!(empty["moves"].as_array().map(Vec::len), Some(0));
}
