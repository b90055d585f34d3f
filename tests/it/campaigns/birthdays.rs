//! Birthdays: once a year, whoever tells them and however often anybody looks.

use serde_json::{Value, json};

use super::kit::{given, member, rewards, run};
use crate::support::{Answer, Shop, Shopper};

async fn tell(shopper: Shopper<'_>, month: u32, day: u32) -> Answer {
    let path = shopper.path("birthday").await;
    let answer = shopper.shop.api.put(&path, &json!({ "month": month, "day": day })).send().await;
    shopper.shop.has_seen(answer.body["position"].as_u64());
    answer
}

/// Month and day so many days from now.
fn in_days(shop: &Shop, days: i64) -> (u32, u32) {
    let date = shop.now().plus_seconds(days * 86_400).to_rfc3339();
    (date[5..7].parse().unwrap(), date[8..10].parse().unwrap())
}

#[tokio::test]
async fn a_birthday_is_rewarded_once_a_year() {
    let shop = Shop::open().await;
    let campaign = run(&shop, rewards("birthday", 100)).await;
    let (ada, bob) = (member(&shop).await, member(&shop).await);
    let (month, day) = in_days(&shop, 10);
    assert!(tell(ada, month, day).await.status.is_success());
    shop.advance_days(9).await;
    assert_eq!(ada.available().await, 0);
    shop.advance_days(1).await;
    assert_eq!((ada.available().await, bob.available().await), (100, 0));
    shop.settle().await;
    let (month, day) = in_days(&shop, 1);
    assert!(tell(ada, month, day).await.status.is_success());
    shop.advance_days(5).await;
    assert_eq!(ada.available().await, 100, "nobody has two in a year");
    shop.advance_days(365).await;
    assert_eq!(ada.available().await, 200, "also where nobody looked for most of a year");
    assert_eq!(given(&shop, &campaign).await["actions"], 2);
    ada.books_balance().await;
}

#[tokio::test]
async fn whoever_tells_it_on_the_day_itself_is_in_time() {
    let shop = Shop::open().await;
    run(&shop, rewards("birthday", 100)).await;
    shop.settle().await;
    let ada = member(&shop).await;
    let (month, day) = in_days(&shop, 0);
    assert!(tell(ada, month, day).await.status.is_success());
    assert_eq!(ada.available().await, 100);
    assert!(tell(ada, month, day).await.status.is_success());
    assert_eq!(ada.available().await, 100);
}

#[tokio::test]
async fn a_birthday_that_was_taken_back_is_not_known() {
    let shop = Shop::open().await;
    run(&shop, rewards("birthday", 100)).await;
    let ada = member(&shop).await;
    let (month, day) = in_days(&shop, 3);
    assert!(tell(ada, month, day).await.status.is_success());
    let gone = shop.api.call(reqwest::Method::DELETE, &ada.path("birthday").await).send().await;
    assert_eq!((gone.status.as_u16(), &gone.body["month"]), (200, &Value::Null));
    shop.advance_days(5).await;
    assert_eq!(ada.available().await, 0);
    let refused = tell(ada, 2, 30).await;
    assert_eq!((refused.status.as_u16(), &refused.body["pointer"]), (422, &json!("/day")));
}
