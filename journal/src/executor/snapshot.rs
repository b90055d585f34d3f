//! States set aside, so that a cold aggregate is one read away, however long its history.
//!
//! A snapshot is the only message of its own subject in the stream [`SNAPSHOTS`]. It is sealed under the key of the
//! person it is about, written off the command path, and may be lost or stale at any time: the log is read after it.
//! It is ignored if its type has another shape by now, or if the log no longer holds the commit it stands at.

use std::sync::Arc;

use aggregates::Aggregate;
use aggregates::id::MerchantId;
use futures::StreamExt;
use futures::future::BoxFuture;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use tokio::sync::Semaphore;

use crate::connection::{Journal, JournalError};
use crate::subject::{self, Subject};

use super::Versioned;

/// The stream that holds them, one message per subject.
pub const SNAPSHOTS: &str = "SNAPSHOTS";
/// The stream with the bodies of parked webhooks.
const PARKED: &str = "PARKED";
/// Commits from one snapshot to the next.
pub const SNAPSHOT_EVERY: u64 = 16;
/// Snapshots written at the same time. One that finds no room is left to a later commit.
const WRITES_AT_ONCE: usize = 8;

/// Of the largest message, what is not snapshot: subject, reply address and headers.
const HEADROOM_BYTES: usize = 1_024;

/// An aggregate whose state can be set aside.
pub trait Snapshot: Aggregate + Serialize + DeserializeOwned {
    /// Changes with the stored fields of the state. A snapshot of another shape is ignored.
    const SHAPE: u64;
}

/// Seals snapshots under the key of the person they are about. `None` if that key is gone, or there is none.
pub trait SnapshotSeal: Send + Sync + 'static {
    fn seal<'a>(&'a self, subject: &'a Subject, plain: &'a [u8]) -> BoxFuture<'a, Option<Vec<u8>>>;
    fn open<'a>(&'a self, subject: &'a Subject, sealed: &'a [u8]) -> BoxFuture<'a, Option<Vec<u8>>>;

    /// Fetches the key, while it is not known yet whether there is anything to open.
    fn make_ready<'a>(&'a self, _subject: &'a Subject) -> BoxFuture<'a, ()> {
        Box::pin(std::future::ready(()))
    }
}

/// A state that was set aside, with the hash of the commit it stands at.
pub struct SetAside<A> {
    pub versioned: Versioned<A>,
    pub hash: [u8; 32],
}

/// Where states are set aside. Hides from the executor that they must be serialisable.
pub trait Shelf<A>: Send + Sync {
    fn take_down<'a>(&'a self, subject: &'a Subject) -> BoxFuture<'a, Option<SetAside<A>>>;

    /// Sets a state aside some time soon. `false` if there is no room to do so now.
    fn set_aside(&self, subject: Subject, versioned: Arc<Versioned<A>>) -> bool;
}

/// The shelf in JetStream.
pub struct Snapshots {
    journal: Journal,
    seal: Arc<dyn SnapshotSeal>,
    writes: Arc<Semaphore>,
}

#[derive(Serialize, Deserialize)]
struct Content<A> {
    shape: u64,
    position: u64,
    commits: u64,
    hash: [u8; 32],
    state: A,
}

/// What stands before the state, readable whatever the state's shape is.
#[derive(Deserialize)]
struct Shape {
    shape: u64,
}

impl Snapshots {
    pub fn new(journal: Journal, seal: Arc<dyn SnapshotSeal>) -> Self {
        Snapshots { journal, seal, writes: Arc::new(Semaphore::new(WRITES_AT_ONCE)) }
    }
}

impl<A: Snapshot> Shelf<A> for Snapshots {
    fn take_down<'a>(&'a self, subject: &'a Subject) -> BoxFuture<'a, Option<SetAside<A>>> {
        Box::pin(async move {
            // Any failure here costs a longer replay and nothing else.
            let address = subject.snapshot();
            let sealed = self.journal.shared.log.direct().last_of(SNAPSHOTS, &address);
            let (sealed, ()) = futures::join!(sealed, self.seal.make_ready(subject));
            let plain = self.seal.open(subject, &sealed.ok()??.payload).await?;
            let (Shape { shape }, _) = postcard::take_from_bytes(&plain).ok()?;
            if shape != A::SHAPE {
                return None;
            }
            let content: Content<A> =
                postcard::from_bytes(&plain).ok().filter(|content: &Content<A>| content.position > 0)?;
            let versioned = Versioned { state: content.state, position: content.position, commits: content.commits };
            Some(SetAside { versioned, hash: content.hash })
        })
    }

    fn set_aside(&self, subject: Subject, versioned: Arc<Versioned<A>>) -> bool {
        let Ok(permit) = Arc::clone(&self.writes).try_acquire_owned() else { return false };
        let (journal, seal) = (self.journal.clone(), Arc::clone(&self.seal));
        tokio::spawn(async move {
            if let Err(error) = write(&journal, seal.as_ref(), &subject, &versioned).await {
                tracing::debug!(%error, "a snapshot was not written");
            }
            drop(permit);
        });
        true
    }
}

async fn write<A: Snapshot>(
    journal: &Journal,
    seal: &dyn SnapshotSeal,
    subject: &Subject,
    versioned: &Versioned<A>,
) -> Result<(), JournalError> {
    let Some(commit) = journal.at(versioned.position).await? else { return Ok(()) };
    let content = Content {
        shape: A::SHAPE,
        position: versioned.position,
        commits: versioned.commits,
        hash: commit.hash(),
        state: &versioned.state,
    };
    let plain = postcard::to_stdvec(&content).map_err(|error| JournalError::Unexpected(error.to_string()))?;
    let Some(sealed) = seal.seal(subject, &plain).await else { return Ok(()) };
    let most = journal.client().server_info().max_payload.saturating_sub(HEADROOM_BYTES);
    if sealed.len() > most {
        // Still correct, only slow when cold; an operator can let the server take larger messages.
        metrics::counter!("loyalty_snapshots_too_large_total").increment(1);
        tracing::warn!(%subject, bytes = sealed.len(), most, "a snapshot is larger than the server takes in one message");
        return Ok(());
    }
    let publish = journal.shared.jetstream.publish(subject.snapshot(), sealed.into()).await;
    let ack = publish.map_err(|error| JournalError::Unavailable(error.to_string()))?;
    ack.await.map(drop).map_err(|error| JournalError::Unavailable(error.to_string()))
}

impl Journal {
    /// Removes the snapshot of an aggregate. Part of erasing a person: by then the key is gone, so nothing can be
    /// set aside again.
    ///
    /// # Errors
    /// [`JournalError::Unavailable`], [`JournalError::NoStream`].
    pub async fn delete_snapshot(&self, subject: &Subject) -> Result<(), JournalError> {
        self.purge(SNAPSHOTS, subject.snapshot()).await
    }

    /// Removes everything that is kept beside the log for a whole merchant: snapshots, and bodies of parked webhooks. Part of
    /// erasing a shop.
    ///
    /// # Errors
    /// As [`Journal::delete_snapshot`].
    pub async fn delete_asides_of(&self, merchant: MerchantId) -> Result<(), JournalError> {
        self.purge(SNAPSHOTS, subject::snapshots_of(merchant)).await?;
        self.purge(PARKED, subject::parked_bodies_of(merchant)).await
    }

    /// Whether there is a snapshot of this aggregate.
    ///
    /// # Errors
    /// As [`Journal::delete_snapshot`].
    pub async fn has_snapshot(&self, subject: &Subject) -> Result<bool, JournalError> {
        Ok(self.kept(SNAPSHOTS, subject.snapshot()).await? > 0)
    }

    /// Whether anything is kept beside the log for this merchant.
    ///
    /// # Errors
    /// As [`Journal::delete_snapshot`].
    pub async fn has_asides_of(&self, merchant: MerchantId) -> Result<bool, JournalError> {
        let snapshots = self.kept(SNAPSHOTS, subject::snapshots_of(merchant)).await?;
        Ok(snapshots + self.kept(PARKED, subject::parked_bodies_of(merchant)).await? > 0)
    }

    async fn purge(&self, stream: &str, filter: String) -> Result<(), JournalError> {
        let stream = self.shared.jetstream.get_stream_no_info(stream).await.map_err(unavailable)?;
        stream.purge().filter(filter).await.map(drop).map_err(unavailable)
    }

    /// How many subjects below a filter have messages.
    async fn kept(&self, stream: &str, filter: String) -> Result<usize, JournalError> {
        let stream = self.shared.jetstream.get_stream_no_info(stream).await.map_err(unavailable)?;
        let mut subjects = stream.info_with_subjects(filter).await.map_err(unavailable)?;
        match subjects.next().await {
            None => Ok(0),
            Some(Ok(_)) => Ok(1),
            Some(Err(error)) => Err(unavailable(error)),
        }
    }
}

fn unavailable(error: impl std::fmt::Display) -> JournalError {
    JournalError::Unavailable(error.to_string())
}
