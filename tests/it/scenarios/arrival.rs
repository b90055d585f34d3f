//! The law of arrival, through the door: whatever order webhooks come in, however often and however late, the shoppers
//! end up with the same.

mod history;

use std::collections::BTreeMap;

use futures::{StreamExt, stream};
use serde_json::json;

pub use self::history::{Chance, History};
use crate::support::{Explanation, Installation, Shop};

/// Names a seed to try again; a failure prints its own.
const SEED: &str = "LOYALNEST_ARRIVAL_SEED";
/// Webhooks of one shop under way at the same time.
const AT_ONCE: usize = 5;

#[tokio::test]
async fn two_shops_that_hear_one_history_in_different_orders_end_up_the_same() {
    let seed = std::env::var(SEED).ok().and_then(|seed| seed.parse().ok()).unwrap_or_else(Chance::random_seed);
    println!("{SEED}={seed}");
    let mut chance = Chance::of(seed);
    let shops = [Shop::open().await, Shop::open().await];
    for shop in &shops {
        shop.publish(json!({ "expiry": { "kind": "after_earning", "days": 365 }, "hold": { "days": 1 } })).await;
    }
    let history = History::made_by(&mut chance, shops[1].now());
    assert!(history.webhooks.len() >= 20, "{}", history.webhooks.len());

    let mut ends = Vec::new();
    for shop in &shops {
        hear(shop, history.webhooks_as_they_arrive(&mut chance)).await;
        shop.advance_days(2).await;
        ends.push(end(shop, &history).await);
    }
    assert!(ends[0].values().any(|end| end.balance.available > 0), "something was earned: {:#?}", ends[0]);
    assert_eq!(ends[0], ends[1]);
}

/// Through two gateways, as a load balancer would have it.
async fn hear(shop: &Shop, webhooks: Vec<(&str, String)>) {
    let doors = [shop.clone(), shop.at(Installation::second_gateway())];
    let doors = doors.iter().cycle();
    let deliveries = webhooks.into_iter().zip(doors).map(|((topic, body), door)| async move {
        let delivery = door.deliver(topic, &body).await;
        assert_eq!(delivery.status, 200, "{topic}: {}", delivery.body);
        assert_ne!(delivery.outcome, "parked", "{topic}");
    });
    stream::iter(deliveries).buffer_unordered(AT_ONCE).collect::<Vec<()>>().await;
}

/// How every shopper stands, by the shop's own ids of them.
async fn end(shop: &Shop, history: &History) -> BTreeMap<u64, Explanation> {
    let mut ends = BTreeMap::new();
    for &external_id in &history.survivors {
        shop.known_as(external_id).books_balance().await;
        ends.insert(external_id, shop.known_as(external_id).explanation().await.canonical());
    }
    ends
}
