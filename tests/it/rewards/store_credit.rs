//! Store credit: given once, whatever becomes of the answers, and taken back before its points are.

use serde_json::{Value, json};

use super::kit::{connected, five_off, now, offered, points, stand_in, take, time_passes, with_points};
use crate::support::{Answer, Fault, Shop, Shopper};

/// Five euros of credit for a hundred points.
async fn offered_credit(shop: &Shop) -> String {
    offered(shop, five_off(json!({ "kind": "store_credit" }))).await
}

/// What the customer has in the shop, in cents.
async fn credit_of(shopper: Shopper<'_>) -> i64 {
    stand_in().await.store_credit(&shopper.shop.domain, shopper.external_id)
}

/// Somebody who has been given five euros of credit, and has no points left.
async fn credited<'a>(shop: &'a Shop, reward: &str) -> (Shopper<'a>, Value) {
    let shopper = with_points(shop, 100).await;
    let taken = take(shopper, reward).await;
    assert_eq!(taken.status, 201, "{}", taken.body);
    time_passes(shop, 1).await;
    assert_eq!((now(shopper, &taken.body).await["status"].clone(), credit_of(shopper).await), (json!("active"), 500));
    (shopper, taken.body)
}

async fn cancel(shopper: Shopper<'_>, redemption: &Value) -> Answer {
    let path = shopper.path(&format!("reward_redemptions/{}/cancel", redemption["id"].as_str().unwrap())).await;
    let answer = shopper.shop.api.post_once(&path, &json!({})).send().await;
    shopper.shop.has_seen(answer.body["position"].as_u64());
    answer
}

/// Whether it is still taken, the points that are there, and the credit.
async fn standing(shopper: Shopper<'_>, redemption: &Value) -> (Value, i64, i64) {
    let (_, available) = points(shopper).await;
    (now(shopper, redemption).await["status"].clone(), available, credit_of(shopper).await)
}

#[tokio::test]
async fn whatever_becomes_of_the_answers_credit_is_given_once() {
    let shop = connected(Shop::open().await).await;
    let reward = offered_credit(&shop).await;
    // A movement is begun, the account credited, the movement ended.
    let mishaps = [
        vec![Fault::Throttled],
        vec![Fault::BadGateway],
        vec![Fault::DropsAfter],
        vec![Fault::DoneTwice],
        vec![Fault::Nothing, Fault::Throttled],
        vec![Fault::Nothing, Fault::BadGateway],
        vec![Fault::Nothing, Fault::BadGatewayAfter],
        vec![Fault::Nothing, Fault::DropsAfter],
        vec![Fault::Nothing, Fault::DoneUnread],
        vec![Fault::Nothing, Fault::Nothing, Fault::BadGateway],
        vec![Fault::Nothing, Fault::Nothing, Fault::DropsAfter],
        vec![Fault::Nothing, Fault::DropsAfter, Fault::BadGateway, Fault::DropsAfter],
        vec![Fault::Nothing, Fault::BadGateway, Fault::Nothing, Fault::Nothing, Fault::DropsAfter],
    ];
    for faults in mishaps {
        let ada = with_points(&shop, 100).await;
        stand_in().await.fails(&shop.domain, faults.clone());
        let taken = take(ada, &reward).await;
        assert_eq!(taken.status, 201, "{faults:?}: {}", taken.body);
        time_passes(&shop, faults.len() as u64 + 1).await;
        assert_eq!(standing(ada, &taken.body).await, (json!("active"), 0, 500), "{faults:?}");
    }
}

#[tokio::test]
async fn equal_credits_of_one_customer_are_not_taken_for_one_another() {
    let shop = connected(Shop::open().await).await;
    let reward = offered_credit(&shop).await;
    let (ada, before) = credited(&shop, &reward).await;
    assert!(ada.order(200 * 100).deliver().await.is_accepted());
    let lost = [Fault::Nothing, Fault::BadGatewayAfter, Fault::Nothing, Fault::Nothing, Fault::DropsAfter];
    stand_in().await.fails(&shop.domain, lost);
    let taken = [take(ada, &reward).await, take(ada, &reward).await];
    time_passes(&shop, 6).await;
    for redemption in [&before, &taken[0].body, &taken[1].body] {
        assert_eq!(standing(ada, redemption).await, (json!("active"), 0, 3 * 500));
    }
}

#[tokio::test]
async fn a_cancelled_credit_is_taken_back_once_and_its_points_come_back() {
    let shop = connected(Shop::open().await).await;
    let reward = offered_credit(&shop).await;
    let (ada, taken) = credited(&shop, &reward).await;
    let cancelled = cancel(ada, &taken).await;
    assert_eq!(
        (cancelled.status.as_u16(), &cancelled.body["status"]),
        (201, &json!("cancelled")),
        "{}",
        cancelled.body
    );
    assert_eq!(standing(ada, &taken).await, (json!("cancelled"), 100, 0));
    let again = cancel(ada, &taken).await;
    assert_eq!((again.status.as_u16(), again.header("idempotent-replayed")), (201, "true"));
    time_passes(&shop, 3).await;
    assert_eq!(standing(ada, &taken).await, (json!("cancelled"), 100, 0));
    assert_eq!(stand_in().await.debits(&shop.domain), 1);
    ada.books_balance().await;
}

#[tokio::test]
async fn credit_that_was_spent_is_not_taken_back_and_its_points_stay_spent() {
    let shop = connected(Shop::open().await).await;
    let reward = offered_credit(&shop).await;
    let (ada, taken) = credited(&shop, &reward).await;
    stand_in().await.spends(&shop.domain, ada.external_id, "0.01");
    let refused = cancel(ada, &taken).await;
    assert_eq!((refused.status.as_u16(), refused.code()), (409, "redemption_used"), "{}", refused.body);
    time_passes(&shop, 2).await;
    assert_eq!(standing(ada, &taken).await, (json!("active"), 0, 499));

    // What was refused is not done later, when there is enough again.
    assert!(ada.order(100 * 100).deliver().await.is_accepted());
    let other = take(ada, &reward).await;
    time_passes(&shop, 12).await;
    assert_eq!(standing(ada, &other.body).await, (json!("active"), 0, 999));
    assert_eq!(standing(ada, &taken).await, (json!("active"), 0, 999));
}

#[tokio::test]
async fn a_cancellation_nobody_has_answered_ends_with_the_credit_or_with_the_points() {
    let shop = connected(Shop::open().await).await;
    let reward = offered_credit(&shop).await;
    let mishaps = [
        (vec![Fault::BadGateway], false),
        (vec![Fault::Throttled], false),
        (vec![Fault::DropsAfter], false),
        (vec![Fault::Nothing, Fault::Throttled], false),
        (vec![Fault::Nothing, Fault::BadGateway], false),
        (vec![Fault::Nothing, Fault::BadGatewayAfter], true),
        (vec![Fault::Nothing, Fault::DropsAfter], true),
        (vec![Fault::Nothing, Fault::DoneUnread], true),
    ];
    for (faults, is_done) in mishaps {
        let (ada, taken) = credited(&shop, &reward).await;
        stand_in().await.fails(&shop.domain, faults.clone());
        let unanswered = cancel(ada, &taken).await;
        assert_eq!((unanswered.status.as_u16(), unanswered.code()), (503, "unavailable"), "{faults:?}");
        let (_, available, _) = standing(ada, &taken).await;
        assert_eq!(available, 0, "{faults:?}: no points before the credit is known to be gone");
        time_passes(&shop, 2).await;
        let (status, available, credit) = if is_done { ("cancelled", 100, 0) } else { ("active", 0, 500) };
        assert_eq!(standing(ada, &taken).await, (json!(status), available, credit), "{faults:?}");
        let again = cancel(ada, &taken).await;
        assert_eq!(again.status, 201, "{faults:?}: {}", again.body);
        time_passes(&shop, 2).await;
        assert_eq!(standing(ada, &taken).await, (json!("cancelled"), 100, 0), "{faults:?}");
    }
}

#[tokio::test]
async fn whoever_goes_away_while_credit_is_taken_back_finds_the_points_later() {
    let shop = connected(Shop::open().await).await;
    let reward = offered_credit(&shop).await;
    let (ada, taken) = credited(&shop, &reward).await;
    let outside = stand_in().await;
    outside.fails(&shop.domain, [Fault::Nothing, Fault::HoldsAfter]);
    let answered = tokio::select! {
        answer = cancel(ada, &taken) => Some(answer.body),
        () = outside.holds(&shop.domain) => None,
    };
    assert_eq!(answered, None);
    assert_eq!(standing(ada, &taken).await, (json!("active"), 0, 0));
    time_passes(&shop, 2).await;
    assert_eq!(standing(ada, &taken).await, (json!("cancelled"), 100, 0));
    ada.books_balance().await;
}

#[tokio::test]
async fn a_credit_that_is_cancelled_before_it_is_given_is_never_given() {
    let shop = connected(Shop::open().await).await;
    let reward = offered_credit(&shop).await;
    let ada = with_points(&shop, 100).await;
    stand_in().await.fails(&shop.domain, [Fault::BadGateway]);
    let taken = take(ada, &reward).await;
    shop.settle().await;
    let cancelled = cancel(ada, &taken.body).await;
    assert_eq!(cancelled.status, 201, "{}", cancelled.body);
    time_passes(&shop, 4).await;
    assert_eq!(standing(ada, &taken.body).await, (json!("cancelled"), 100, 0));
    assert!(stand_in().await.credits(&shop.domain).is_empty());
}

/// Credited at the first attempt, the answer lost, and `outages` calls after it in vain.
fn lost_for_long(outages: usize) -> Vec<Fault> {
    [vec![Fault::Nothing, Fault::BadGatewayAfter], vec![Fault::BadGateway; outages]].concat()
}

#[tokio::test]
async fn credit_that_was_given_after_all_is_taken_back_after_the_last_attempt() {
    let shop = connected(Shop::open().await).await;
    let reward = offered_credit(&shop).await;
    let ada = with_points(&shop, 100).await;
    stand_in().await.fails(&shop.domain, lost_for_long(9));
    let taken = take(ada, &reward).await;
    time_passes(&shop, 13).await;
    assert_eq!(standing(ada, &taken.body).await, (json!("cancelled"), 100, 0));

    // The same, where the shop cannot even be asked at the end: a task does it later.
    stand_in().await.fails(&shop.domain, lost_for_long(10));
    let taken = take(ada, &reward).await;
    time_passes(&shop, 13).await;
    assert_eq!(standing(ada, &taken.body).await, (json!("cancelled"), 100, 0));
    ada.books_balance().await;
}

#[tokio::test]
async fn credit_that_was_given_after_all_and_spent_was_delivered() {
    let shop = connected(Shop::open().await).await;
    let reward = offered_credit(&shop).await;
    let ada = with_points(&shop, 100).await;
    stand_in().await.fails(&shop.domain, lost_for_long(9));
    let taken = take(ada, &reward).await;
    shop.settle().await;
    stand_in().await.spends(&shop.domain, ada.external_id, "5.00");
    time_passes(&shop, 13).await;
    assert_eq!(standing(ada, &taken.body).await, (json!("active"), 0, 0));
    ada.books_balance().await;
}

#[tokio::test]
async fn credit_that_was_spent_after_its_points_came_back_is_said_aloud() {
    let shop = connected(Shop::open().await).await;
    let reward = offered_credit(&shop).await;
    let ada = with_points(&shop, 100).await;
    stand_in().await.fails(&shop.domain, lost_for_long(10));
    let taken = take(ada, &reward).await;
    shop.settle().await;
    stand_in().await.spends(&shop.domain, ada.external_id, "5.00");
    time_passes(&shop, 13).await;
    assert_eq!(standing(ada, &taken.body).await, (json!("cancelled"), 100, 0));
    let dead = shop.api.get("/v1/tasks").query("state", "dead").query("kind", "reward.take_back");
    let dead = dead.query("min_position", shop.seen()).document().await;
    assert_eq!(dead["data"][0]["last_reason"], "the credit was spent, and the points are back");
}
