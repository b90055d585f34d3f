//! A cold aggregate from its snapshot is the one that a full replay gives, or the snapshot is ignored.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use aggregates::id::{MerchantId, ParkedId};
use futures::future::BoxFuture;
use journal::executor::{Capacity, SNAPSHOT_EVERY, SNAPSHOTS};
use journal::{Aggregates, Journal, Snapshot, SnapshotSeal, Subject};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::support::counter::{Closed, Count, Counted, Counter};
use crate::support::nats::Nats;
use crate::support::{account, context, journal_at};

/// Turns every byte around, and counts how often it was asked.
#[derive(Default)]
pub struct Mask {
    opened: AtomicUsize,
    key_is_gone: bool,
}

impl SnapshotSeal for Mask {
    fn seal<'a>(&'a self, _: &'a Subject, plain: &'a [u8]) -> BoxFuture<'a, Option<Vec<u8>>> {
        Box::pin(async move { (!self.key_is_gone).then(|| plain.iter().map(|byte| !byte).collect()) })
    }

    fn open<'a>(&'a self, subject: &'a Subject, sealed: &'a [u8]) -> BoxFuture<'a, Option<Vec<u8>>> {
        self.opened.fetch_add(1, Ordering::SeqCst);
        self.seal(subject, sealed)
    }
}

fn counters<A: Snapshot>(journal: &Journal, mask: &Arc<Mask>) -> Aggregates<A> {
    let mask: Arc<dyn SnapshotSeal> = Arc::<Mask>::clone(mask);
    Aggregates::with_snapshots(journal.clone(), Capacity::default(), mask)
}

async fn count_to(counters: &Aggregates<Counter>, commits: u64) {
    for order in 0..commits {
        counters.execute(account(1), &context(), &Count::Add { order, by: order }).await.expect("it is open");
    }
}

/// Snapshots are written behind the commands; this waits for one.
async fn snapshot_is_there(journal: &Journal) {
    let jetstream = async_nats::jetstream::new(journal.client().clone());
    let there = async {
        while jetstream.get_stream(SNAPSHOTS).await.expect("it was declared").cached_info().state.messages == 0 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(10), there).await.expect("a snapshot is written");
}

#[tokio::test]
async fn a_cold_load_from_a_snapshot_equals_a_full_replay() {
    let nats = Nats::single().await;
    let journal = journal_at(nats.url()).await;
    let mask = Arc::new(Mask::default());
    count_to(&counters(&journal, &mask), SNAPSHOT_EVERY + 3).await;
    snapshot_is_there(&journal).await;

    let from_snapshot = counters::<Counter>(&journal, &mask).load(account(1)).await.expect("the log can be read");
    let replayed = Aggregates::<Counter>::new(journal, Capacity::default());
    let replayed = replayed.load(account(1)).await.expect("the log can be read");

    assert_eq!(mask.opened.load(Ordering::SeqCst), 1, "the snapshot was used");
    assert_eq!(from_snapshot, replayed);
    assert_eq!(replayed.commits, SNAPSHOT_EVERY + 3);
}

#[tokio::test]
async fn without_the_persons_key_there_is_only_the_log() {
    let nats = Nats::single().await;
    let journal = journal_at(nats.url()).await;
    count_to(&counters(&journal, &Arc::new(Mask::default())), SNAPSHOT_EVERY).await;
    snapshot_is_there(&journal).await;

    let gone = Arc::new(Mask { key_is_gone: true, ..Mask::default() });
    let state = counters::<Counter>(&journal, &gone).load(account(1)).await.expect("the log can be read");
    assert_eq!(state.commits, SNAPSHOT_EVERY);

    assert!(journal.has_snapshot(&account(1)).await.expect("the stream answers"));
    journal.delete_snapshot(&account(1)).await.expect("the stream takes it");
    assert!(!journal.has_snapshot(&account(1)).await.expect("the stream answers"));
    let jetstream = async_nats::jetstream::new(journal.client().clone());
    let info = jetstream.get_stream(SNAPSHOTS).await.expect("it was declared");
    assert_eq!(info.cached_info().state.messages, 0, "erasure leaves no snapshot");
}

#[tokio::test]
async fn of_an_erased_merchant_nothing_is_kept_beside_the_log() {
    let nats = Nats::single().await;
    let journal = journal_at(nats.url()).await;
    count_to(&counters(&journal, &Arc::new(Mask::default())), SNAPSHOT_EVERY).await;
    snapshot_is_there(&journal).await;
    let (merchant, other) = (account(1).merchant, MerchantId(Uuid::from_u128(0xffff)));
    let jetstream = async_nats::jetstream::new(journal.client().clone());
    let body = journal::subject::parked_body(other, ParkedId(Uuid::from_u128(1)));
    let stored = jetstream.publish(body, "sealed".into()).await.expect("the server takes it");
    stored.await.expect("it is stored");

    let kept = async |merchant| journal.has_asides_of(merchant).await.expect("the streams answer");
    assert!(kept(merchant).await && kept(other).await, "a snapshot of the one, a parked body of the other");
    journal.delete_asides_of(merchant).await.expect("the streams take it");
    assert!(!kept(merchant).await && kept(other).await);
    journal.delete_asides_of(other).await.expect("the streams take it");
    assert!(!kept(other).await);
}

/// The same events, folded into other fields than before: what a newer version of the code might do.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Reshaped {
    orders: u64,
}

impl aggregates::Aggregate for Reshaped {
    const CONTEXT: aggregates::Context = aggregates::Context::Points;
    type Event = Counted;
    type Command = Count;
    type Refusal = Closed;

    fn decide(&self, _: &Count) -> Result<Vec<Counted>, Closed> {
        Ok(Vec::new())
    }

    fn apply(&mut self, _: &Counted, _: &aggregates::event::Recorded) {
        self.orders += 1;
    }
}

impl Snapshot for Reshaped {
    const SHAPE: u64 = 2;
}

#[tokio::test]
async fn a_snapshot_of_another_shape_is_ignored() {
    let nats = Nats::single().await;
    let journal = journal_at(nats.url()).await;
    let mask = Arc::new(Mask::default());
    count_to(&counters(&journal, &mask), SNAPSHOT_EVERY).await;
    snapshot_is_there(&journal).await;

    let reshaped = counters::<Reshaped>(&journal, &mask).load(account(1)).await.expect("the log can be read");

    assert_eq!(reshaped.state.orders, SNAPSHOT_EVERY, "every commit was replayed");
}

#[tokio::test]
async fn a_snapshot_of_another_log_is_ignored() {
    let (nats, other) = (Nats::single().await, Nats::single().await);
    let (journal, restored) = (journal_at(nats.url()).await, journal_at(other.url()).await);
    let mask = Arc::new(Mask::default());
    count_to(&counters(&journal, &mask), SNAPSHOT_EVERY).await;
    snapshot_is_there(&journal).await;
    // The other log has other commits at the same positions, and the first log's snapshots.
    let replayed = Aggregates::<Counter>::new(restored.clone(), Capacity::default());
    for order in 100..100 + SNAPSHOT_EVERY {
        replayed.execute(account(1), &context(), &Count::Add { order, by: 1 }).await.expect("it is open");
    }
    copy_snapshots(&journal, &restored).await;

    let state = counters::<Counter>(&restored, &mask).load(account(1)).await.expect("the log can be read");

    assert_eq!(mask.opened.load(Ordering::SeqCst), 1, "the copied snapshot was looked at");
    assert_eq!(state.state.total, SNAPSHOT_EVERY, "and not used");
}

async fn copy_snapshots(from: &Journal, to: &Journal) {
    let stream = async_nats::jetstream::new(from.client().clone()).get_stream(SNAPSHOTS).await.expect("declared");
    let last = stream.cached_info().state.last_sequence;
    let message = stream.get_raw_message(last).await.expect("the leader has it");
    let jetstream = async_nats::jetstream::new(to.client().clone());
    let ack = jetstream.publish(message.subject, message.payload).await.expect("the server takes it");
    ack.await.expect("it is stored");
}
