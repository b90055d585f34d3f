//! Many want a few: nobody gets what is not there.

use futures::future::join_all;
use serde_json::json;

use super::kit::{connected, five_off, offered, points, shown, stand_in, take, time_passes, with_points};
use crate::support::{Installation, Shop};

#[tokio::test]
async fn of_fifty_who_want_one_of_five_at_once_five_get_it() {
    let shop = connected(Shop::open().await).await;
    let elsewhere = shop.at(Installation::second_gateway());
    let reward = offered(&shop, five_off(json!({ "stock": 5 }))).await;
    let mut people = Vec::new();
    for place in 0..50 {
        let at = if place % 2 == 0 { &shop } else { &elsewhere };
        people.push(with_points(at, 100).await);
    }
    let answers = join_all(people.iter().map(|shopper| take(*shopper, &reward))).await;
    let got: Vec<bool> = answers.iter().map(|answer| answer.status == 201).collect();
    assert_eq!(got.iter().filter(|got| **got).count(), 5);
    for answer in answers.iter().filter(|answer| answer.status != 201) {
        assert_eq!((answer.status.as_u16(), answer.code()), (409, "reward_out_of_stock"), "{}", answer.body);
    }
    shop.has_seen(Some(elsewhere.seen()));
    time_passes(&shop, 1).await;
    assert_eq!(shown(&shop, &reward).await["left"], 0);
    assert_eq!(stand_in().await.discounts(&shop.domain).len(), 5);
    for (shopper, got) in people.iter().zip(got) {
        assert_eq!(points(*shopper).await, (0, if got { 0 } else { 100 }));
    }
}
