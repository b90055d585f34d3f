//! Restriction of processing, and objection to profiling.

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::{
    rfm::kit::{next_window, rfm_of},
    support::{Installation, Shop},
};

async fn shown(shop: &Shop, shopper: crate::support::Shopper<'_>) -> (Value, Value) {
    shop.has_seen_everything_of(Installation::shared()).await;
    let found = shopper.find().await;
    (found["restricted"].clone(), found["objects_to_profiling"].clone())
}

#[tokio::test]
async fn what_a_customer_has_ruled_out_is_shown_until_it_is_lifted() {
    let shop = Shop::open().await;
    let ada = shop.shopper();
    assert!(ada.order(50_00).deliver().await.is_accepted());
    assert_eq!(shown(&shop, ada).await, (json!(false), json!(false)));
    for (what, expected) in [("restriction", (json!(true), json!(false))), ("objection", (json!(true), json!(true)))] {
        let path = ada.path(what).await;
        let imposed = shop.api.post(&path, &json!({ "reason": "she said so" })).document().await;
        let again = shop.api.post(&path, &json!({ "reason": "she said so again" })).document().await;
        assert_eq!(again["position"], imposed["position"], "once");
        assert_eq!(shown(&shop, ada).await, expected);
    }
    assert!(ada.order(10_00).deliver().await.is_accepted(), "points go on");
    for (what, expected) in [("restriction", (json!(false), json!(true))), ("objection", (json!(false), json!(false)))]
    {
        let lifted = shop.api.call(Method::DELETE, &ada.path(what).await).send().await;
        assert_eq!(lifted.status, StatusCode::OK, "{}", lifted.body);
        assert_eq!(shown(&shop, ada).await, expected);
    }
    let unreasoned = shop.api.post(&ada.path("restriction").await, &json!({ "reason": "" })).send().await;
    assert_eq!((unreasoned.status.as_u16(), unreasoned.code()), (422, "invalid"));
}

#[tokio::test]
async fn a_merge_takes_along_what_the_deleted_profile_had_ruled_out() {
    let shop = Shop::open().await;
    let (lost, kept) = (shop.shopper(), shop.shopper());
    for shopper in [lost, kept] {
        assert!(shopper.order(50_00).deliver().await.is_accepted());
    }
    shop.api.post(&lost.path("objection").await, &json!({ "reason": "no profiles" })).document().await;
    assert!(shop.merge(kept, lost).await.is_accepted());
    assert_eq!(shown(&shop, kept).await, (json!(false), json!(true)));
}

#[tokio::test]
async fn who_rules_it_out_has_no_segment_from_the_next_window_on_and_one_again_when_it_is_lifted() {
    let shop = Shop::open().await;
    let (ada, bea, cyd) = (shop.shopper(), shop.shopper(), shop.shopper());
    for shopper in [ada, bea, cyd] {
        assert!(shopper.order(50_00).deliver().await.is_accepted());
    }
    next_window(&shop).await;
    for shopper in [ada, bea, cyd] {
        assert!(rfm_of(shopper).await["scores"].is_object());
    }
    for (shopper, what) in [(ada, "restriction"), (bea, "objection")] {
        let path = shopper.path(what).await;
        let imposed = shop.api.post(&path, &json!({ "reason": "asked by letter" })).document().await;
        shop.has_seen(imposed["position"].as_u64());
    }
    // Not by an order either, which is looked at without waiting for a window.
    assert!(ada.order(10_00).deliver().await.is_accepted());
    next_window(&shop).await;
    for shopper in [ada, bea] {
        let shown = rfm_of(shopper).await;
        assert_eq!((&shown["scores"], &shown["numbers"]), (&Value::Null, &Value::Null), "{shown}");
    }
    assert!(rfm_of(cyd).await["scores"].is_object(), "others go on");
    for (shopper, what) in [(ada, "restriction"), (bea, "objection")] {
        let lifted = shop.api.call(Method::DELETE, &shopper.path(what).await).document().await;
        shop.has_seen(lifted["position"].as_u64());
    }
    next_window(&shop).await;
    for shopper in [ada, bea] {
        assert!(rfm_of(shopper).await["scores"].is_object());
    }
}
