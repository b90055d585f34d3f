//! Badges for birthdays, by the shop's calendar.

use serde_json::{Value, json};

use super::kit::{badge, badges_of, define};
use crate::support::{Shop, Shopper};

fn birthday(repeats: &str) -> Value {
    json!({ "id": "birthday", "name": "Birthday", "rule": { "kind": "birthday" }, "repeats": repeats, "points": 30 })
}

async fn member(shop: &Shop) -> Shopper<'_> {
    let member = shop.shopper();
    assert!(member.order(10_00).deliver().await.is_accepted());
    member
}

/// Tells that somebody was born on the day so many days from now; gives the year that day is in.
async fn born_in(shopper: Shopper<'_>, days: i64) -> String {
    let date = shopper.shop.now().plus_seconds(days * 86_400).to_rfc3339();
    let told = json!({ "month": date[5..7].parse::<u8>().unwrap(), "day": date[8..10].parse::<u8>().unwrap() });
    let answer = shopper.shop.api.put(&shopper.path("birthday").await, &told).document().await;
    shopper.shop.has_seen(answer["position"].as_u64());
    date[..4].to_owned()
}

#[tokio::test]
async fn a_birthday_brings_its_badge_on_the_day_and_once_a_year() {
    let shop = Shop::open().await;
    define(&shop, json!([birthday("yearly")])).await;
    let (ada, bob) = (member(&shop).await, member(&shop).await);
    let year = born_in(ada, 10).await;
    shop.advance_days(9).await;
    assert_eq!(badges_of(ada).await, []);
    shop.advance_days(1).await;
    assert_eq!((badges_of(ada).await, badges_of(bob).await), (vec![badge("birthday", &year, "rule")], vec![]));
    shop.settle().await;
    assert_eq!(ada.available().await, 10 + 30);
    shop.advance_days(366).await;
    let next = (year.parse::<u32>().unwrap() + 1).to_string();
    assert_eq!(badges_of(ada).await, [badge("birthday", &year, "rule"), badge("birthday", &next, "rule")]);
    ada.books_balance().await;
}

#[tokio::test]
async fn whoever_tells_it_on_the_day_is_in_time_and_who_must_not_be_profiled_is_left_alone() {
    let shop = Shop::open().await;
    define(&shop, json!([birthday("once")])).await;
    shop.settle().await;
    let (ada, bob) = (member(&shop).await, member(&shop).await);
    let why = json!({ "reason": "asked by letter" });
    let objection = shop.api.post(&bob.path("objection").await, &why).document().await;
    shop.has_seen(objection["position"].as_u64());
    for shopper in [ada, bob] {
        born_in(shopper, 0).await;
    }
    assert_eq!(badges_of(ada).await, [badge("birthday", "ever", "rule")]);
    shop.advance_days(366).await;
    assert_eq!((badges_of(ada).await.len(), badges_of(bob).await.len()), (1, 0));
}
