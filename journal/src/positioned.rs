//! A commit at rest: what the log gives back.

use aggregates::event::Recorded;
use aggregates::time::Timestamp;
use async_nats::HeaderMap;
use async_nats::jetstream::message::StreamMessage;
use bytes::Bytes;

use crate::commit::{Commit, MalformedCommit, commit_hash};
use crate::connection::JournalError;
use crate::subject::{NotASubject, Subject};

/// W3C trace context of the request that caused a commit. For people who look at traces; nothing depends on it.
pub(crate) const TRACEPARENT: &str = "traceparent";

/// A commit with its place in the log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Positioned {
    /// Sequence in the journal. Comparable within one merchant.
    pub position: u64,
    pub subject: Subject,
    pub commit: Commit,
    pub traceparent: Option<String>,
    /// When the server stored it. Not `recorded_at`, which the merchant's clock gave.
    pub stored_at: Timestamp,
    /// The bytes of the message, as stored.
    pub payload: Bytes,
}

impl Positioned {
    /// What `Aggregate::apply` is told about this commit's events.
    pub fn recorded(&self) -> Recorded {
        Recorded { position: self.position, at: self.commit.recorded_at }
    }

    /// Where the last of the commits stands that were written together with this one; its own place if it was alone.
    pub fn end_of_group(&self) -> u64 {
        let after = self.commit.group.as_ref().map_or(0, |group| group.count.saturating_sub(group.index + 1));
        self.position + u64::from(after)
    }

    /// What a checkpoint that stands here keeps.
    pub fn hash(&self) -> [u8; 32] {
        commit_hash(&self.payload)
    }
}

/// A message in the journal that is not a commit this version can read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("position {position} cannot be read: {cause}")]
pub struct PoisonCommit {
    pub position: u64,
    /// As the server has it; perhaps not one of ours.
    pub subject: String,
    /// The bytes of the message, as stored.
    pub raw: Bytes,
    pub stored_at: Timestamp,
    pub cause: PoisonCause,
}

/// What is wrong with it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PoisonCause {
    #[error(transparent)]
    Subject(#[from] NotASubject),
    #[error(transparent)]
    Commit(#[from] MalformedCommit),
}

/// A message of the stream before anybody has looked inside.
#[derive(Debug, Clone)]
pub(crate) struct Stored {
    pub position: u64,
    pub subject: String,
    pub traceparent: Option<String>,
    pub stored_at: Timestamp,
    pub payload: Bytes,
}

impl Stored {
    pub fn read(self) -> Result<Positioned, JournalError> {
        match Self::parse(&self.subject, &self.payload) {
            Ok((subject, commit)) => Ok(Positioned {
                position: self.position,
                subject,
                commit,
                traceparent: self.traceparent,
                stored_at: self.stored_at,
                payload: self.payload,
            }),
            Err(cause) => Err(JournalError::Poison(Box::new(PoisonCommit {
                position: self.position,
                subject: self.subject,
                raw: self.payload,
                stored_at: self.stored_at,
                cause,
            }))),
        }
    }

    fn parse(subject: &str, payload: &[u8]) -> Result<(Subject, Commit), PoisonCause> {
        Ok((subject.parse()?, Commit::decode(payload)?))
    }
}

impl From<StreamMessage> for Stored {
    fn from(message: StreamMessage) -> Self {
        Stored {
            position: message.sequence,
            traceparent: traceparent(Some(&message.headers)),
            stored_at: micros(message.time.unix_timestamp_nanos()),
            subject: message.subject.into_string(),
            payload: message.payload,
        }
    }
}

pub(crate) fn traceparent(headers: Option<&HeaderMap>) -> Option<String> {
    headers?.get(TRACEPARENT).map(|value| value.as_str().to_owned())
}

/// Nanoseconds since 1970 as the server counts them, cut to microseconds.
pub(crate) fn micros(nanos: i128) -> Timestamp {
    Timestamp(i64::try_from(nanos / 1_000).unwrap_or(i64::MAX))
}
