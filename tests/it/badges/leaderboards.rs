//! Who is ahead, and who is not to be seen.

use aggregates::time::Timestamp;
use serde_json::json;

use super::kit::{leaderboard, opt_out, places};
use crate::support::{Shop, Shopper};

async fn buys(shopper: Shopper<'_>, prices: &[i64]) {
    for price in prices {
        assert!(shopper.order(*price).deliver().await.is_accepted());
    }
}

#[tokio::test]
async fn points_and_orders_are_ranked_and_ties_are_told() {
    let shop = Shop::open().await;
    let (ada, bob, eve, dan) = (shop.shopper(), shop.shopper(), shop.shopper(), shop.shopper());
    buys(ada, &[30_00, 20_00]).await;
    buys(bob, &[50_00]).await;
    buys(eve, &[90_00]).await;
    buys(dan, &[10_00, 10_00, 10_00]).await;
    let by_points = leaderboard(&shop, "month", "points").await;
    assert_eq!(places(&by_points), [(1, 90, false), (2, 50, true), (2, 50, true), (4, 30, false)]);
    assert_eq!(by_points["data"][0]["customer_id"], eve.id().await.as_str());
    let by_orders = leaderboard(&shop, "week", "orders").await;
    assert_eq!(places(&by_orders), [(1, 3, false), (2, 2, false), (3, 1, true), (3, 1, true)]);
    assert_eq!(places(&leaderboard(&shop, "all_time", "orders").await), places(&by_orders));

    let call = shop.api.get("/v1/leaderboards/month").query("limit", 2).query("customer_id", dan.id().await);
    let cut = call.document().await;
    assert_eq!(places(&cut), [(1, 90, false), (2, 50, true)], "the last one shown is tied with one who is not");
    assert_eq!((&cut["place"]["rank"], &cut["place"]["score"]), (&4.into(), &30.into()));
    let nowhere = shop.api.get("/v1/leaderboards/year").send().await;
    assert_eq!(nowhere.status, 404);
}

#[tokio::test]
async fn what_goes_back_counts_no_more() {
    let shop = Shop::open().await;
    let (ada, bob) = (shop.shopper(), shop.shopper());
    let returned = ada.order(90_00);
    assert!(returned.deliver().await.is_accepted());
    buys(bob, &[50_00]).await;
    assert!(returned.full_refund().deliver().await.is_accepted());
    assert_eq!(places(&leaderboard(&shop, "month", "points").await), [(1, 50, false)]);
    assert_eq!(places(&leaderboard(&shop, "month", "orders").await), [(1, 1, false)]);
}

#[tokio::test]
async fn weeks_and_months_begin_by_the_shops_clock() {
    let shop = Shop::open().await;
    shop.publish(json!({ "rfm": { "time_zone": "Pacific/Auckland" } })).await;
    let ada = shop.shopper();
    let order = ada.order(70_00).with(|order| {
        order.processed_at = Timestamp::parse("2026-02-28T11:30:00Z").unwrap();
    });
    assert!(order.deliver().await.is_accepted());
    // In Auckland it is half past midnight of the first of March, a Sunday.
    for by in ["points", "orders"] {
        assert_eq!(leaderboard(&shop, "2026-03", by).await["data"].as_array().unwrap().len(), 1, "{by}");
        assert_eq!(leaderboard(&shop, "2026-02", by).await["data"].as_array().unwrap().len(), 0, "{by}");
        assert_eq!(leaderboard(&shop, "2026-W09", by).await["data"].as_array().unwrap().len(), 1, "{by}");
    }
    assert_eq!(leaderboard(&shop, "2026-03", "points").await["from"], "2026-02-28T11:00:00Z");
}

#[tokio::test]
async fn who_opts_out_is_neither_shown_nor_counted_from_then_on() {
    let shop = Shop::open().await;
    let (ada, bob) = (shop.shopper(), shop.shopper());
    buys(ada, &[90_00]).await;
    buys(bob, &[50_00]).await;
    opt_out(ada, true).await;
    let board = shop.api.get("/v1/leaderboards/month").query("customer_id", ada.id().await).document().await;
    assert_eq!(places(&board), [(1, 50, false)]);
    assert!(board["place"].is_null());
    opt_out(ada, false).await;
    assert_eq!(places(&leaderboard(&shop, "month", "points").await), [(1, 90, false), (2, 50, false)]);
    let restriction = json!({ "reason": "asked by letter" });
    let restricted = shop.api.post(&bob.path("restriction").await, &restriction).document().await;
    shop.has_seen(restricted["position"].as_u64());
    assert_eq!(places(&leaderboard(&shop, "month", "points").await), [(1, 90, false)]);
}

#[tokio::test]
async fn a_merge_adds_up_and_an_erased_customer_is_gone() {
    let shop = Shop::open().await;
    let (ada, other, bob) = (shop.shopper(), shop.shopper(), shop.shopper());
    buys(ada, &[30_00]).await;
    buys(other, &[40_00]).await;
    buys(bob, &[50_00]).await;
    assert!(shop.merge(ada, other).await.is_accepted());
    assert_eq!(places(&leaderboard(&shop, "all_time", "points").await), [(1, 70, false), (2, 50, false)]);
    let ask = json!({ "type": "redact", "customer_id": ada.id().await });
    let asked = shop.api.post_once("/v1/gdpr_requests", &ask).document().await;
    shop.has_seen(asked["position"].as_u64());
    shop.settle().await;
    assert_eq!(places(&leaderboard(&shop, "all_time", "points").await), [(1, 50, false)]);
    assert_eq!(places(&leaderboard(&shop, "all_time", "orders").await), [(1, 1, false)]);
}
