//! An acknowledgement that never comes: the log is asked what happened, and nothing is done twice.

use futures::future::join_all;
use journal::AppendError;

use crate::support::nats::Nats;
use crate::support::proxy::Proxy;
use crate::support::{account, append, impatient_journal_at, journal_at, said};

#[tokio::test]
async fn a_commit_whose_acknowledgement_is_lost_is_found_and_not_written_again() {
    let nats = Nats::single().await;
    let direct = journal_at(nats.url()).await;
    let wire = Proxy::before(nats.address()).await;
    let journal = journal_at(&wire.url()).await;
    let before = journal.append(append(account(1), 0, "before")).await.expect("nobody else writes");

    wire.cut_after_next_publish();
    let position = journal.append(append(account(1), before, "once")).await.expect("it is found");

    assert_eq!(wire.cuts(), 1, "the connection was cut");
    assert_eq!(position, before + 1);
    assert_eq!(said(&direct, &account(1)).await, ["before", "once"]);
    journal.append(append(account(1), position, "after")).await.expect("the journal is well again");
}

#[tokio::test]
async fn a_commit_that_others_have_built_upon_is_still_found() {
    let nats = Nats::single().await;
    let direct = journal_at(nats.url()).await;
    let wire = Proxy::before(nats.address()).await;
    let journal = journal_at(&wire.url()).await;

    wire.hold(true);
    wire.cut_after_next_publish();
    let builds_on_it = async {
        wire.is_cut().await;
        direct.append(append(account(1), 1, "on top")).await.expect("the first one is there");
        wire.hold(false);
    };
    let (position, ()) = futures::join!(journal.append(append(account(1), 0, "once")), builds_on_it);

    assert_eq!(position, Ok(1), "it was written, and is not the last any more");
    assert_eq!(said(&direct, &account(1)).await, ["once", "on top"]);
}

#[tokio::test]
async fn a_commit_that_arrives_after_it_was_looked_for_is_not_written_twice() {
    let nats = Nats::single().await;
    let direct = journal_at(nats.url()).await;
    let wire = Proxy::before(nats.address()).await;
    let journal = journal_at(&wire.url()).await;

    wire.delay_next_publish();
    let position = journal.append(append(account(1), 0, "once")).await;

    assert_eq!(wire.cuts(), 1, "the connection was cut");
    assert_eq!(position, Ok(1));
    assert_eq!(said(&direct, &account(1)).await, ["once"]);
}

#[tokio::test]
async fn a_batch_whose_acknowledgement_is_lost_is_found_whole() {
    const LOAD: u32 = 600;
    let nats = Nats::single().await;
    let direct = journal_at(nats.url()).await;
    let wire = Proxy::before(nats.address()).await;
    let journal = journal_at(&wire.url()).await;

    wire.cut_after_next_publish();
    let appends = (0..LOAD).map(|n| journal.append(append(account(n), 0, &n.to_string())));
    let outcomes = join_all(appends).await;

    assert_eq!(wire.cuts(), 1, "the connection was cut");
    for (n, outcome) in (0..LOAD).zip(outcomes) {
        let last = direct.last(&account(n)).await.expect("the leader answers").expect("it was written");
        assert_eq!(outcome, Ok(last.position), "commit {n}");
    }
    assert_eq!(direct.last_position().await.expect("the leader answers"), u64::from(LOAD), "each exactly once");
}

#[tokio::test]
async fn a_pair_whose_acknowledgement_is_lost_is_found() {
    let nats = Nats::single().await;
    let wire = Proxy::before(nats.address()).await;
    let journal = journal_at(&wire.url()).await;

    wire.cut_after_next_publish();
    let pair = vec![append(account(1), 0, "left"), append(account(2), 0, "right")];
    let positions = journal.append_together(pair).await.expect("it is found, or written now");

    assert_eq!(positions, [1, 2]);
    assert_eq!(journal.last_position().await.expect("the leader answers"), 2);
}

#[tokio::test]
async fn when_nobody_can_be_asked_the_outcome_is_unknown() {
    let nats = Nats::single().await;
    let direct = journal_at(nats.url()).await;
    let wire = Proxy::before(nats.address()).await;
    let journal = impatient_journal_at(&wire.url()).await;

    wire.mute(true);
    assert_eq!(journal.append(append(account(1), 0, "heard by nobody")).await, Err(AppendError::Unknown));

    wire.mute(false);
    assert_eq!(said(&direct, &account(1)).await, ["heard by nobody"]);
    assert_eq!(journal.append(append(account(1), 0, "again")).await, Err(AppendError::Conflict));
    journal.append(append(account(2), 0, "another")).await.expect("the journal is well again");
}

#[tokio::test]
async fn without_a_server_commits_are_turned_away_in_bounded_time() {
    let nats = Nats::single().await;
    let journal = impatient_journal_at(nats.url()).await;
    journal.append(append(account(1), 0, "before")).await.expect("nobody else writes");

    drop(nats);
    let outcome = journal.append(append(account(2), 0, "nowhere")).await;
    assert!(matches!(outcome, Err(AppendError::Unavailable | AppendError::Unknown)), "{outcome:?}");
    // By now the loss has been noticed: what is never sent is certainly not in the log.
    assert_eq!(journal.append(append(account(3), 0, "nowhere")).await, Err(AppendError::Unavailable));
    assert!(journal.ping().await.is_err());
}
