//! What a kind of task has to know.

use std::{sync::Arc, time::Duration};

use aggregates::{
    id::{CustomerId, MerchantId, TaskId},
    task::{RetryPolicy, TaskKind},
    time::Timestamp,
};
use futures::future::BoxFuture;
use uuid::Uuid;

/// Attempts of one kind at the same time in one process, unless the kind says otherwise.
const AT_ONCE: usize = 8;

/// A task as its handler sees it.
#[derive(Debug, Clone)]
pub struct Task {
    pub merchant: MerchantId,
    /// The same at every attempt: the idempotency key for whatever is done outside.
    pub id: TaskId,
    pub customer: Option<CustomerId>,
    /// As it was handed in, opened.
    pub payload: Vec<u8>,
    /// From 1. At any attempt, also the first, an earlier one may have done everything and died before it was recorded.
    pub attempt: u16,
    /// What led to the task; the correlation of whatever is written for it.
    pub request: Uuid,
    /// By the merchant's clock.
    pub now: Timestamp,
}

/// What came of an attempt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// Done, now or by an earlier attempt. The note is an id or a few words, and nothing of a person.
    Done(Option<String>),
    /// It may succeed later; after `after`, if the other side has said so. Reasons repeat nothing of the payload.
    Retry { reason: String, after: Option<Duration> },
    /// No other attempt could succeed.
    Dead { reason: String },
    /// Nothing was tried, because the other side has no room now. Does not count as an attempt and is not recorded.
    Wait(Duration),
    /// The same, because something has to happen first that no waiting brings about: somebody connects the shop again, the
    /// hour comes at which mails may go. Whether it has is looked at again after so long.
    Hold(Duration),
}

impl Outcome {
    pub fn done(note: impl Into<String>) -> Self {
        Outcome::Done(Some(note.into()))
    }

    pub fn retry(reason: impl Into<String>) -> Self {
        Outcome::Retry { reason: reason.into(), after: None }
    }

    pub fn dead(reason: impl Into<String>) -> Self {
        Outcome::Dead { reason: reason.into() }
    }

    pub(super) const fn as_str(&self) -> &'static str {
        match self {
            Outcome::Done(_) => "done",
            Outcome::Retry { .. } => "retry",
            Outcome::Dead { .. } => "dead",
            Outcome::Wait(_) => "wait",
            Outcome::Hold(_) => "hold",
        }
    }
}

/// Does one kind of task.
pub trait Handler: Send + Sync + 'static {
    fn kind(&self) -> TaskKind;

    fn retry_policy(&self) -> RetryPolicy {
        RetryPolicy::default()
    }

    /// Attempts at the same time, in one process.
    fn at_once(&self) -> usize {
        AT_ONCE
    }

    /// Does it, unless it finds it done. May be cut short at any moment, by the end of the process or because it takes longer
    /// than half a lease.
    fn run<'a>(&'a self, task: &'a Task) -> BoxFuture<'a, Outcome>;

    /// Called before the task is recorded as dead, until it succeeds: what has to be put right because the task will not be
    /// done. Idempotent.
    ///
    /// # Errors
    /// Why not, in words that repeat nothing of the payload; the task is tried again soon.
    fn give_up<'a>(&'a self, task: &'a Task) -> BoxFuture<'a, Result<(), String>> {
        let _ = task;
        Box::pin(async { Ok(()) })
    }
}

/// The handlers of a process, by kind.
#[derive(Clone, Default)]
pub struct Handlers(Arc<[Arc<dyn Handler>]>);

impl Handlers {
    /// One per kind; of two for the same kind the first counts.
    pub fn of(handlers: Vec<Arc<dyn Handler>>) -> Self {
        Handlers(handlers.into())
    }

    pub fn find(&self, kind: &str) -> Option<&Arc<dyn Handler>> {
        self.0.iter().find(|handler| handler.kind().as_str() == kind)
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &Arc<dyn Handler>> {
        self.0.iter()
    }
}
