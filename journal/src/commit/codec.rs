//! The bytes of a commit.
//!
//! ```text
//! format version   1 byte
//! event count      varint
//!   per event      name length (1 byte) · name (UTF-8) · version (1 byte)
//! envelope         postcard, to the end of the message
//! ```
//!
//! The prefix can be read without knowing any event: it says what is inside and in which version, which postcard
//! cannot, because it does not describe itself. The envelope holds everything else, each event as opaque bytes.
//! Decoding is strict: a message has one spelling, and bytes left over are an error.

use std::borrow::Cow;

use aggregates::id::{CommandId, CommitId, Fingerprint};
use aggregates::time::Timestamp;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{Actor, Commit, Group, StoredEvent};

/// The newest format. A change of the envelope's fields is a new number, and the old struct stays readable.
const FORMAT: u8 = 1;

/// Bytes that are not a commit of any known format.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MalformedCommit {
    #[error("commit format {0} is not known here")]
    UnknownFormat(u8),
    #[error("the list of events is cut short or not text")]
    Prefix,
    #[error("the envelope does not fit its type")]
    Envelope,
    #[error("{listed} events are listed, {held} are held")]
    Count { listed: usize, held: usize },
}

#[derive(Serialize, Deserialize)]
struct EnvelopeV1<'a> {
    commit_id: CommitId,
    command_id: CommandId,
    group: Option<Group>,
    actor: Cow<'a, Actor>,
    correlation: Uuid,
    causation: Option<CommitId>,
    recorded_at: Timestamp,
    occurred_at: Option<Timestamp>,
    request: Option<Fingerprint>,
    #[serde(borrow)]
    events: Vec<&'a [u8]>,
}

pub(super) fn encode(commit: &Commit) -> Vec<u8> {
    let held: usize = commit.events.iter().map(|event| event.name.len() + event.bytes.len() + 4).sum();
    let mut bytes = Vec::with_capacity(160 + held);
    bytes.push(FORMAT);
    put_varint(&mut bytes, commit.events.len());
    for event in &commit.events {
        let length = u8::try_from(event.name.len()).expect("event names are short words of our own");
        bytes.push(length);
        bytes.extend_from_slice(event.name.as_bytes());
        bytes.push(event.version);
    }
    let envelope = EnvelopeV1 {
        commit_id: commit.commit_id,
        command_id: commit.command_id,
        group: commit.group,
        actor: Cow::Borrowed(&commit.actor),
        correlation: commit.correlation,
        causation: commit.causation,
        recorded_at: commit.recorded_at,
        occurred_at: commit.occurred_at,
        request: commit.request,
        events: commit.events.iter().map(|event| event.bytes.as_slice()).collect(),
    };
    postcard::to_extend(&envelope, bytes).expect("an envelope is plain values: encoding cannot fail")
}

pub(super) fn decode(bytes: &[u8]) -> Result<Commit, MalformedCommit> {
    let (&format, rest) = bytes.split_first().ok_or(MalformedCommit::Prefix)?;
    if format != FORMAT {
        return Err(MalformedCommit::UnknownFormat(format));
    }
    let mut reader = Prefix(rest);
    let names = reader.names().ok_or(MalformedCommit::Prefix)?;
    let (envelope, left) =
        postcard::take_from_bytes::<EnvelopeV1<'_>>(reader.0).map_err(|_| MalformedCommit::Envelope)?;
    if !left.is_empty() {
        return Err(MalformedCommit::Envelope);
    }
    if names.len() != envelope.events.len() {
        return Err(MalformedCommit::Count { listed: names.len(), held: envelope.events.len() });
    }
    let events = names
        .into_iter()
        .zip(&envelope.events)
        .map(|((name, version), bytes)| StoredEvent {
            name: Cow::Owned(name.to_owned()),
            version,
            bytes: bytes.to_vec(),
        })
        .collect();
    Ok(Commit {
        commit_id: envelope.commit_id,
        command_id: envelope.command_id,
        group: envelope.group,
        actor: envelope.actor.into_owned(),
        correlation: envelope.correlation,
        causation: envelope.causation,
        recorded_at: envelope.recorded_at,
        occurred_at: envelope.occurred_at,
        request: envelope.request,
        events,
    })
}

/// Reads the list of events off the front of what is left.
struct Prefix<'a>(&'a [u8]);

impl<'a> Prefix<'a> {
    fn names(&mut self) -> Option<Vec<(&'a str, u8)>> {
        let count = self.varint()?;
        // Each listed event takes at least two bytes: a larger count is a lie, and not worth an allocation.
        if count > self.0.len() / 2 {
            return None;
        }
        (0..count).map(|_| self.name()).collect()
    }

    fn name(&mut self) -> Option<(&'a str, u8)> {
        let length = usize::from(self.byte()?);
        let (name, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        Some((std::str::from_utf8(name).ok()?, self.byte()?))
    }

    fn byte(&mut self) -> Option<u8> {
        let (&byte, rest) = self.0.split_first()?;
        self.0 = rest;
        Some(byte)
    }

    fn varint(&mut self) -> Option<usize> {
        let (value, rest) = postcard::take_from_bytes::<u32>(self.0).ok()?;
        self.0 = rest;
        usize::try_from(value).ok()
    }
}

fn put_varint(bytes: &mut Vec<u8>, value: usize) {
    let value = u32::try_from(value).expect("a commit has far fewer events than four billion");
    let mut buffer = [0; 5];
    bytes.extend_from_slice(postcard::to_slice(&value, &mut buffer).expect("five bytes hold any u32"));
}
