//! Two gateways in front of one log: whoever takes a webhook in, it counts once.

use std::collections::BTreeSet;

use futures::future::join_all;
use serde_json::json;

use crate::support::{Installation, Shop, Shopper};

/// More than lie between two snapshots of an account.
const COMMITS: i64 = 40;

#[tokio::test]
async fn two_gateways_that_see_a_shopper_for_the_first_time_at_once_make_one_person() {
    let shop = Shop::open().await;
    let elsewhere = shop.at(Installation::second_gateway());
    let ada = shop.shopper();
    let ada_elsewhere = Shopper { shop: &elsewhere, external_id: ada.external_id };

    let orders: Vec<_> =
        (0..8_u32).map(|n| if n.is_multiple_of(2) { ada.order(50_00) } else { ada_elsewhere.order(50_00) }).collect();
    let deliveries = join_all(orders.iter().map(|order| order.deliver())).await;
    assert!(deliveries.iter().all(|delivery| delivery.is_accepted()), "{deliveries:?}");

    let positions: BTreeSet<_> = deliveries.iter().map(|delivery| delivery.position).collect();
    assert_eq!(positions.len(), 8, "{deliveries:?}");
    assert_eq!(ada.available().await, 400);
    assert_eq!(ada_elsewhere.available().await, 400);
    assert_eq!(ada.id().await, ada_elsewhere.id().await);
    let members = shop.api.get("/v1/customers").query("min_position", shop.seen()).document().await;
    assert_eq!(members["data"].as_array().unwrap().len(), 1, "{members}");
}

#[tokio::test]
async fn one_order_told_to_both_at_once_is_one_award() {
    let shop = Shop::open().await;
    let elsewhere = shop.at(Installation::second_gateway());
    let ada = shop.shopper();
    let order = ada.order(50_00).sample.body();
    let told =
        (0..8_u32).map(|n| (if n.is_multiple_of(2) { &shop } else { &elsewhere }).deliver("orders/create", &order));
    let deliveries = join_all(told).await;
    let accepted = deliveries.iter().filter(|delivery| delivery.is_accepted()).count();
    assert_eq!(accepted, 1, "{deliveries:#?}");
    let positions: BTreeSet<_> = deliveries.iter().map(|delivery| delivery.position).collect();
    assert_eq!(positions.len(), 1, "{deliveries:#?}");
    assert_eq!(ada.ledger().await, [("earn".to_owned(), 50)]);
}

#[tokio::test]
async fn the_same_points_cannot_be_spent_at_both() {
    let shop = Shop::open().await;
    let elsewhere = shop.at(Installation::second_gateway());
    let ada = shop.shopper();
    assert!(ada.order(50_00).deliver().await.is_accepted());
    let path = ada.path("reward_redemptions").await;
    let spend = |n: u32| {
        let api = if n.is_multiple_of(2) { &shop.api } else { &elsewhere.api };
        api.post_once(&path, &json!({ "points": 20 })).send()
    };
    let answers = join_all((0..8).map(spend)).await;
    answers.iter().for_each(|answer| shop.has_seen(answer.body["position"].as_u64()));
    let spent = answers.iter().filter(|answer| answer.status == 201).count();
    let refused = answers.iter().filter(|answer| answer.code() == "insufficient_points").count();
    assert_eq!((spent, refused), (2, 6), "{answers:#?}");
    assert_eq!(ada.available().await, 10);
    ada.books_balance().await;
}

#[tokio::test]
async fn a_gateway_that_never_saw_an_account_goes_on_where_the_other_stopped() {
    let shop = Shop::open().await;
    let elsewhere = shop.at(Installation::second_gateway());
    let ada = shop.shopper();
    let first = ada.order(50_00);
    assert!(first.deliver().await.is_accepted());
    for _ in 0..COMMITS {
        assert_eq!(ada.adjust(1, "one more").await.status, 201);
    }
    let again = elsewhere.deliver("orders/create", &first.sample.body()).await;
    assert!(again.is_duplicate(), "{again:?}");
    assert!(elsewhere.deliver("refunds/create", &first.full_refund().sample.body()).await.is_accepted());
    assert_eq!(ada.available().await, COMMITS);
    // The first one has it in memory as it was, and must notice that it is no longer so.
    assert!(ada.order(50_00).deliver().await.is_accepted());
    ada.redeem(COMMITS + 50).await;
    assert_eq!(ada.available().await, 0);
    ada.books_balance().await;
}

#[tokio::test]
async fn where_no_test_clock_was_asked_for_there_is_none() {
    let shop = Shop::open().await.at(Installation::second_gateway());
    let absent = shop.api.post("/v1/test_clock", &json!({ "advance_seconds": 1 })).send().await;
    assert_eq!((absent.status.as_u16(), absent.code()), (404, "not_found"));
}
