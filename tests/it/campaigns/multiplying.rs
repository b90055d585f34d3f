//! Campaigns that multiply orders.

use serde_json::json;

use super::kit::{given, multiplies, run};
use crate::support::Shop;

#[tokio::test]
async fn orders_earn_more_while_it_runs_and_are_explained() {
    let shop = Shop::open().await;
    let ada = shop.shopper();
    assert!(ada.order(10_00).deliver().await.is_accepted());
    let mut campaign = multiplies("3");
    campaign["until"] = json!(shop.now().plus_seconds(86_400 * 2).to_rfc3339());
    let campaign = run(&shop, campaign).await;
    let order = ada.order(10_00);
    assert!(order.deliver().await.is_accepted());
    assert_eq!(ada.available().await, 40);
    let explained = shop.api.get(&ada.path("balance/explanation").await).document().await;
    let lots = explained["lots"].as_array().unwrap();
    let boosted = lots.iter().find(|lot| lot["granted"] == 30).unwrap();
    assert_eq!(boosted["awards"][0]["boosts"], json!([{ "kind": "campaign", "id": campaign, "factor": "3" }]));
    shop.advance_days(3).await;
    assert!(ada.order(10_00).deliver().await.is_accepted());
    assert_eq!(ada.available().await, 50);
    assert!(order.full_refund().deliver().await.is_accepted());
    assert_eq!(ada.available().await, 20, "it takes back what it earned");
    let given = given(&shop, &campaign).await;
    assert_eq!((&given["orders"], &given["order_points"]), (&json!(1), &json!(30)));
}

#[tokio::test]
async fn of_several_the_first_by_priority_counts_with_all_that_stack() {
    let shop = Shop::open().await;
    for (factor, priority, stacks) in [("5", 0, false), ("2", 1, false), ("1.5", 0, true)] {
        let multiply = json!({ "factor": factor, "priority": priority, "stacks": stacks });
        run(&shop, json!({ "name": factor, "multiply": multiply })).await;
    }
    let ada = shop.shopper();
    assert!(ada.order(10_00).deliver().await.is_accepted());
    assert_eq!(ada.available().await, 30);
}

#[tokio::test]
async fn a_tier_and_a_campaign_multiply_together_and_a_campaign_can_be_for_a_tier_only() {
    let shop = Shop::open().await;
    let current = shop.api.get("/v1/vip_tiers").send().await;
    let tiers = json!({ "measure": "orders", "tiers": [{ "id": "regular", "name": "Regular", "entry": 1, "multiplier": "2" }] });
    assert!(
        shop.api
            .put("/v1/vip_tiers", &tiers)
            .header("If-Match", current.header("etag"))
            .send()
            .await
            .status
            .is_success()
    );
    let mut campaign = multiplies("3");
    campaign["audience"] = json!({ "tiers": ["regular"] });
    run(&shop, campaign).await;
    let ada = shop.shopper();
    assert!(ada.order(10_00).deliver().await.is_accepted());
    assert_eq!(ada.available().await, 10, "her first order was made by somebody in no tier");
    assert!(ada.order(10_00).deliver().await.is_accepted());
    assert_eq!(ada.available().await, 70);
}
