//! What is not in memory is found from its end, whatever lies between; and nothing of it is passed over.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use async_nats::HeaderMap;
use journal::executor::{Capacity, SNAPSHOT_EVERY, SNAPSHOTS};
use journal::{Aggregates, Journal, SnapshotSeal, Subject, Versioned};

use crate::snapshots::Mask;
use crate::support::counter::{Count, Counter};
use crate::support::nats::Nats;
use crate::support::{account, append, context, journal_at};

fn cold(journal: &Journal) -> Aggregates<Counter> {
    Aggregates::new(journal.clone(), Capacity::default())
}

fn cold_with_snapshots(journal: &Journal) -> Aggregates<Counter> {
    let mask: Arc<dyn SnapshotSeal> = Arc::new(Mask::default());
    Aggregates::with_snapshots(journal.clone(), Capacity::default(), mask)
}

async fn add(counters: &Aggregates<Counter>, subject: Subject, order: u64) -> u64 {
    let added = counters.execute(subject, &context(), &Count::Add { order, by: order }).await.expect("it is open");
    added.position.expect("the order is new")
}

/// Orders 0, 1, 2 and so on, with other people's between them.
async fn scatter(counters: &Aggregates<Counter>, subject: Subject, orders: std::ops::Range<u64>) {
    for order in orders {
        add(counters, subject, order).await;
        add(counters, account(1_000), order).await;
    }
}

#[track_caller]
fn is_whole(counter: &Versioned<Counter>, orders: impl IntoIterator<Item = u64>) {
    let orders: BTreeSet<u64> = orders.into_iter().collect();
    assert_eq!(counter.state.seen, orders);
    assert_eq!(counter.state.total, orders.iter().sum::<u64>());
    assert_eq!(counter.commits, u64::try_from(orders.len()).expect("few"));
    assert_eq!(counter.position, counter.state.last_position);
}

#[tokio::test]
async fn a_history_of_any_length_comes_back_whole() {
    let nats = Nats::single().await;
    let journal = journal_at(nats.url()).await;
    let others = cold(&journal);

    // One more than the walk goes, and some on either side of it.
    for (n, orders) in (1..).zip([1, 2, 3, 15, 31, 32, 33, 34, 40]) {
        for order in 0..orders {
            add(&others, account(n), order).await;
            journal
                .append(append(account(10_000 * n + u32::try_from(order).expect("small")), 0, "between"))
                .await
                .expect("nobody else writes");
        }
        is_whole(&cold(&journal).load(account(n)).await.expect("the log can be read"), 0..orders);
    }
    let nobody = cold(&journal).load(account(99)).await.expect("the log can be read");
    is_whole(&nobody, []);
}

#[tokio::test]
async fn many_come_back_in_their_order_as_the_leader_has_them() {
    let nats = Nats::single().await;
    let journal = journal_at(nats.url()).await;
    let (here, elsewhere) = (cold(&journal), cold(&journal));
    for (n, orders) in [(1, 1), (2, 3), (3, 2), (4, 40)] {
        for order in 0..orders {
            add(&elsewhere, account(n), order).await;
        }
    }
    // One is in memory as it is, one as it was, the others are not; of the last there is nothing.
    is_whole(&here.load(account(3)).await.expect("the log can be read"), 0..2);
    is_whole(&here.load(account(2)).await.expect("the log can be read"), 0..3);
    add(&elsewhere, account(2), 3).await;
    let subjects = [4, 2, 99, 1, 3].map(account);
    for _ in 0..2 {
        let many = here.load_each_confirmed(&subjects).await.expect("the log can be read");
        for (counter, orders) in many.iter().zip([40, 4, 0, 1, 2]) {
            is_whole(counter, 0..orders);
        }
        assert_eq!(many.len(), subjects.len());
    }
    let nobody = here.load_each_confirmed(&[account(98)]).await.expect("the log can be read");
    is_whole(&nobody[0], []);
}

#[tokio::test]
async fn what_was_set_aside_is_completed_from_any_distance() {
    let nats = Nats::single().await;
    let journal = journal_at(nats.url()).await;
    let writer = cold_with_snapshots(&journal);
    scatter(&writer, account(1), 0..SNAPSHOT_EVERY).await;
    snapshots_are(&journal, 2).await;
    let plain = cold(&journal);

    for order in SNAPSHOT_EVERY..4 * SNAPSHOT_EVERY {
        let counter = cold_with_snapshots(&journal).load(account(1)).await.expect("the log can be read");
        is_whole(&counter, 0..order);
        scatter(&plain, account(1), order..order + 1).await;
    }
}

#[tokio::test]
async fn a_commit_that_no_guard_leads_to_is_not_passed_over() {
    let nats = Nats::single().await;
    let journal = journal_at(nats.url()).await;
    scatter(&cold(&journal), account(1), 0..3).await;

    // Somebody writes past us, without a guard. The walk ends there.
    put(&journal, account(1), payload_of(&journal, 500).await, HeaderMap::new()).await;
    is_whole(&cold(&journal).load(account(1)).await.expect("the log can be read"), [0, 1, 2, 500]);
    add(&cold(&journal), account(1), 3).await;

    is_whole(&cold(&journal).load(account(1)).await.expect("the log can be read"), [0, 1, 2, 3, 500]);
}

#[tokio::test]
async fn a_guard_that_leads_elsewhere_is_not_followed() {
    let nats = Nats::single().await;
    let journal = journal_at(nats.url()).await;
    scatter(&cold(&journal), account(1), 0..3).await;
    let elsewhere = add(&cold(&journal), account(2), 0).await;

    // The server checks this guard, but on another subject: what the header says is not about ours.
    let mut headers = HeaderMap::new();
    headers.insert("Nats-Expected-Last-Subject-Sequence", elsewhere.to_string());
    headers.insert("Nats-Expected-Last-Subject-Sequence-Subject", account(2).to_string());
    put(&journal, account(1), payload_of(&journal, 500).await, headers).await;
    // And this one says that it is the first.
    let mut headers = HeaderMap::new();
    headers.insert("Nats-Expected-Last-Subject-Sequence", "0");
    headers.insert("Nats-Expected-Last-Subject-Sequence-Subject", account(3).to_string());
    put(&journal, account(1), payload_of(&journal, 501).await, headers).await;

    is_whole(&cold(&journal).load(account(1)).await.expect("the log can be read"), [0, 1, 2, 500, 501]);
    add(&cold(&journal), account(1), 3).await;
    is_whole(&cold(&journal).load(account(1)).await.expect("the log can be read"), [0, 1, 2, 3, 500, 501]);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_read_while_others_write_is_a_beginning_of_it() {
    const ORDERS: u64 = 60;
    let nats = Nats::single().await;
    let journal = journal_at(nats.url()).await;
    let writing = tokio::spawn({
        let writer = cold_with_snapshots(&journal);
        async move { scatter(&writer, account(1), 0..ORDERS).await }
    });

    let mut seen = 0;
    while seen < ORDERS {
        let counter = cold_with_snapshots(&journal).load(account(1)).await.expect("the log can be read");
        assert!(counter.commits >= seen, "one node never goes back");
        seen = counter.commits;
        is_whole(&counter, 0..seen);
    }
    writing.await.expect("the writer is done");
}

#[tokio::test]
async fn a_snapshot_that_was_used_up_is_followed_by_a_new_one() {
    let nats = Nats::single().await;
    let journal = journal_at(nats.url()).await;
    scatter(&cold_with_snapshots(&journal), account(1), 0..SNAPSHOT_EVERY).await;
    snapshots_are(&journal, 2).await;
    let few = SNAPSHOT_EVERY + SNAPSHOT_EVERY / 4;
    scatter(&cold(&journal), account(1), SNAPSHOT_EVERY..few).await;

    add(&cold_with_snapshots(&journal), account(1), few).await;
    tokio::time::sleep(Duration::from_millis(200)).await;
    snapshots_are(&journal, 2).await;
    add(&cold_with_snapshots(&journal), account(1), few + 1).await;
    snapshots_are(&journal, 3).await;

    is_whole(&cold_with_snapshots(&journal).load(account(1)).await.expect("the log can be read"), 0..few + 2);
}

/// Snapshots are written behind the commands; this waits until there were so many.
async fn snapshots_are(journal: &Journal, count: u64) {
    let jetstream = async_nats::jetstream::new(journal.client().clone());
    let written = async {
        while jetstream.get_stream(SNAPSHOTS).await.expect("it was declared").cached_info().state.last_sequence != count
        {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(10), written).await.expect("so many are written, and no more");
}

/// The bytes of a commit that adds this order, written where it does not matter.
async fn payload_of(journal: &Journal, order: u64) -> bytes::Bytes {
    let position = add(&cold(journal), account(2_000), order).await;
    journal.at(position).await.expect("the leader answers").expect("it was written").payload
}

/// Past the journal, straight to the server.
async fn put(journal: &Journal, subject: Subject, payload: bytes::Bytes, headers: HeaderMap) {
    let jetstream = async_nats::jetstream::new(journal.client().clone());
    let ack = jetstream.publish_with_headers(subject.to_string(), headers, payload).await.expect("the server takes it");
    ack.await.expect("it is stored");
}
