//! Which mails are due, once each.

use aggregates::time::Timestamp;
use serde_json::json;

use super::kit::{choose, enrolled, header, mails, open, outcome, outcomes, post_office};
use crate::support::Shop;

#[tokio::test]
async fn a_new_merchant_sends_nothing() {
    let shop = Shop::open_at(&post_office().installation).await;
    let (ada, address) = enrolled(&shop, "ada", "en").await;
    assert!(ada.order(10_00).deliver().await.is_accepted());
    shop.settle().await;
    assert_eq!(outcomes(ada).await, []);
    // What is switched on counts from then on.
    shop.publish(json!({ "mail": { "kinds": ["welcome", "points_earned"], "shop_name": "The Shop" } })).await;
    shop.settle().await;
    assert_eq!((outcomes(ada).await.len(), post_office().mail_box.count(&address)), (0, 0));
}

#[tokio::test]
async fn every_order_that_earns_is_told_of_once_with_its_points() {
    let shop = open(&["points_earned"]).await;
    let (ada, address) = enrolled(&shop, "ada", "en").await;
    let order = ada.order(42_00);
    for _ in 0..2 {
        order.deliver().await;
        shop.settle().await;
    }
    assert!(ada.order(8_00).deliver().await.is_accepted());
    shop.settle().await;
    let received = mails(&address, 2).await;
    let subjects: Vec<String> = received.iter().map(|mail| header(mail, "Subject")).collect();
    assert_eq!(subjects, ["You have earned 42 points", "You have earned 8 points"]);
    assert!(received[1].data.contains("50"), "the balance: {}", received[1].data);
}

#[tokio::test]
async fn whose_points_expire_soon_is_warned_once_for_each_stretch_and_only_with_consent() {
    let shop = open(&["points_expiring"]).await;
    shop.publish(json!({ "expiry": { "kind": "after_earning", "days": 30 } })).await;
    let (ada, address) = enrolled(&shop, "ada", "en").await;
    let (bob, _) = enrolled(&shop, "bob", "en").await;
    choose(ada, true).await;
    for shopper in [ada, bob] {
        assert!(shopper.order(42_00).deliver().await.is_accepted());
    }
    shop.advance_days(20).await;
    assert_eq!(outcomes(ada).await, [], "ten days are left");
    shop.advance_days(5).await;
    shop.advance_days(1).await;
    let received = mails(&address, 1).await;
    assert_eq!(received.len(), 1);
    let expires = shop.now().plus_days(4).to_rfc3339()[..10].to_owned();
    assert_eq!(header(&received[0], "Subject"), format!("42 of your points expire on {expires}"));
    assert_eq!(outcomes(bob).await, [outcome("points_expiring", "skipped", "no_consent")]);
}

#[tokio::test]
async fn nothing_is_sent_in_quiet_hours_and_what_waited_goes_at_their_end() {
    let shop = open(&["welcome"]).await;
    shop.publish(json!({ "mail": { "quiet": { "from_hour": 0, "until_hour": 12 } } })).await;
    let tomorrow = Timestamp::parse(&format!("{}T01:00:00Z", &shop.now().plus_days(1).to_rfc3339()[..10])).unwrap();
    shop.advance_to(&tomorrow.to_rfc3339()).await;
    let (ada, address) = enrolled(&shop, "ada", "en").await;
    shop.settle().await;
    assert_eq!((outcomes(ada).await.len(), post_office().mail_box.count(&address)), (0, 0));
    shop.advance_to(&tomorrow.plus_seconds(11 * 3_600 + 1).to_rfc3339()).await;
    mails(&address, 1).await;
    assert_eq!(outcomes(ada).await, [outcome("welcome", "sent", "")]);
}
