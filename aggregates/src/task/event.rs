//! What is recorded of tasks.

use serde::{Deserialize, Serialize};

use super::{Priority, TaskKind};
use crate::{
    event::events,
    id::{CustomerId, TaskId},
    points::StaffNote,
    sealed::Sealed,
    time::Timestamp,
};

events! {
    /// What happened to tasks.
    TaskEvent {
        Created(TaskCreated) = "task.created" v 1;
        Completed(TaskCompleted) = "task.completed" v 1;
        /// An attempt failed; another one follows.
        Failed(TaskFailed) = "task.failed" v 1;
        /// Given up, after the last attempt or because no other could succeed. It stays until somebody decides.
        Dead(TaskDead) = "task.dead" v 1;
        /// Somebody asked for it to be tried at once.
        Retried(TaskRetried) = "task.retried" v 1;
        /// Will never be done.
        Discarded(TaskDiscarded) = "task.discarded" v 1;
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TaskCreated {
    pub id: TaskId,
    pub kind: TaskKind,
    /// Whom it is about. Once they are forgotten, it is discarded.
    pub customer: Option<CustomerId>,
    pub payload: TaskPayload,
    pub priority: Priority,
    /// Not tried before; by the merchant's clock.
    pub not_before: Timestamp,
    pub at: Timestamp,
}

/// What the handler has to know besides the task's id and customer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum TaskPayload {
    /// Ids and numbers: nothing of a person.
    Open(Vec<u8>),
    /// Under the key of the person it is about.
    Sealed(Sealed<TaskContent>),
}

/// What a task says of a person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TaskContent {
    /// In the handler's own encoding.
    pub bytes: Vec<u8>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TaskCompleted {
    pub id: TaskId,
    /// Attempts it took, from 1.
    pub attempt: u16,
    /// What came of it, in a few words or an id; nothing of a person.
    pub note: Option<String>,
    pub at: Timestamp,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TaskFailed {
    pub id: TaskId,
    /// Which attempt it was, from 1.
    pub attempt: u16,
    /// What was wrong, in words that repeat nothing of the payload.
    pub reason: String,
    /// When it is tried again.
    pub next_at: Timestamp,
    pub at: Timestamp,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TaskDead {
    pub id: TaskId,
    pub attempt: u16,
    /// As [`TaskFailed::reason`].
    pub reason: String,
    pub at: Timestamp,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TaskRetried {
    pub id: TaskId,
    pub at: Timestamp,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TaskDiscarded {
    pub id: TaskId,
    pub cause: DiscardCause,
    /// Under the merchant's key.
    pub reason: Option<Sealed<StaffNote>>,
    pub at: Timestamp,
}

/// Why a task will never be done. New ones are added at the end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DiscardCause {
    /// Somebody decided so.
    ByHand,
    /// Whom it is about has been forgotten.
    CustomerErased,
}

impl DiscardCause {
    pub const fn as_str(self) -> &'static str {
        match self {
            DiscardCause::ByHand => "by_hand",
            DiscardCause::CustomerErased => "customer_erased",
        }
    }
}
