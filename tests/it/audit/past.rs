//! Any past state, computed from the log: doors and replays agree, because they are the same code.

use aggregates::{points::Account, time::Timestamp};
use journal::Subject;
use projections::replay::{self, Moment, merchant};
use serde_json::{Value, json};

use crate::support::{Installation, Shop, Shopper, on_shared_runtime};

async fn read(shop: &Shop, shopper: Shopper<'_>, what: &str, as_of: impl ToString) -> Value {
    shop.api.get(&shopper.path(what).await).query("as_of", as_of).document().await
}

/// The account by a replay that knows nothing of doors.
async fn replayed(shop: &Shop, shopper: Shopper<'_>, moment: Moment) -> Account {
    let subject = Subject::points(shop.merchant, shopper.id().await.parse().unwrap());
    let journal = Installation::shared().gateway.journal.clone();
    on_shared_runtime(async move { replay::as_of::<Account>(&journal, subject, moment).await }).await.unwrap().state
}

#[tokio::test]
async fn an_explanation_speaks_of_the_same_moment_as_the_balance() {
    let shop = Shop::open().await;
    let ada = shop.shopper();
    let order = ada.order(50_00);
    assert!(order.deliver().await.is_accepted());
    let at_order = shop.seen();
    ada.redeem(20).await;
    let at_redemption = shop.seen();
    assert!(order.full_refund().deliver().await.is_accepted());

    for (position, available, remaining, movements) in
        [(at_order - 1, 0, None, 0), (at_order, 50, Some(50), 1), (at_redemption, 30, Some(30), 2)]
    {
        let balance = read(&shop, ada, "balance", position).await;
        let explained = read(&shop, ada, "balance/explanation", position).await;
        assert_eq!((&balance["available"], &explained["balance"]), (&json!(available), &balance), "{position}");
        let lot = &explained["lots"][0];
        assert_eq!(lot["remaining"].as_i64(), remaining, "{position}");
        assert_eq!(lot["movements"].as_array().map_or(0, Vec::len), movements, "{position}");
    }
}

#[tokio::test]
async fn before_a_merge_each_side_explains_its_own_points() {
    let shop = Shop::open().await;
    let (a, b) = (shop.shopper(), shop.shopper());
    assert!(a.order(50_00).deliver().await.is_accepted());
    assert!(b.order(30_00).deliver().await.is_accepted());
    let (before, of_a, of_b) = (shop.seen(), a.path("balance/explanation").await, b.path("balance/explanation").await);
    assert!(shop.merge(b, a).await.is_accepted());
    for (path, then, now) in [(&of_a, 50, 0), (&of_b, 30, 80)] {
        let explained = shop.api.get(path).query("as_of", before).document().await;
        assert_eq!(
            (&explained["balance"]["available"], explained["lots"].as_array().map(Vec::len)),
            (&json!(then), Some(1))
        );
        assert_eq!(shop.api.get(path).document().await["balance"]["available"], now);
    }
}

#[tokio::test]
async fn a_replay_says_at_every_position_what_the_door_says() {
    let shop = Shop::open().await;
    shop.publish(json!({ "expiry": { "kind": "after_earning", "days": 10 }, "hold": { "days": 2 } })).await;
    let ada = shop.shopper();
    let first = shop.seen();
    for minor in [20_00, 35_00] {
        assert!(ada.order(minor).deliver().await.is_accepted());
        shop.advance_days(3).await;
    }
    ada.redeem(10).await;
    shop.advance_days(9).await;
    let last = shop.seen();
    for position in first.max(1)..=last {
        let told = read(&shop, ada, "balance", position).await;
        let instant = Timestamp::parse(told["as_of"]["time"].as_str().unwrap()).unwrap();
        let balance = replayed(&shop, ada, Moment::Position(position)).await.balance_at(instant);
        assert_eq!(told["available"], balance.available, "{position}");
        assert_eq!(told["lifetime_expired"], balance.lifetime_expired, "{position}");
    }
}

#[tokio::test]
async fn a_replay_of_the_merchant_finds_everybody_with_what_they_hold() {
    let shop = Shop::open().await;
    let people = [shop.shopper(), shop.shopper(), shop.shopper()];
    for (number, person) in (1..).zip(people) {
        assert!(person.order(number * 10_00).deliver().await.is_accepted());
    }
    people[2].redeem(25).await;
    assert!(shop.merge(people[0], people[1]).await.is_accepted());
    let (journal, of) = (Installation::shared().gateway.journal.clone(), shop.merchant);
    let past =
        on_shared_runtime(async move { merchant::as_of(&journal, of, Moment::Position(u64::MAX), |_| {}).await });
    let past = past.await.unwrap();
    assert_eq!((past.people.len(), past.total()), (3, 10 + 20 + 30 - 25));
    for person in [people[0], people[2]] {
        let found = &past.people[&person.id().await.parse().unwrap()];
        assert_eq!(found.purse.balance_at(shop.now()).available, person.available().await);
    }
    assert_eq!(past.program.state.current().map(|version| version.version), Some(1));
    assert_eq!(past.books.days().values().map(|flow| flow.net()).sum::<i64>(), past.total());
}
