//! Commands on aggregates: what is in memory may be old, and the answer must not be.

use std::sync::Arc;
use std::time::Duration;

use futures::future::join_all;
use journal::executor::{AWAKE_MOST, Capacity};
use journal::{Aggregates, ExecuteError, Journal, Together};

use crate::support::counter::{Closed, Count, Counter};
use crate::support::nats::Nats;
use crate::support::{account, append, context, journal_at};

fn counters(journal: &Journal) -> Aggregates<Counter> {
    Aggregates::new(journal.clone(), Capacity::default())
}

#[tokio::test]
async fn a_command_writes_its_events_and_gives_the_state_after_them() {
    let nats = Nats::single().await;
    let counters = counters(&journal_at(nats.url()).await);

    let first = counters.execute(account(1), &context(), &Count::Add { order: 1, by: 5 }).await.expect("it is open");
    let second = counters.execute(account(1), &context(), &Count::Add { order: 2, by: 7 }).await.expect("it is open");

    assert_eq!((first.position, first.state.state.total, first.state.commits), (Some(1), 5, 1));
    assert_eq!((second.position, second.state.state.total, second.state.position), (Some(2), 12, 2));
    assert_eq!(second.state.state.last_position, 2, "events are told where they came to rest");
}

#[tokio::test]
async fn a_repeated_command_writes_nothing() {
    let nats = Nats::single().await;
    let counters = counters(&journal_at(nats.url()).await);
    let add = Count::Add { order: 1, by: 5 };
    counters.execute(account(1), &context(), &add).await.expect("it is open");

    let again = counters.execute(account(1), &context(), &add).await.expect("it is already so");

    assert!(again.events.is_empty());
    assert_eq!((again.position, again.state.commits), (None, 1));
}

/// Two gateways; the second still believes that the counter is closed, which it is not any more.
async fn one_is_behind(nats: &Nats) -> (Aggregates<Counter>, Aggregates<Counter>) {
    let (here, behind) = (counters(&journal_at(nats.url()).await), counters(&journal_at(nats.url()).await));
    here.execute(account(1), &context(), &Count::Close).await.expect("it is open");
    assert!(behind.load(account(1)).await.expect("the log can be read").state.closed);
    here.execute(account(1), &context(), &Count::Reopen).await.expect("anybody may");
    (here, behind)
}

#[tokio::test]
async fn what_only_memory_would_refuse_is_done() {
    let nats = Nats::single().await;
    let (_here, behind) = one_is_behind(&nats).await;

    let done = behind.execute(account(1), &context(), &Count::Add { order: 1, by: 5 }).await.expect("it is open again");

    assert_eq!((done.position, done.state.state.total), (Some(3), 5));
}

#[tokio::test]
async fn what_only_memory_believes_to_be_done_already_is_done() {
    let nats = Nats::single().await;
    let (here, behind) = one_is_behind(&nats).await;

    let done = behind.execute(account(1), &context(), &Count::Close).await.expect("anybody may");

    assert_eq!(done.position, Some(3), "it is closed again, and written so");
    let refused = here.execute(account(1), &context(), &Count::Add { order: 1, by: 5 }).await;
    assert!(matches!(refused, Err(ExecuteError::Refused(Closed))), "{refused:?}");
}

#[tokio::test]
async fn a_decision_that_lost_a_race_is_made_again() {
    let nats = Nats::single().await;
    let (here, elsewhere) = (counters(&journal_at(nats.url()).await), counters(&journal_at(nats.url()).await));
    elsewhere.load(account(1)).await.expect("the log can be read");
    let add = Count::Add { order: 1, by: 5 };
    here.execute(account(1), &context(), &add).await.expect("it is open");

    // Memory elsewhere does not know the order, so it wants to write; the guard says no, and then it is known.
    let known = elsewhere.execute(account(1), &context(), &add).await.expect("it is already so");

    assert_eq!((known.position, known.state.state.total, known.state.commits), (None, 5, 1));
}

#[tokio::test]
async fn a_confirmed_load_sees_what_others_wrote() {
    let nats = Nats::single().await;
    let (here, elsewhere) = (counters(&journal_at(nats.url()).await), counters(&journal_at(nats.url()).await));
    assert_eq!(here.load(account(1)).await.expect("the log can be read").position, 0);
    elsewhere.execute(account(1), &context(), &Count::Add { order: 1, by: 5 }).await.expect("it is open");

    assert_eq!(here.load(account(1)).await.expect("it is in memory").position, 0);
    let newest = here.load_confirmed(account(1)).await.expect("the log can be read");
    assert_eq!((newest.position, newest.state.total), (1, 5));
}

#[tokio::test(flavor = "multi_thread")]
async fn one_process_does_not_conflict_with_itself() {
    const COMMANDS: u64 = 100;
    let nats = Nats::single().await;
    let counters = counters(&journal_at(nats.url()).await);

    let commands = (0..COMMANDS).map(async |order| {
        counters.execute(account(1), &context(), &Count::Add { order, by: 1 }).await.expect("it is open")
    });
    let done = join_all(commands).await;

    let mut positions: Vec<u64> = done.iter().filter_map(|done| done.position).collect();
    positions.sort_unstable();
    assert_eq!(positions, (1..=COMMANDS).collect::<Vec<_>>());
    let cold = Aggregates::<Counter>::new(counters.journal().clone(), Capacity::default());
    assert_eq!(
        cold.load(account(1)).await.expect("the log can be read"),
        counters.load(account(1)).await.expect("hot")
    );
}

#[tokio::test]
async fn memory_is_bounded_and_what_it_drops_comes_back_from_the_log() {
    const ACCOUNTS: u32 = 200;
    let nats = Nats::single().await;
    let counters = Aggregates::<Counter>::new(journal_at(nats.url()).await, Capacity(50));
    for n in 0..ACCOUNTS {
        let by = u64::from(n);
        counters.execute(account(n), &context(), &Count::Add { order: 1, by }).await.expect("it is open");
    }

    assert!(counters.hot() <= 50, "{} are in memory", counters.hot());
    for n in 0..ACCOUNTS {
        let state = counters.load(account(n)).await.expect("the log can be read");
        assert_eq!(state.state.total, u64::from(n));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn one_that_was_idle_is_decided_on_as_if_it_had_not_been() {
    const ROUNDS: u64 = 3;
    let nats = Nats::single().await;
    let counters = Aggregates::<Counter>::packed(journal_at(nats.url()).await, Capacity::default());
    // Far more than stay awake, all at once, and each several times.
    let accounts = 0..u32::try_from(3 * AWAKE_MOST).expect("a few thousand");
    for order in 1..=ROUNDS {
        let add = |n| {
            let counters = counters.clone();
            async move { counters.execute(account(n), &context(), &Count::Add { order, by: u64::from(n) }).await }
        };
        for done in join_all(accounts.clone().map(add)).await {
            assert!(done.expect("it is open").position.is_some());
        }
    }

    for n in accounts {
        assert!(counters.is_in_memory(account(n)));
        let state = counters.load(account(n)).await.expect("it is in memory");
        assert_eq!((state.commits, state.state.total), (ROUNDS, ROUNDS * u64::from(n)));
        assert!(counters.newer_in_memory(account(n), state.position).is_none());
        assert_eq!(counters.newer_in_memory(account(n), state.position - 1), Some(state));
    }
}

#[tokio::test]
async fn one_in_somebodys_hands_is_not_dropped_from_memory() {
    let nats = Nats::single().await;
    let journal = journal_at(nats.url()).await;
    let counters = Aggregates::<Counter>::new(journal.clone(), Capacity(10));
    let context = context();
    let mut together = Together::new(&journal, &context);
    let held = together.lock(&counters, account(1)).await.expect("nobody has it");
    // Each twice: what is asked for again is worth more to a cache than what was asked for once.
    for n in (100..300).flat_map(|n| [n, n]) {
        counters.load(account(n)).await.expect("the log can be read");
    }

    let command = Count::Add { order: 1, by: 5 };
    let mut waiting = Box::pin(counters.execute(account(1), &context, &command));
    let early = tokio::time::timeout(Duration::from_millis(200), &mut waiting).await;
    assert!(early.is_err(), "a second slot was made beside the first");
    drop(held);
    waiting.await.expect("it is open");
}

#[tokio::test]
async fn readers_keep_the_state_they_were_given() {
    let nats = Nats::single().await;
    let counters = counters(&journal_at(nats.url()).await);
    counters.execute(account(1), &context(), &Count::Add { order: 1, by: 5 }).await.expect("it is open");
    let before = counters.load(account(1)).await.expect("it is in memory");

    counters.execute(account(1), &context(), &Count::Add { order: 2, by: 7 }).await.expect("it is open");

    assert_eq!(before.state.total, 5);
    let after = counters.load(account(1)).await.expect("it is in memory");
    assert_eq!(after.state.total, 12);
    assert!(!Arc::ptr_eq(&before, &after));
}

#[tokio::test]
async fn a_history_that_cannot_be_read_is_an_error_that_names_the_position() {
    let nats = Nats::single().await;
    let journal = journal_at(nats.url()).await;
    let position = journal.append(append(account(1), 0, "not a counter event")).await.expect("nobody else writes");

    let done = counters(&journal).execute(account(1), &context(), &Count::Close).await;

    assert!(matches!(done, Err(ExecuteError::Unreadable { position: found, .. }) if found == position), "{done:?}");
}
