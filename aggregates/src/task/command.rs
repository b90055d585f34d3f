//! What can be asked of a shard of tasks, and why it may say no.

use super::{
    Priority, TaskKind,
    event::{DiscardCause, TaskPayload},
    retry::RetryPolicy,
};
use crate::{
    id::{CustomerId, TaskId},
    points::StaffNote,
    sealed::Sealed,
    time::Timestamp,
};

#[derive(Debug, Clone)]
pub enum TaskCommand {
    Create(CreateTask),
    /// The attempt has done what was to be done, or found it done.
    Complete {
        attempt: Attempt,
        note: Option<String>,
    },
    Fail(FailedAttempt),
    /// No other attempt could succeed.
    GiveUp {
        attempt: Attempt,
        reason: String,
    },
    /// A dead task lives again, and one that waits is due at once.
    Retry {
        id: TaskId,
        now: Timestamp,
    },
    Discard {
        id: TaskId,
        cause: DiscardCause,
        reason: Option<Sealed<StaffNote>>,
        now: Timestamp,
    },
}

#[derive(Debug, Clone)]
pub struct CreateTask {
    pub id: TaskId,
    pub kind: TaskKind,
    pub customer: Option<CustomerId>,
    pub payload: TaskPayload,
    pub priority: Priority,
    pub not_before: Timestamp,
    /// Up to this position of the journal the asker has looked for a task under this id that has ended, and found none. 0 says
    /// that they have not looked.
    pub looked_through: u64,
    pub now: Timestamp,
}

/// One attempt at a task.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Attempt {
    pub id: TaskId,
    /// From 1.
    pub number: u16,
    pub now: Timestamp,
}

#[derive(Debug, Clone)]
pub struct FailedAttempt {
    pub attempt: Attempt,
    pub reason: String,
    /// Seconds after which the other side asked to be asked again; the policy's own pause unless said.
    pub after_seconds: Option<i64>,
    pub policy: RetryPolicy,
    /// Random: spreads tasks that failed together.
    pub jitter: u8,
}

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TaskRefusal {
    /// There is no such task, or it has ended.
    #[error("no such task, or it has ended")]
    NotOpen,
    /// Somebody else has recorded this attempt, or the task has been given up meanwhile.
    #[error("the attempt is on record already")]
    Overtaken,
    /// The shard no longer remembers every task that has ended: look for it in the read model, through `position` at least.
    #[error("look for the task among those that ended, through position {position}")]
    LookFurther { position: u64 },
    /// Too many are open; ask again when some are done.
    #[error("too many tasks are open")]
    Full,
    #[error("the payload is too large for a task")]
    PayloadTooLarge,
}
