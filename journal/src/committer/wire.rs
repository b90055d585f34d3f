//! What travels: guarded publishes and atomic batches out, acknowledgements in.
//!
//! The client library has no batches, and its own acknowledgements take a future each. Here one subscription receives
//! them all; the last word of the reply address says which shipment is meant.

use std::sync::Arc;

use async_nats::header::{
    self, HeaderName, NATS_BATCH_COMMIT, NATS_BATCH_COMMIT_FINAL, NATS_BATCH_ID, NATS_BATCH_SEQUENCE,
    NATS_EXPECTED_LAST_SUBJECT_SEQUENCE,
};
use async_nats::{Client, HeaderMap, Message, Subscriber};
use serde::Deserialize;
use tokio::sync::mpsc;
use tokio::time::Instant;

use crate::append::Parcel;
use crate::connection::JournalError;
use crate::positioned::TRACEPARENT;

/// Names and versions of a commit's events; a copy of what the payload says.
const EVENTS_HEADER: HeaderName = HeaderName::from_static("Ln-Events");
const TRACEPARENT_HEADER: HeaderName = HeaderName::from_static(TRACEPARENT);
/// Shipments the sender takes from its queue at once.
const SHIPMENTS_AT_ONCE: usize = 64;

// How the server refuses. A cluster says the second for a writer that raced with one in process.
const WRONG_LAST_SEQUENCE: u64 = 10_071;
const WRONG_LAST_SEQUENCE_IN_PROCESS: u64 = 10_164;
const NO_RESPONDERS: u16 = 503;
/// Codes for "not now": no quorum, no leader, resources in use, a batch cut short, too many batches open.
const NOT_NOW: [u64; 7] = [10_002, 10_008, 10_009, 10_023, 10_167, 10_176, 10_210];

/// What one shipment was told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ack {
    /// Durable. The last position, and how many there are.
    Stored { last: u64, count: u64 },
    /// A guard did not hold; nothing was written.
    Conflict,
    /// Nothing was written; the same may be taken a moment later.
    NotNow,
    /// Nothing was written, and trying again will not help.
    Rejected { code: u64, description: String },
}

/// Everything that goes out in one piece: one commit, or one atomic batch.
pub struct Shipment {
    pub token: u64,
    pub units: Vec<Arc<[Parcel]>>,
    pub messages: usize,
    /// After this the outcome has been looked up elsewhere; what has not left yet must not leave any more.
    pub deadline: Instant,
}

/// Both directions.
pub struct Wire {
    /// Bounded by what the committer allows in flight.
    pub shipments: mpsc::UnboundedSender<Shipment>,
    pub acks: Subscriber,
    /// Shipments that could not even be handed to the client.
    pub unsent: mpsc::UnboundedReceiver<u64>,
}

impl Wire {
    /// Subscribes to the acknowledgements and starts the sender.
    pub async fn open(client: &Client) -> Result<Self, JournalError> {
        let inbox = client.new_inbox();
        let acks = client.subscribe(format!("{inbox}.*")).await;
        let acks = acks.map_err(|error| JournalError::Unavailable(error.to_string()))?;
        let (shipments, queue) = mpsc::unbounded_channel();
        let (report, unsent) = mpsc::unbounded_channel();
        tokio::spawn(Sender { client: client.clone(), inbox, report }.run(queue));
        Ok(Wire { shipments, acks, unsent })
    }
}

/// Which shipment an acknowledgement is about, and what it says.
pub fn read_ack(message: &Message) -> Option<(u64, Ack)> {
    let token = message.subject.rsplit('.').next()?.parse().ok()?;
    if message.status.is_some_and(|status| status.as_u16() == NO_RESPONDERS) {
        return Some((token, Ack::NotNow));
    }
    let answer: Answer<'_> = serde_json::from_slice(&message.payload).ok()?;
    Some((token, answer.into()))
}

#[derive(Deserialize)]
struct Answer<'a> {
    #[serde(default)]
    seq: u64,
    count: Option<u64>,
    #[serde(borrow)]
    error: Option<Refusal<'a>>,
}

#[derive(Deserialize)]
struct Refusal<'a> {
    err_code: u64,
    #[serde(borrow, default)]
    description: std::borrow::Cow<'a, str>,
}

impl From<Answer<'_>> for Ack {
    fn from(answer: Answer<'_>) -> Self {
        match answer.error {
            None => Ack::Stored { last: answer.seq, count: answer.count.unwrap_or(1) },
            Some(refusal) => match refusal.err_code {
                WRONG_LAST_SEQUENCE | WRONG_LAST_SEQUENCE_IN_PROCESS => Ack::Conflict,
                code if NOT_NOW.contains(&code) => Ack::NotNow,
                code => Ack::Rejected { code, description: refusal.description.into_owned() },
            },
        }
    }
}

/// Puts shipments on the connection, in order. A task of its own, because the connection may be stuck, and the
/// committer must still see time pass.
struct Sender {
    client: Client,
    inbox: String,
    report: mpsc::UnboundedSender<u64>,
}

impl Sender {
    async fn run(self, mut queue: mpsc::UnboundedReceiver<Shipment>) {
        let mut shipments = Vec::with_capacity(SHIPMENTS_AT_ONCE);
        while queue.recv_many(&mut shipments, SHIPMENTS_AT_ONCE).await > 0 {
            for shipment in shipments.drain(..) {
                if shipment.deadline > Instant::now() {
                    self.ship(shipment).await;
                }
            }
        }
    }

    async fn ship(&self, shipment: Shipment) {
        let token = shipment.token;
        let sent =
            if shipment.messages == 1 { self.ship_single(shipment).await } else { self.ship_batch(shipment).await };
        if let Err(error) = sent {
            tracing::warn!(%error, "a commit could not be handed to the connection");
            // The committer is gone only when nobody waits any more.
            let _ = self.report.send(token);
        }
    }

    async fn ship_single(&self, shipment: Shipment) -> Result<(), async_nats::PublishError> {
        let parcel = &shipment.units[0][0];
        let reply = format!("{}.{}", self.inbox, shipment.token);
        let subject = parcel.subject.to_string();
        self.client.publish_with_reply_and_headers(subject, reply, headers(parcel), parcel.payload.clone()).await
    }

    async fn ship_batch(&self, shipment: Shipment) -> Result<(), async_nats::PublishError> {
        // Unique, because the inbox is and the token is; at most 64 characters.
        let batch = format!("{}-{}", self.inbox.trim_start_matches("_INBOX."), shipment.token);
        let parcels = shipment.units.iter().flat_map(|unit| unit.iter());
        for (sequence, parcel) in (1..=shipment.messages).zip(parcels) {
            let subject = parcel.subject.to_string();
            let mut headers = headers(parcel);
            headers.insert(NATS_BATCH_ID, batch.as_str());
            headers.insert(NATS_BATCH_SEQUENCE, sequence.to_string());
            if sequence < shipment.messages {
                self.client.publish_with_headers(subject, headers, parcel.payload.clone()).await?;
                continue;
            }
            headers.insert(NATS_BATCH_COMMIT, NATS_BATCH_COMMIT_FINAL);
            let reply = format!("{}.{}", self.inbox, shipment.token);
            self.client.publish_with_reply_and_headers(subject, reply, headers, parcel.payload.clone()).await?;
        }
        Ok(())
    }
}

fn headers(parcel: &Parcel) -> HeaderMap {
    let mut headers = HeaderMap::new();
    if !parcel.continues {
        headers.insert(NATS_EXPECTED_LAST_SUBJECT_SEQUENCE, header::HeaderValue::from(parcel.expected));
    }
    headers.insert(EVENTS_HEADER, parcel.events.as_str());
    if let Some(traceparent) = &parcel.traceparent {
        headers.insert(TRACEPARENT_HEADER, traceparent.as_str());
    }
    headers
}

#[cfg(test)]
mod tests;
