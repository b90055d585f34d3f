//! Actions earn points: once, for ever, within limits.

use futures::future::join_all;
use serde_json::json;

use super::kit::{given, is, member, rewards, run, tell, told};
use crate::support::Shop;

#[tokio::test]
async fn an_action_is_rewarded_once_for_ever_under_its_distinct_id() {
    let shop = Shop::open().await;
    let campaign = run(&shop, rewards("review", 50)).await;
    let ada = member(&shop).await;
    assert_eq!(told(ada, "review", "review-1").await, is("rewarded", 50));
    assert_eq!(told(ada, "review", "review-1").await, is("known", 50));
    assert_eq!(ada.available().await, 50);
    shop.advance_days(4_000).await;
    assert_eq!(told(ada, "review", "review-1").await, is("known", 50));
    assert_eq!(told(ada, "review", "review-2").await, is("rewarded", 50));
    assert_eq!(ada.available().await, 100);
    assert_eq!(ada.ledger().await[..2], [("earn".to_owned(), 50), ("earn".to_owned(), 50)]);
    let given = given(&shop, &campaign).await;
    assert_eq!((&given["actions"], &given["customers"], &given["action_points"]), (&json!(2), &json!(1), &json!(100)));
    ada.books_balance().await;
}

#[tokio::test]
async fn told_many_times_at_once_it_is_still_one_action() {
    let shop = Shop::open().await;
    run(&shop, rewards("review", 50)).await;
    let ada = member(&shop).await;
    let outcomes = join_all((0..8).map(|_| told(ada, "review", "same"))).await;
    let rewarded = outcomes.iter().filter(|(outcome, _)| outcome == "rewarded").count();
    assert_eq!(rewarded, 1, "{outcomes:?}");
    assert_eq!(ada.available().await, 50);
}

#[tokio::test]
async fn a_limit_holds_for_its_period_also_at_the_same_time() {
    let shop = Shop::open().await;
    let mut campaign = rewards("wrote_a_poem", 10);
    campaign["reward"]["limit"] = json!({ "times": 2, "per": "day" });
    run(&shop, campaign).await;
    let ada = member(&shop).await;
    let ids: Vec<String> = (0..5).map(|number| format!("poem-{number}")).collect();
    let outcomes = join_all(ids.iter().map(|id| told(ada, "wrote_a_poem", id))).await;
    let count = |word: &str| outcomes.iter().filter(|(outcome, _)| outcome == word).count();
    assert_eq!((count("rewarded"), count("limit_reached")), (2, 3), "{outcomes:?}");
    assert_eq!(ada.available().await, 20);
    shop.advance_days(1).await;
    assert_eq!(told(ada, "wrote_a_poem", "poem-tomorrow").await, is("rewarded", 10));
}

#[tokio::test]
async fn an_action_without_a_campaign_for_it_earns_nothing_and_can_be_told_again() {
    let shop = Shop::open().await;
    let ada = member(&shop).await;
    assert_eq!(told(ada, "social", "post-1").await, is("no_campaign", 0));
    let campaign = run(&shop, rewards("social", 5)).await;
    assert_eq!(told(ada, "social", "post-1").await, is("rewarded", 5));
    let ended = shop.api.call(reqwest::Method::DELETE, &format!("/v1/campaigns/{campaign}")).send().await;
    assert_eq!(ended.status.as_u16(), 204);
    assert_eq!(told(ada, "social", "post-2").await, is("no_campaign", 0));
    assert_eq!(ada.available().await, 5, "what it has given stays given");
}

#[tokio::test]
async fn whoever_becomes_a_member_while_it_runs_is_welcomed_once() {
    let shop = Shop::open().await;
    let before = member(&shop).await;
    shop.advance_days(1).await;
    let campaign = run(&shop, rewards("sign_up", 25)).await;
    let (ada, bob) = (member(&shop).await, member(&shop).await);
    shop.settle().await;
    assert_eq!((ada.available().await, bob.available().await, before.available().await), (25, 25, 0));
    shop.advance_days(2).await;
    assert!(ada.order(1_00).deliver().await.is_accepted());
    shop.settle().await;
    assert_eq!(ada.available().await, 26);
    assert_eq!(given(&shop, &campaign).await["actions"], 2);
    assert_eq!(tell(ada, "sign_up", "again").await.status.as_u16(), 422, "nobody has to tell us");
}

#[tokio::test]
async fn only_whoever_is_in_the_audience_is_rewarded() {
    let shop = Shop::open().await;
    let current = shop.api.get("/v1/vip_tiers").send().await;
    let tiers = json!({ "measure": "orders", "tiers": [{ "id": "regular", "name": "Regular", "entry": 2 }] });
    assert!(
        shop.api
            .put("/v1/vip_tiers", &tiers)
            .header("If-Match", current.header("etag"))
            .send()
            .await
            .status
            .is_success()
    );
    let mut campaign = rewards("review", 50);
    campaign["audience"] = json!({ "tiers": ["regular"] });
    run(&shop, campaign).await;
    let (ada, bob) = (shop.shopper(), shop.shopper());
    for order in [ada.order(1_00), ada.order(1_00), bob.order(1_00)] {
        assert!(order.deliver().await.is_accepted());
    }
    shop.settle().await;
    assert_eq!(told(ada, "review", "one").await, is("rewarded", 50));
    assert_eq!(told(bob, "review", "one").await, is("no_campaign", 0));
}

#[tokio::test]
async fn a_merge_brings_along_what_was_done() {
    let shop = Shop::open().await;
    run(&shop, rewards("review", 50)).await;
    let (ada, double) = (member(&shop).await, member(&shop).await);
    assert_eq!(told(double, "review", "one").await, is("rewarded", 50));
    assert!(shop.merge(ada, double).await.is_accepted());
    assert_eq!(told(ada, "review", "one").await, is("known", 50));
    assert_eq!(ada.available().await, 50);
}
