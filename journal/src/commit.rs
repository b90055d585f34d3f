//! What one decision leaves behind: all its events, in one message, with who asked for it and why.
//!
//! A commit is the unit of everything: it is written or it is not, and a reader never sees half of one.
//! Its bytes stand in the log for ever; [`codec`] says how, and the golden bytes in the tests hold it to that.

pub mod codec;

use std::borrow::Cow;

use aggregates::event::Event;
use aggregates::id::{CommandId, CommitId, Fingerprint};
use aggregates::time::Timestamp;
use aws_lc_rs::digest;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

pub use codec::MalformedCommit;

/// The largest encoded commit. Half of what a server takes by default, so that headers never decide whether it fits.
pub const MAX_COMMIT_BYTES: usize = 512 * 1024;

/// An event as the log holds it: its bytes mean something only under this name and version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredEvent {
    pub name: Cow<'static, str>,
    pub version: u8,
    pub bytes: Vec<u8>,
}

impl StoredEvent {
    /// The stored form of an event, at its newest version.
    pub fn of(event: &impl Event) -> Self {
        StoredEvent { name: Cow::Borrowed(event.name()), version: event.version(), bytes: event.encode() }
    }
}

/// Who caused a commit. Never a name, an address or anything else that tells a person from outside.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Actor {
    /// The shop, by a webhook of this topic.
    Shop { topic: String },
    /// A caller with this key; the number is the key's short id, not the key.
    ApiKey { id: u64 },
    /// A member of the merchant's staff.
    Staff(Uuid),
    /// Somebody at the command line of the installation, by account name.
    Operator(String),
    /// A policy: "whenever this, then that".
    Policy(String),
    /// Time has passed, or the installation takes care of itself.
    System,
}

/// Ties commits together that were written in one atomic batch.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Group {
    /// The first member's commit id.
    pub id: Uuid,
    /// This commit's place in the group, from 0.
    pub index: u16,
    /// How many commits the group has; at least 2.
    pub count: u16,
}

/// One message of the journal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Commit {
    /// Identifies this message; how its writer finds out whether it arrived.
    pub commit_id: CommitId,
    /// The command that was decided. A client that repeats a request repeats this.
    pub command_id: CommandId,
    pub group: Option<Group>,
    pub actor: Actor,
    /// The same for everything that follows from one first cause.
    pub correlation: Uuid,
    /// The commit that this one reacts to.
    pub causation: Option<CommitId>,
    /// When it was decided, by the merchant's clock.
    pub recorded_at: Timestamp,
    /// When it happened outside, where that is known and differs.
    pub occurred_at: Option<Timestamp>,
    /// Keyed hash of the request, so that the same key with other content can be told.
    pub request: Option<Fingerprint>,
    /// In the order they were decided; at least one.
    pub events: Vec<StoredEvent>,
}

impl Commit {
    /// The bytes of the message.
    pub fn encode(&self) -> Vec<u8> {
        codec::encode(self)
    }

    /// Reads the bytes of a message, of any format version ever written.
    pub fn decode(bytes: &[u8]) -> Result<Self, MalformedCommit> {
        codec::decode(bytes)
    }
}

/// The hash that a checkpoint keeps of the commit it stands at: SHA-256 of the message's bytes.
pub fn commit_hash(payload: &[u8]) -> [u8; 32] {
    let digest = digest::digest(&digest::SHA256, payload);
    digest.as_ref().try_into().expect("SHA-256 has 32 bytes")
}

#[cfg(test)]
mod tests;
