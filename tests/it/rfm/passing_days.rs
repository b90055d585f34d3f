//! Windows come with the days, and orders in between.

use std::time::Duration;

use serde_json::json;
use tokio::time::{Instant, sleep};

use super::kit::{counted, define, inhabited, moved, movement, moves, next_window, rfm_of, segments, standing, stands};
use crate::support::Shop;

/// An order is to show within a second or two; the machine of a test may be busy.
const SHOWS_WITHIN: Duration = Duration::from_secs(20);
const LOOK_EVERY: Duration = Duration::from_millis(50);

#[tokio::test]
async fn recency_fades_without_any_event_of_the_shop() {
    let shop = Shop::open().await;
    let ada = shop.shopper();
    assert!(ada.order(50_00).deliver().await.is_accepted());
    next_window(&shop).await;
    let first = segments(&shop).await["window"]["day"].as_str().unwrap().to_owned();
    shop.advance_days(29).await;
    assert_eq!(standing(&rfm_of(ada).await), stands("new", "511", 1, 50_00));
    shop.advance_days(31).await;
    assert_eq!(standing(&rfm_of(ada).await), stands("new", "411", 1, 50_00));
    shop.advance_days(400).await;
    let answer = rfm_of(ada).await;
    assert_eq!(standing(&answer), stands("lost", "111", 1, 50_00));
    assert!(answer["numbers"]["recency_days"].as_u64().unwrap() >= 460);

    let last = segments(&shop).await["window"]["day"].as_str().unwrap().to_owned();
    let answer = movement(&shop, &first, &last).await;
    assert_eq!(moves(&answer), [moved("new", "lost", 1)]);
    assert_eq!(answer["opening"], json!([{ "segment": "new", "customers": 1 }]));
    assert_eq!(answer["closing"], json!([{ "segment": "lost", "customers": 1 }]));
}

#[tokio::test]
async fn days_on_which_nobody_looked_get_no_window_and_the_newest_does() {
    let shop = Shop::open().await;
    assert!(shop.shopper().order(50_00).deliver().await.is_accepted());
    next_window(&shop).await;
    shop.advance_days(5).await;
    shop.settle().await;
    let windows = shop.api.get("/v1/rfm/windows").query("min_position", shop.seen()).document().await;
    let days: Vec<&str> = windows["data"].as_array().unwrap().iter().map(|row| row["day"].as_str().unwrap()).collect();
    assert_eq!(days.len(), 2, "{days:?}");
    assert!(days[0] > days[1]);
    assert_eq!(windows["data"][0]["cut_points"]["recency_days"], json!([30, 90, 180, 365]));
    let first = shop.api.get("/v1/rfm/windows").query("limit", 1).document().await;
    let cursor = first["next_cursor"].as_str().unwrap();
    let second = shop.api.get("/v1/rfm/windows").query("limit", 1).query("cursor", cursor).document().await;
    assert_eq!(second["data"][0], windows["data"][1]);
}

#[tokio::test]
async fn an_order_shows_in_its_buyers_segment_without_waiting_for_the_next_day() {
    let shop = Shop::open().await;
    let ada = shop.shopper();
    assert!(ada.order(50_00).deliver().await.is_accepted());
    next_window(&shop).await;
    assert!(ada.order(200_00).deliver().await.is_accepted());
    let began = Instant::now();
    while standing(&rfm_of(ada).await) != stands("promising", "522", 2, 250_00) {
        assert!(began.elapsed() < SHOWS_WITHIN, "{:#}", rfm_of(ada).await);
        sleep(LOOK_EVERY).await;
    }
    let answer = segments(&shop).await;
    assert_eq!(inhabited(&answer), counted([("promising", 1)]));
    assert_eq!(answer["window"]["segments"][3], json!({ "segment": "new", "customers": 1 }), "as the window left it");
}

#[tokio::test]
async fn a_window_is_held_at_one_in_the_morning_of_the_shops_own_day() {
    let shop = Shop::open().await;
    define(&shop, json!({ "time_zone": "Asia/Tokyo" })).await;
    let ada = shop.shopper();
    // 15:30 in London is half past midnight in Tokyo.
    let noon = shop.now().to_rfc3339();
    let late = aggregates::time::Timestamp::parse(&format!("{}T15:30:00Z", &noon[..10])).unwrap();
    let two_days_ago = aggregates::time::Timestamp(late.0 - 2 * aggregates::time::Timestamp::MICROS_PER_DAY);
    let order = ada.order(50_00).with(|order| {
        order.processed_at = two_days_ago;
        order.updated_at = two_days_ago;
    });
    assert!(order.deliver().await.is_accepted());
    let due = segments(&shop).await["next_window_at"].as_str().unwrap().to_owned();
    assert!(due.contains("T16:00:00"), "{due}");
    next_window(&shop).await;
    let answer = rfm_of(ada).await;
    let (day, last) =
        (answer["window"]["day"].as_str().unwrap(), answer["numbers"]["last_order_day"].as_str().unwrap());
    let in_london = &two_days_ago.to_rfc3339()[..10];
    assert!(last > in_london, "{last} in Tokyo, {in_london} in London");
    assert!(day > &due[..10], "{day} in Tokyo begins on the evening of {due}");
}
