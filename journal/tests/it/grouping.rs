//! Group commit: a quiet system publishes singly, a loaded one shares batches, and one stale commit harms nobody else.

use std::collections::BTreeSet;

use futures::future::join_all;
use journal::committer::{GROUP_MIN, SINGLES_WINDOW};
use journal::{AppendError, Journal, STREAM};

use crate::support::nats::Nats;
use crate::support::{account, append, journal_at, said};

/// Whether the message at a position was written in a batch: the server keeps the header.
async fn was_batched(journal: &Journal, position: u64) -> bool {
    let jetstream = async_nats::jetstream::new(journal.client().clone());
    let stream = jetstream.get_stream_no_info(STREAM).await.expect("a good name");
    let message = stream.get_raw_message(position).await.expect("the leader has it");
    message.headers.get("Nats-Batch-Id").is_some()
}

#[tokio::test]
async fn a_quiet_system_publishes_singly() {
    let nats = Nats::single().await;
    let journal = journal_at(nats.url()).await;

    let appends = (0..20).map(|n| journal.append(append(account(n), 0, "quiet")));
    let positions = join_all(appends).await.into_iter().collect::<Result<Vec<_>, _>>().expect("nobody else writes");

    for position in positions {
        assert!(!was_batched(&journal, position).await, "position {position} was in a batch");
    }
}

#[tokio::test]
async fn a_loaded_system_shares_batches_and_answers_each_with_its_own_position() {
    const LOAD: u32 = 3_000;
    let nats = Nats::single().await;
    let journal = journal_at(nats.url()).await;

    let appends = (0..LOAD).map(|n| journal.append(append(account(n), 0, &n.to_string())));
    let positions = join_all(appends).await.into_iter().collect::<Result<Vec<_>, _>>().expect("nobody else writes");

    assert_eq!(positions.iter().collect::<BTreeSet<_>>().len(), positions.len(), "no position is given twice");
    assert_eq!(journal.last_position().await.expect("the leader answers"), u64::from(LOAD));
    for n in [0, 1, 500, 1_234, LOAD - 1] {
        let last = journal.last(&account(n)).await.expect("the leader answers").expect("it was written");
        assert_eq!(last.position, positions[usize::try_from(n).expect("small")]);
        assert_eq!(last.commit.events[0].bytes, n.to_string().as_bytes());
    }
    assert!(was_batched(&journal, positions[2_000]).await, "under load commits share batches");
}

#[tokio::test]
async fn one_stale_commit_in_a_batch_is_a_conflict_and_the_others_are_written() {
    const LOAD: u32 = 700;
    const STALE: u32 = 400;
    let nats = Nats::single().await;
    let journal = journal_at(nats.url()).await;
    let appends = (0..LOAD).map(|n| journal.append(append(account(n), 0, "first")));
    let first = join_all(appends).await.into_iter().collect::<Result<Vec<_>, _>>().expect("nobody else writes");

    let expected = |n: u32| if n == STALE { 0 } else { first[usize::try_from(n).expect("small")] };
    let appends = (0..LOAD).map(|n| journal.append(append(account(n), expected(n), &n.to_string())));
    let outcomes = join_all(appends).await;

    for (n, outcome) in (0..LOAD).zip(outcomes) {
        if n == STALE {
            assert_eq!(outcome, Err(AppendError::Conflict));
            assert_eq!(said(&journal, &account(n)).await, ["first"]);
            continue;
        }
        let position = outcome.unwrap_or_else(|error| panic!("commit {n} was refused: {error}"));
        let last = journal.last(&account(n)).await.expect("the leader answers").expect("it was written");
        assert_eq!(last.position, position, "commit {n}");
        assert_eq!(last.commit.events[0].bytes, n.to_string().as_bytes());
    }
    let written = u64::from(2 * LOAD - 1);
    assert_eq!(journal.last_position().await.expect("the leader answers"), written, "each exactly once");
}

#[tokio::test]
async fn commits_on_one_subject_take_turns_and_only_one_wins() {
    let nats = Nats::single().await;
    let journal = journal_at(nats.url()).await;

    let rivals = (0..50).map(|n| journal.append(append(account(1), 0, &n.to_string())));
    let others = (100..400).map(|n| journal.append(append(account(n), 0, "other")));
    let (rivals, others) = futures::join!(join_all(rivals), join_all(others));

    assert_eq!(rivals.iter().filter(|outcome| outcome.is_ok()).count(), 1);
    assert_eq!(rivals.iter().filter(|outcome| **outcome == Err(AppendError::Conflict)).count(), 49);
    assert!(others.iter().all(Result::is_ok));
    assert_eq!(said(&journal, &account(1)).await.len(), 1);
}

#[tokio::test]
async fn pairs_ride_along_and_stay_whole() {
    let nats = Nats::single().await;
    let journal = journal_at(nats.url()).await;
    let elsewhere = journal_at(nats.url()).await;
    elsewhere.append(append(account(2_007), 0, "was here first")).await.expect("nobody else writes");

    let load = u32::try_from(SINGLES_WINDOW + 4 * GROUP_MIN).expect("small");
    let singles = (0..load).map(|n| journal.append(append(account(n), 0, "single")));
    let pair = |n: u32| vec![append(account(1_000 + n), 0, "left"), append(account(2_000 + n), 0, "right")];
    let pairs = (0..40).map(|n| journal.append_together(pair(n)));
    let (singles, pairs) = futures::join!(join_all(singles), join_all(pairs));

    assert!(singles.iter().all(Result::is_ok));
    for (n, outcome) in (0..40).zip(pairs) {
        if n == 7 {
            assert_eq!(outcome, Err(AppendError::Conflict));
            assert!(said(&journal, &account(1_000 + n)).await.is_empty(), "half a pair was written");
            continue;
        }
        let positions = outcome.expect("this pair was free");
        let left = journal.last(&account(1_000 + n)).await.expect("the leader answers").expect("it was written");
        let right = journal.last(&account(2_000 + n)).await.expect("the leader answers").expect("it was written");
        assert_eq!(positions, [left.position, right.position]);
        assert_eq!(left.commit.group.map(|group| group.id), right.commit.group.map(|group| group.id));
    }
}
