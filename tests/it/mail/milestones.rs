//! A tier that was reached, a reward that is there.

use std::time::Duration;

use serde_json::{Value, json};

use super::kit::{choose, enrolled, header, mails, open, outcome, outcomes, post_office};
use crate::{
    generations::kit::rows,
    rewards::kit::{connected, five_off, offered, take},
    support::Shop,
};

/// Silver from 100.00 spent in a year, gold from 500.00.
async fn with_tiers(shop: Shop) -> Shop {
    let tiers = json!([{ "id": "silver", "name": "Silver", "entry": 100_00 }, { "id": "gold", "name": "Gold", "entry": 500_00 }]);
    let window = json!({ "kind": "rolling_days", "length": 365 });
    shop.publish(json!({ "vip_tiers": { "measure": "spend", "window": window, "tiers": tiers } })).await;
    shop.settle().await;
    shop
}

#[tokio::test]
async fn whoever_comes_up_into_a_tier_is_told_each_time_and_only_with_consent() {
    let shop = with_tiers(open(&["tier_reached"]).await).await;
    let (ada, address) = enrolled(&shop, "ada", "en").await;
    let (bob, _) = enrolled(&shop, "bob", "en").await;
    choose(ada, true).await;
    let first = ada.order(100_00);
    for order in [first.clone(), bob.order(100_00)] {
        assert!(order.deliver().await.is_accepted());
    }
    for _ in 0..3 {
        shop.settle().await;
    }
    assert_eq!(header(&mails(&address, 1).await[0], "Subject"), "You have reached Silver");
    assert_eq!(outcomes(ada).await, [outcome("tier_reached", "sent", "")]);
    assert_eq!(outcomes(bob).await, [outcome("tier_reached", "skipped", "no_consent")]);

    // Nobody is told of a fall; who comes up again has reached it again.
    assert!(first.full_refund().deliver().await.is_accepted());
    shop.settle().await;
    assert_eq!(post_office().mail_box.count(&address), 1);
    assert!(ada.order(100_00).deliver().await.is_accepted());
    shop.settle().await;
    assert!(ada.order(400_00).deliver().await.is_accepted());
    shop.settle().await;
    let subjects: Vec<String> = mails(&address, 3).await.iter().map(|mail| header(mail, "Subject")).collect();
    assert_eq!(subjects[1..], ["You have reached Silver", "You have reached Gold"]);
}

#[tokio::test]
async fn a_tier_that_was_reached_long_ago_is_no_news_when_it_becomes_known() {
    let shop = with_tiers(open(&["tier_reached"]).await).await;
    let (ada, address) = enrolled(&shop, "ada", "en").await;
    choose(ada, true).await;
    let then = shop.now().plus_seconds(-10 * 86_400);
    let late = ada.order(100_00).with(|order| (order.processed_at, order.updated_at) = (then, then));
    assert!(late.deliver().await.is_accepted());
    shop.settle().await;
    let tier = shop.api.get(&ada.path("vip_tier").await).query("min_position", shop.seen()).document().await;
    assert_eq!(tier["tier_id"], "silver");
    assert_eq!((outcomes(ada).await.len(), post_office().mail_box.count(&address)), (0, 0));
}

#[tokio::test]
async fn a_reward_is_told_of_when_the_shop_has_made_it_with_its_code() {
    let shop = connected(open(&["reward_ready"]).await).await;
    let (ada, address) = enrolled(&shop, "ada", "de").await;
    assert!(ada.order(150_00).deliver().await.is_accepted());
    let reward = offered(&shop, five_off(json!({}))).await;
    let taken = take(ada, &reward).await;
    assert_eq!((taken.status.as_u16(), &taken.body["status"]), (201, &json!("pending")), "{}", taken.body);
    for _ in 0..3 {
        shop.settle().await;
    }
    let received = mails(&address, 1).await;
    assert_eq!(received.len(), 1);
    let code = taken.body["code"].as_str().unwrap();
    assert!(received[0].data.replace("=\r\n", "").contains(code), "{}", received[0].data);
    assert_eq!(outcomes(ada).await, [outcome("reward_ready", "sent", "")]);
    // Whoever reads the queue cannot spend it.
    let queue = rows(&post_office().installation, "read.queue_tasks").await.concat();
    assert!(!queue.contains(code) && !queue.contains(&hex(code)));
}

#[tokio::test]
async fn a_reward_that_was_given_back_meanwhile_is_not_told_of() {
    let shop = connected(open(&["reward_ready"]).await).await;
    let tomorrow = format!("{}T01:00:00Z", &shop.now().plus_days(1).to_rfc3339()[..10]);
    shop.publish(json!({ "mail": { "quiet": { "from_hour": 0, "until_hour": 12 } } })).await;
    shop.advance_to(&tomorrow).await;
    let (ada, address) = enrolled(&shop, "ada", "en").await;
    assert!(ada.order(150_00).deliver().await.is_accepted());
    let reward = offered(&shop, five_off(json!({}))).await;
    let taken = take(ada, &reward).await.body;
    shop.settle().await;
    let path = ada.path(&format!("reward_redemptions/{}/cancel", taken["id"].as_str().unwrap())).await;
    let cancelled: Value = shop.api.post(&path, &json!({})).document().await;
    shop.has_seen(cancelled["position"].as_u64());
    shop.advance(Duration::from_secs(11 * 3_600)).await;
    assert_eq!(outcomes(ada).await, [outcome("reward_ready", "skipped", "over")]);
    assert_eq!(post_office().mail_box.count(&address), 0);
}

fn hex(text: &str) -> String {
    text.bytes().map(|byte| format!("{byte:02x}")).collect()
}
