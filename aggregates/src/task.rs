//! The task queue: what has to be done outside, or later, and must be done exactly once as far as anybody can see.
//!
//! A task is created under a business key, which is its identity for ever: asking for it again changes nothing. Whoever works
//! on it may die at any moment; then it is worked on again, under the same identity, and the worker looks first what is done
//! already. What comes of an attempt is recorded by a guarded commit: two workers cannot both record the same one.
//!
//! | file | its idea |
//! |---|---|
//! | [`event`] | what is recorded of tasks |
//! | [`command`] | what can be asked of a shard, and why it says no |
//! | [`retry`] | how often a task is tried, and when again |
//! | [`shard`] | the tasks of a shard: the open ones, and the last that ended |

mod command;
mod event;
mod retry;
mod shard;
#[cfg(test)]
mod tests;

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

pub use command::{Attempt, CreateTask, FailedAttempt, TaskCommand, TaskRefusal};
pub use event::{
    DiscardCause, TaskCompleted, TaskContent, TaskCreated, TaskDead, TaskDiscarded, TaskEvent, TaskFailed, TaskPayload,
    TaskRetried,
};
pub use retry::{FIRST_PAUSE_SECONDS, LONGEST_PAUSE_SECONDS, RetryPolicy};
pub use shard::{FINISHED_REMEMBERED, OPEN_MAX, OpenTask, TaskShard};

use crate::id::TaskId;

/// Tasks are spread over this many subjects per merchant, for ever.
pub const SHARDS: u8 = 16;
/// Letters of a kind's name.
const KIND_LETTERS_MAX: usize = 40;
/// Bytes of a payload, open or sealed: ids, or a message; never a file.
pub const PAYLOAD_BYTES_MAX: usize = 64 * 1024;
/// Letters that are kept of a reason or a note.
pub const REASON_LETTERS_MAX: usize = 200;

/// The shard of a task. Ids are keyed hashes, so any byte spreads them.
pub fn shard_of(task: TaskId) -> u8 {
    task.0.as_bytes()[0] % SHARDS
}

/// Which handler a task is for, such as `discount.create`. Once in use a name keeps its meaning.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct TaskKind(Cow<'static, str>);

impl TaskKind {
    /// For the constants of handlers: lower-case words with dots between them.
    pub const fn named(name: &'static str) -> Self {
        TaskKind(Cow::Borrowed(name))
    }

    /// A kind that somebody outside has written; `None` if no kind can be called so.
    pub fn parse(name: &str) -> Option<Self> {
        let fits = |letter: char| letter.is_ascii_lowercase() || letter.is_ascii_digit() || matches!(letter, '.' | '_');
        let is_name = !name.is_empty() && name.len() <= KIND_LETTERS_MAX && name.chars().all(fits);
        is_name.then(|| TaskKind(Cow::Owned(name.to_owned())))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Display for TaskKind {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

/// How soon among others that are due. A head start and not a rank: whatever is urgent, nothing else waits for ever.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Priority {
    /// Somebody is waiting in front of a screen.
    High,
    #[default]
    Normal,
    /// Large batches.
    Low,
}

impl Priority {
    /// Seconds by which it goes ahead of a normal one that fell due at the same time.
    pub const fn head_start_seconds(self) -> i64 {
        match self {
            Priority::High => 600,
            Priority::Normal => 0,
            Priority::Low => -600,
        }
    }

    pub const fn as_str(self) -> &'static str {
        match self {
            Priority::High => "high",
            Priority::Normal => "normal",
            Priority::Low => "low",
        }
    }
}

/// Cuts a reason to what is kept of it.
pub fn shortened(reason: &str) -> String {
    reason.chars().take(REASON_LETTERS_MAX).collect()
}
