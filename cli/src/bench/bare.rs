//! The log written by the client library alone: the bytes and headers of a real commit, under the same guards.
//! Beside our commands it is the ceiling; before a measurement it is a fast way to a long log.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use aggregates::id::{CustomerId, MerchantId};
use anyhow::{Context, ensure};
use async_nats::{
    HeaderMap,
    header::{
        HeaderName, HeaderValue, NATS_BATCH_COMMIT, NATS_BATCH_COMMIT_FINAL, NATS_BATCH_ID, NATS_BATCH_SEQUENCE,
        NATS_EXPECTED_LAST_SUBJECT_SEQUENCE,
    },
    jetstream::{self, stream},
};
use bytes::Bytes;
use gateway::{Gateway, clock::new_id};
use journal::Subject;
use serde::Deserialize;
use uuid::Uuid;

use super::{cpu::Parties, crowd::crowd, run::Run};

/// As many as the log takes in one atomic batch.
pub const BATCH: usize = 1_000;
/// A stream like the journal, for what is not ours.
const STREAM: &str = "BARE";
/// Stands before the journal's own subjects there.
const STREAM_ROOT: &str = "bare.";
/// What a commit carries beside the guard; see the journal's `wire`.
const EVENTS_HEADER: HeaderName = HeaderName::from_static("Ln-Events");
const EVENTS: &str = "points.order_assessed/1";

/// As many subjects as asked for, which take turns.
#[derive(Clone)]
pub struct Bare(Arc<Shared>);

struct Shared {
    jetstream: jetstream::Context,
    payload: Bytes,
    root: &'static str,
    address: fn(MerchantId, Uuid) -> Subject,
    merchant: MerchantId,
    subjects: u64,
    /// Where each subject stands: what the guard says next.
    standing: Vec<AtomicU64>,
    next: AtomicU64,
}

/// What the log answers to the last message of a batch.
#[derive(Deserialize)]
struct BatchAck {
    #[serde(default)]
    seq: u64,
    #[serde(default)]
    count: u64,
}

impl Bare {
    /// A stream of its own, each subject with a commit on it. `subjects` is a multiple of [`BATCH`].
    pub async fn beside_the_journal(gateway: &Gateway, subjects: u64) -> anyhow::Result<Bare> {
        let address = |merchant, id| Subject::points(merchant, CustomerId(id));
        let bare = Bare::new(gateway, STREAM_ROOT, address, subjects).await?;
        let config = stream::Config {
            name: STREAM.to_owned(),
            subjects: vec![format!("{STREAM_ROOT}>")],
            allow_atomic_publish: true,
            allow_direct: true,
            discard: stream::DiscardPolicy::New,
            duplicate_window: Duration::from_secs(1),
            ..stream::Config::default()
        };
        bare.0.jetstream.create_stream(config).await?;
        bare.fill(subjects).await?;
        Ok(bare)
    }

    /// In the journal itself, of merchants nobody knows, in a room that no gateway reads when it starts: on a log that names
    /// people whom the vault has never heard of, or privacy requests that are none, it would not start.
    pub async fn in_the_journal(gateway: &Gateway, subjects: u64) -> anyhow::Result<Bare> {
        Bare::new(gateway, "", |_, id| Subject::books(MerchantId(id)), subjects).await
    }

    /// The bytes of a real commit.
    pub fn payload(&self) -> &Bytes {
        &self.0.payload
    }

    /// The bytes are those of the newest commit.
    async fn new(
        gateway: &Gateway,
        root: &'static str,
        address: fn(MerchantId, Uuid) -> Subject,
        subjects: u64,
    ) -> anyhow::Result<Bare> {
        let newest = gateway.journal.at(gateway.journal.last_position().await?).await?;
        let payload = newest.context("nothing was ordered yet")?.payload;
        let jetstream = jetstream::new(gateway.journal.client().clone());
        let standing = (0..subjects).map(|_| AtomicU64::new(0)).collect();
        let (merchant, next) = (MerchantId(new_id()), AtomicU64::new(0));
        Ok(Bare(Arc::new(Shared { jetstream, payload, root, address, merchant, subjects, standing, next })))
    }

    /// Writes so many messages, in whole batches.
    pub async fn fill(&self, messages: u64) -> anyhow::Result<()> {
        for _ in 0..messages / u64::try_from(BATCH)? {
            self.batch().await?;
        }
        Ok(())
    }

    /// Guarded atomic batches of a thousand, one after the other.
    pub async fn batches(&self, turn: Duration, parties: &Parties) -> anyhow::Result<Run> {
        let bare = self.clone();
        let work = move || {
            let bare = bare.clone();
            async move { bare.batch().await }
        };
        Ok(crowd(1, turn, parties, work).await?.times(u64::try_from(BATCH)?))
    }

    /// Guarded publishes, so many in flight.
    pub async fn singles(&self, in_flight: usize, turn: Duration, parties: &Parties) -> anyhow::Result<Run> {
        let bare = self.clone();
        let work = move || {
            let bare = bare.clone();
            async move { bare.single().await }
        };
        crowd(in_flight, turn, parties, work).await
    }

    async fn single(&self) -> anyhow::Result<()> {
        let (subject, standing) = self.next();
        let headers = headers(standing.load(Ordering::Relaxed));
        let publish = self.0.jetstream.publish_with_headers(subject, headers, self.0.payload.clone());
        let ack = publish.await?.await?;
        standing.store(ack.sequence, Ordering::Relaxed);
        Ok(())
    }

    /// One guarded atomic batch.
    pub async fn batch(&self) -> anyhow::Result<()> {
        let client = self.0.jetstream.client();
        let id = new_id().simple().to_string();
        let mut members = Vec::with_capacity(BATCH);
        let mut answer = None;
        for sequence in 1..=BATCH {
            let (subject, standing) = self.next();
            let mut headers = headers(standing.load(Ordering::Relaxed));
            headers.insert(NATS_BATCH_ID, id.as_str());
            headers.insert(NATS_BATCH_SEQUENCE, sequence.to_string());
            members.push(standing);
            if sequence < BATCH {
                client.publish_with_headers(subject, headers, self.0.payload.clone()).await?;
            } else {
                headers.insert(NATS_BATCH_COMMIT, NATS_BATCH_COMMIT_FINAL);
                answer = Some(client.request_with_headers(subject, headers, self.0.payload.clone()).await?);
            }
        }
        let answer = answer.context("a batch is never empty")?;
        let ack: BatchAck = serde_json::from_slice(&answer.payload)?;
        let count = u64::try_from(BATCH)?;
        ensure!(ack.count == count, "the log refused a batch: {}", String::from_utf8_lossy(&answer.payload));
        for (standing, sequence) in members.into_iter().zip(ack.seq + 1 - count..) {
            standing.store(sequence, Ordering::Relaxed);
        }
        Ok(())
    }

    /// The next subject in turn, and where it stands. All others come before it does again.
    fn next(&self) -> (String, &AtomicU64) {
        let number = self.0.next.fetch_add(1, Ordering::Relaxed) % self.0.subjects;
        let index = usize::try_from(number).expect("as many as fit into memory");
        let subject = (self.0.address)(self.0.merchant, Uuid::from_u128(number.into()));
        (format!("{}{subject}", self.0.root), &self.0.standing[index])
    }
}

fn headers(standing: u64) -> HeaderMap {
    let mut headers = HeaderMap::new();
    headers.insert(NATS_EXPECTED_LAST_SUBJECT_SEQUENCE, HeaderValue::from(standing));
    headers.insert(EVENTS_HEADER, EVENTS);
    headers
}
