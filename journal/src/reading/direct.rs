//! Direct reads: many messages for one question, answered by any replica.

use std::collections::HashMap;
use std::time::Duration;

use aggregates::time::Timestamp;
use async_nats::header::{self, HeaderName};
use async_nats::{Client, Message};
use bytes::Bytes;
use futures::StreamExt;
use serde::Serialize;

use crate::connection::{JournalError, STREAM};
use crate::positioned::{Positioned, Stored, traceparent};
use crate::subject::Subject;

/// Answered by any replica of a stream that allows it.
const DIRECT_GET: &str = "$JS.API.DIRECT.GET";
/// Messages per page when one aggregate is read.
const PAGE_MESSAGES: u32 = 256;
/// Bytes per page, headers included; a page ends with the message that passes it.
const PAGE_BYTES: u32 = 4 * 1024 * 1024;
/// What the server takes in one question for the newest messages of several subjects.
pub const MAX_SUBJECTS: usize = 1024;

// How the server ends or refuses an answer.
const END_OF_BATCH: u16 = 204;
const NOT_FOUND: u16 = 404;
const NO_RESPONDERS: u16 = 503;
/// How much more there would have been, on the message that ends an answer.
const NUM_PENDING: HeaderName = HeaderName::from_static("Nats-Num-Pending");
/// Up to where the replica had the stream when it looked, on the message that ends an answer about several subjects.
const UP_TO_SEQUENCE: HeaderName = HeaderName::from_static("Nats-UpTo-Sequence");

#[derive(Serialize)]
#[serde(untagged)]
enum Question<'a> {
    Next { seq: u64, next_by_subj: &'a str, batch: u32, max_bytes: u32 },
    Last { multi_last: &'a [String] },
    At { seq: u64 },
}

/// A message, and where the one before it on its subject stands: the guard under which the server took it. 0 if it was
/// the first; `None` if it was written without a guard.
#[derive(Debug, Clone)]
pub struct Linked {
    pub stored: Stored,
    pub follows: Option<u64>,
}

/// Asks a stream's replicas.
#[derive(Clone)]
pub struct DirectRead {
    client: Client,
    timeout: Duration,
}

/// One answer: what was found, and how many messages more the question would have given.
struct Answer {
    messages: Vec<Linked>,
    pending: u64,
    /// 0 where the replica did not say.
    up_to: u64,
}

/// The newest messages of some subjects, by subject, as the stream was up to a position; 0 if that is not known.
#[derive(Debug, Clone, Default)]
pub struct NewestOfEach {
    pub messages: HashMap<String, Linked>,
    pub up_to: u64,
}

impl DirectRead {
    pub fn new(client: Client, timeout: Duration) -> Self {
        DirectRead { client, timeout }
    }

    /// Every commit of a subject after a position, in pages.
    pub async fn read(&self, subject: &str, after: u64) -> Result<Vec<Positioned>, JournalError> {
        let mut commits: Vec<Positioned> = Vec::new();
        loop {
            let seq = commits.last().map_or(after, |commit| commit.position) + 1;
            let question = Question::Next { seq, next_by_subj: subject, batch: PAGE_MESSAGES, max_bytes: PAGE_BYTES };
            let page = self.ask(&question).await?;
            let empty = page.messages.is_empty();
            for linked in page.messages {
                commits.push(linked.stored.read()?);
            }
            if page.pending == 0 || empty {
                return Ok(commits);
            }
        }
    }

    /// The newest position of each subject that has one. A replica may be behind: a position given here was reached,
    /// and the true one may be larger.
    pub async fn last_positions(&self, subjects: &[Subject]) -> Result<HashMap<String, u64>, JournalError> {
        let newest = self.newest_of_each(subjects).await?.messages;
        Ok(newest.into_iter().map(|(subject, linked)| (subject, linked.stored.position)).collect())
    }

    /// The newest message of each subject that has one. A replica may be behind: up to where it has looked, it says.
    pub async fn newest_of_each(&self, subjects: &[Subject]) -> Result<NewestOfEach, JournalError> {
        let mut newest = NewestOfEach { messages: HashMap::with_capacity(subjects.len()), up_to: u64::MAX };
        for chunk in subjects.chunks(MAX_SUBJECTS) {
            let names: Vec<String> = chunk.iter().map(Subject::to_string).collect();
            let answer = self.ask(&Question::Last { multi_last: &names }).await?;
            newest.messages.extend(answer.messages.into_iter().map(|linked| (linked.stored.subject.clone(), linked)));
            newest.up_to = newest.up_to.min(answer.up_to);
        }
        Ok(newest)
    }

    /// The newest message on a subject of any stream.
    pub async fn last_of(&self, stream: &str, subject: &str) -> Result<Option<Stored>, JournalError> {
        let found = self.one(format!("{DIRECT_GET}.{stream}.{subject}"), Bytes::new()).await?;
        Ok(found.map(|linked| linked.stored))
    }

    /// The newest message on a subject of the journal.
    pub async fn newest(&self, subject: &str) -> Result<Option<Linked>, JournalError> {
        self.one(format!("{DIRECT_GET}.{STREAM}.{subject}"), Bytes::new()).await
    }

    /// The message at a position of the journal.
    pub async fn at(&self, position: u64) -> Result<Option<Linked>, JournalError> {
        self.one(format!("{DIRECT_GET}.{STREAM}"), body(&Question::At { seq: position })?).await
    }

    async fn one(&self, address: String, question: Bytes) -> Result<Option<Linked>, JournalError> {
        let reply = self.client.request(address, question).await.map_err(|error| unavailable(&error))?;
        match reply.status.map(|status| status.as_u16()) {
            None => linked(reply).map(Some),
            Some(NOT_FOUND) => Ok(None),
            Some(other) => Err(refused(other, &reply)),
        }
    }

    async fn ask(&self, question: &Question<'_>) -> Result<Answer, JournalError> {
        let body = body(question)?;
        let inbox = self.client.new_inbox();
        let mut replies = self.client.subscribe(inbox.clone()).await.map_err(|error| unavailable(&error))?;
        let address = format!("{DIRECT_GET}.{STREAM}");
        self.client.publish_with_reply(address, inbox, body).await.map_err(|error| unavailable(&error))?;
        let mut messages = Vec::new();
        loop {
            let reply = tokio::time::timeout(self.timeout, replies.next()).await;
            let reply = reply.map_err(|error| unavailable(&error))?.ok_or_else(|| unavailable(&"connection closed"))?;
            match reply.status.map(|status| status.as_u16()) {
                None => messages.push(linked(reply)?),
                Some(END_OF_BATCH) => {
                    let up_to = number(&reply, UP_TO_SEQUENCE).unwrap_or(0);
                    return Ok(Answer { messages, pending: pending(&reply), up_to });
                }
                Some(NOT_FOUND) => return Ok(Answer { messages, pending: 0, up_to: 0 }),
                Some(other) => return Err(refused(other, &reply)),
            }
        }
    }
}

fn body(question: &Question<'_>) -> Result<Bytes, JournalError> {
    serde_json::to_vec(question).map(Bytes::from).map_err(|error| JournalError::Unexpected(error.to_string()))
}

fn unavailable(error: &dyn std::fmt::Display) -> JournalError {
    JournalError::Unavailable(error.to_string())
}

fn refused(status: u16, reply: &Message) -> JournalError {
    match status {
        NO_RESPONDERS => unavailable(&"no replica of the stream answers"),
        other => {
            let reason = reply.description.as_deref().unwrap_or_default();
            JournalError::Unexpected(format!("direct read: {other} {reason}"))
        }
    }
}

fn pending(reply: &Message) -> u64 {
    number(reply, NUM_PENDING).unwrap_or(0)
}

fn number<N: header::IntoHeaderName>(message: &Message, name: N) -> Option<u64> {
    text(message, name)?.parse().ok()
}

fn text<N: header::IntoHeaderName>(message: &Message, name: N) -> Option<&str> {
    message.headers.as_ref()?.get(name).map(header::HeaderValue::as_str)
}

fn linked(message: Message) -> Result<Linked, JournalError> {
    let follows = number(&message, header::NATS_EXPECTED_LAST_SUBJECT_SEQUENCE);
    Ok(Linked { stored: stored(message)?, follows })
}

fn stored(message: Message) -> Result<Stored, JournalError> {
    let missing = || JournalError::Unexpected("a direct read without sequence, subject or time".to_owned());
    let position = number(&message, header::NATS_SEQUENCE).ok_or_else(missing)?;
    let subject = text(&message, header::NATS_SUBJECT).ok_or_else(missing)?.to_owned();
    let stored_at =
        text(&message, header::NATS_TIME_STAMP).and_then(|text| Timestamp::parse(text).ok()).ok_or_else(missing)?;
    Ok(Stored {
        position,
        subject,
        traceparent: traceparent(message.headers.as_ref()),
        stored_at,
        payload: message.payload,
    })
}
