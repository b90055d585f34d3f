//! A decision that does not fit into one commit: several on one subject, written whole or not at all.

use std::time::Duration;

use futures::future::join_all;
use journal::executor::Capacity;
use journal::{Aggregates, Append, AppendError, Journal, JournalOptions, MAX_COMMIT_BYTES, Together};

use crate::support::counter::{Count, Counted, Counter, LARGE_BYTES};
use crate::support::nats::Nats;
use crate::support::proxy::Proxy;
use crate::support::{account, append, context, heard_everywhere, journal_at, said};

/// How long whoever writes waits for a server that comes back elsewhere.
const WHILE_IT_IS_DOWN: Duration = Duration::from_millis(500);

/// Three commits on account 1, between one each on accounts 0 and 2.
fn several(expected: u64) -> Vec<Append> {
    let mut several = vec![append(account(0), expected, "before")];
    several.extend(["one", "two", "three"].map(|text| append(account(1), expected, text)));
    several.push(append(account(2), expected, "after"));
    several
}

#[tokio::test]
async fn several_commits_on_one_subject_are_written_in_their_order() {
    for nats in [Nats::single().await, Nats::cluster().await] {
        let journal = journal_at(nats.url()).await;
        heard_everywhere(&nats).await;

        assert_eq!(journal.append_together(several(0)).await, Ok(vec![1, 2, 3, 4, 5]));

        assert_eq!(said(&journal, &account(1)).await, ["one", "two", "three"]);
        let commits = journal.read_confirmed(&account(1), 0).await.expect("the log can be read");
        assert!(commits.iter().all(|commit| commit.end_of_group() == 5), "all belong to one group");
        journal.append(append(account(1), 4, "on top")).await.expect("the last one is what others build upon");
    }
}

#[tokio::test]
async fn if_the_subject_has_moved_none_of_them_is_written() {
    for nats in [Nats::single().await, Nats::cluster().await] {
        let journal = journal_at(nats.url()).await;
        heard_everywhere(&nats).await;
        journal.append(append(account(1), 0, "was here first")).await.expect("nobody else writes");

        assert_eq!(journal.append_together(several(0)).await, Err(AppendError::Conflict));

        assert_eq!(journal.last_position().await.expect("the leader answers"), 1);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn on_a_cluster_nobody_gets_between_them_and_losers_leave_nothing() {
    const WRITERS: usize = 24;
    const ROUNDS: usize = 6;
    let nats = Nats::cluster().await;
    let first = journal_at(nats.url()).await;
    heard_everywhere(&nats).await;
    let connect = async |url: &String| Journal::connect(url, JournalOptions::default()).await.expect("it connects");
    let writers = join_all(nats.urls().iter().cycle().take(WRITERS).map(connect)).await;

    let mut expected = 0;
    for round in 0..ROUNDS {
        let attempts = writers.iter().enumerate().map(async |(writer, journal)| {
            let text = |part: &str| format!("{round}/{writer}/{part}");
            match writer % 2 {
                0 => journal.append(append(account(1), expected, &text("alone"))).await,
                _ => {
                    let parts = ["a", "b", "c"].map(|part| append(account(1), expected, &text(part)));
                    journal.append_together(parts.into()).await.map(|positions| positions[2])
                }
            }
        });
        let outcomes = join_all(attempts).await;
        let won: Vec<u64> = outcomes.iter().flatten().copied().collect();
        assert_eq!(won.len(), 1, "round {round}: {outcomes:?}");
        assert!(outcomes.iter().all(|outcome| matches!(outcome, Ok(_) | Err(AppendError::Conflict))), "{outcomes:?}");
        expected = won[0];
    }

    let mut written = said(&first, &account(1)).await.into_iter();
    for round in 0..ROUNDS {
        let text = written.next().expect("somebody won the round");
        let (winner, part) = text.rsplit_once('/').expect("parts are named");
        assert!(winner.starts_with(&format!("{round}/")), "{winner} in round {round}");
        if part == "a" {
            let rest = [written.next(), written.next()];
            assert_eq!(rest, ["b", "c"].map(|part| Some(format!("{winner}/{part}"))));
        }
    }
    assert_eq!(written.next(), None);
}

#[tokio::test]
async fn when_the_acknowledgement_is_lost_they_are_found_whole() {
    let nats = Nats::single().await;
    let direct = journal_at(nats.url()).await;
    let wire = Proxy::before(nats.address()).await;
    let journal = journal_at(&wire.url()).await;

    wire.hold(true);
    wire.cut_after_next_publish();
    let look = async {
        wire.is_cut().await;
        wire.hold(false);
    };
    let (positions, ()) = futures::join!(journal.append_together(several(0)), look);

    assert_eq!(positions, Ok(vec![1, 2, 3, 4, 5]), "found, or written now");
    assert_eq!(said(&direct, &account(1)).await, ["one", "two", "three"]);
    assert_eq!(direct.last_position().await.expect("the leader answers"), 5);
}

#[tokio::test]
async fn a_server_that_dies_while_they_are_being_written_has_all_of_them_or_none() {
    const CRASHES: u64 = 12;
    const PARTS: usize = 6;
    let mut nats = Nats::single().await;
    for crash in 0..CRASHES {
        let journal = journal_at(nats.url()).await;
        let expected = journal.last(&account(1)).await.expect("the leader answers").map_or(0, |last| last.position);
        let large = "x".repeat(MAX_COMMIT_BYTES / 2);
        let parts = (0..PARTS).map(|part| append(account(1), expected, &format!("{part}{large}"))).collect();
        // It takes some milliseconds: each crash comes at another of them.
        let dies = async {
            tokio::time::sleep(Duration::from_millis(2 * crash)).await;
            nats.crash().await;
        };
        let (written, ()) =
            futures::join!(tokio::time::timeout(WHILE_IT_IS_DOWN, journal.append_together(parts)), dies);

        let journal = journal_at(nats.url()).await;
        let after = journal.read_confirmed(&account(1), expected).await.expect("the log can be read");
        assert!([0, PARTS].contains(&after.len()), "crash {crash}: {} of {PARTS} parts", after.len());
        if let Ok(Ok(positions)) = written {
            assert_eq!(positions, after.iter().map(|part| part.position).collect::<Vec<_>>(), "crash {crash}");
        }
    }
}

#[tokio::test]
async fn one_that_waits_for_the_subject_builds_upon_the_last_of_them() {
    let nats = Nats::single().await;
    let journal = journal_at(nats.url()).await;

    let (several, next, stale) = futures::join!(
        journal.append_together(several(0)),
        journal.append(append(account(1), 4, "next")),
        journal.append(append(account(1), 3, "stale")),
    );

    assert_eq!((several, next, stale), (Ok(vec![1, 2, 3, 4, 5]), Ok(6), Err(AppendError::Conflict)));
}

#[tokio::test]
async fn a_command_with_more_events_than_a_commit_holds_is_done_whole() {
    let nats = Nats::single().await;
    let journal = journal_at(nats.url()).await;
    let counters = Aggregates::<Counter>::new(journal.clone(), Capacity::default());
    let orders = 3 * MAX_COMMIT_BYTES / LARGE_BYTES;

    let done = counters.execute(account(1), &context(), &Count::AddLarge { orders }).await.expect("it is open");

    let commits = journal.read_confirmed(&account(1), 0).await.expect("the log can be read");
    assert!(commits.len() > 3, "{} commits", commits.len());
    assert!(commits.iter().all(|commit| commit.payload.len() <= MAX_COMMIT_BYTES));
    assert_eq!(done.position, commits.last().map(|last| last.position));
    assert_eq!((done.events.len(), done.state.state.seen.len()), (orders, orders));
    let cold = Aggregates::<Counter>::new(journal, Capacity::default());
    assert_eq!(cold.load(account(1)).await.expect("the log can be read"), done.state, "as the log tells it");
}

#[tokio::test]
async fn several_aggregates_stay_together_when_one_of_them_has_much_to_say() {
    let nats = Nats::single().await;
    let journal = journal_at(nats.url()).await;
    let counters = Aggregates::<Counter>::new(journal.clone(), Capacity::default());
    let context = context();
    let orders = 3 * MAX_COMMIT_BYTES / LARGE_BYTES;

    let mut together = Together::new(&journal, &context);
    let (small, large) = (account(1), account(2));
    let (one, other) = together.lock_both((&counters, small), (&counters, large)).await.expect("nobody has them");
    together.stage(other, (0..orders).map(Counted::large).collect());
    together.stage(one, vec![Counted::Closed]);
    let positions = together.commit().await.expect("nobody else writes");

    let head = journal.last_position().await.expect("the leader answers");
    assert_eq!(positions, [head - 1, head], "the last position of each, in the order of staging");
    assert!(head > 3, "{head} commits");
    let cold = Aggregates::<Counter>::new(journal.clone(), Capacity::default());
    for subject in [small, large] {
        let hot = counters.load(subject).await.expect("it is in memory");
        assert_eq!(cold.load(subject).await.expect("the log can be read"), hot);
    }
}
