//! Several aggregates in one atomic commit.

use std::time::Duration;

use journal::executor::{Capacity, RandomIds, Retry, TogetherError};
use journal::{Aggregates, Together};

use crate::support::counter::{Count, Counted, Counter};
use crate::support::nats::Nats;
use crate::support::{account, context, journal_at};

fn added(order: u64, by: u64) -> Vec<Counted> {
    vec![Counted::Added { order, by }]
}

#[tokio::test]
async fn both_states_have_the_events_after_a_common_commit() {
    let nats = Nats::single().await;
    let journal = journal_at(nats.url()).await;
    let counters = Aggregates::<Counter>::new(journal.clone(), Capacity::default());
    counters.execute(account(1), &context(), &Count::Add { order: 1, by: 5 }).await.expect("it is open");

    let context = context();
    let mut together = Together::new(&journal, &context);
    let giver = together.lock(&counters, account(1)).await.expect("nobody has it");
    let taker = together.lock(&counters, account(2)).await.expect("nobody has it");
    assert_eq!((giver.state().total, taker.state().total), (5, 0));
    together.stage(giver, added(2, 10));
    together.stage(taker, added(2, 20));
    let positions = together.commit().await.expect("nobody else writes");

    assert_eq!(positions, [2, 3]);
    let states = [counters.load(account(1)).await.expect("hot"), counters.load(account(2)).await.expect("hot")];
    assert_eq!([states[0].state.total, states[1].state.total], [15, 20]);
    assert_eq!([states[0].position, states[1].position], [2, 3]);
    let cold = Aggregates::<Counter>::new(journal, Capacity::default());
    assert_eq!(cold.load(account(1)).await.expect("the log can be read"), states[0]);
    assert_eq!(cold.load(account(2)).await.expect("the log can be read"), states[1]);
}

#[tokio::test]
async fn if_one_has_moved_none_is_written_and_the_next_attempt_sees_the_newer_state() {
    let nats = Nats::single().await;
    let journal = journal_at(nats.url()).await;
    let counters = Aggregates::<Counter>::new(journal.clone(), Capacity::default());
    let elsewhere = Aggregates::<Counter>::new(journal_at(nats.url()).await, Capacity::default());
    let context = context();

    let mut together = Together::new(&journal, &context);
    let left = together.lock(&counters, account(1)).await.expect("nobody has it");
    let right = together.lock(&counters, account(2)).await.expect("nobody has it");
    elsewhere.execute(account(2), &context, &Count::Add { order: 9, by: 9 }).await.expect("it is open");
    assert!(left.is_newest().await.expect("the leader answers"));
    assert!(!right.is_newest().await.expect("the leader answers"));
    together.stage(left, added(1, 1));
    together.stage(right, added(1, 1));
    assert!(matches!(together.commit().await, Err(TogetherError::Conflict)));
    assert!(journal.is_last(&account(1), 0).await.expect("the leader answers"), "half was written");

    let mut together = Together::new(&journal, &context);
    let left = together.lock(&counters, account(1)).await.expect("nobody has it");
    let right = together.lock(&counters, account(2)).await.expect("nobody has it");
    assert_eq!(right.state().total, 9);
    together.stage(left, added(1, 1));
    together.stage(right, added(1, 1));
    together.commit().await.expect("nobody else writes");
}

#[tokio::test(flavor = "multi_thread")]
async fn opposite_wishes_do_not_wait_for_each_other_in_a_circle() {
    const ROUNDS: u64 = 20;
    let nats = Nats::single().await;
    let journal = journal_at(nats.url()).await;
    let counters = Aggregates::<Counter>::new(journal.clone(), Capacity::default());

    let write_both = async |one: u32, other: u32, orders: std::ops::Range<u64>| {
        for order in orders {
            let context = context();
            let mut together = Together::new(&journal, &context);
            let pair = together.lock_both((&counters, account(one)), (&counters, account(other))).await;
            let (one, other) = pair.expect("they wait in order");
            together.stage(one, added(order, 1));
            together.stage(other, added(order, 1));
            together.commit().await.expect("nobody else writes");
        }
    };
    let both = async { futures::join!(write_both(1, 2, 0..ROUNDS), write_both(2, 1, ROUNDS..2 * ROUNDS)) };
    tokio::time::timeout(Duration::from_secs(20), both).await.expect("no circle");

    for n in [1, 2] {
        let state = counters.load_confirmed(account(n)).await.expect("the log can be read");
        assert_eq!((state.state.total, state.commits), (2 * ROUNDS, 2 * ROUNDS));
    }
}

#[tokio::test]
async fn one_asked_for_out_of_order_is_not_waited_for() {
    let nats = Nats::single().await;
    let journal = journal_at(nats.url()).await;
    let counters = Aggregates::<Counter>::new(journal.clone(), Capacity::default());
    let context = context();
    let mut first = Together::new(&journal, &context);
    let held = first.lock(&counters, account(1)).await.expect("nobody has it");

    let mut second = Together::new(&journal, &context);
    let _held_too = second.lock(&counters, account(2)).await.expect("nobody has it");
    assert!(matches!(second.lock(&counters, account(1)).await, Err(TogetherError::Conflict)));

    drop(held);
    let mut retry = Retry::new(&RandomIds);
    assert!(retry.pause().await, "the caller may start over");
    let mut third = Together::new(&journal, &context);
    third.lock(&counters, account(1)).await.expect("nobody has it any more");
}

#[tokio::test]
async fn one_aggregate_is_a_plain_commit_and_none_is_nothing() {
    let nats = Nats::single().await;
    let journal = journal_at(nats.url()).await;
    let counters = Aggregates::<Counter>::new(journal.clone(), Capacity::default());
    let context = context();

    let mut together = Together::new(&journal, &context);
    let only = together.lock(&counters, account(1)).await.expect("nobody has it");
    let unchanged = together.lock(&counters, account(2)).await.expect("nobody has it");
    together.stage(only, added(1, 1));
    together.stage(unchanged, Vec::new());
    assert_eq!(together.commit().await.expect("nobody else writes"), [1]);
    let last = journal.last(&account(1)).await.expect("the leader answers").expect("it was written");
    assert_eq!(last.commit.group, None);

    assert!(Together::new(&journal, &context).commit().await.expect("there is nothing to do").is_empty());
}
