//! The task queue: whatever has to be done outside, or later, is done; however often a worker dies over it.
//!
//! | file | its idea |
//! |---|---|
//! | [`queue`] | putting something on the queue, once per business key; waking and discarding it |
//! | [`handler`] | what a kind of task has to know: how to do it, how often to try |
//! | [`worker`] | taking what is due, several workers at once |
//! | [`attempt`] | one attempt at one task, and what is recorded of it |
//! | [`watch`] | how much there is to do, as metrics |
//!
//! The order of things at an attempt: the task is leased, the log confirms that it is still open, the handler does it, the
//! outcome is recorded by a guarded commit, the lease ends once the read model has seen it. Whoever dies between doing and
//! recording leaves a task that is done and open; the next attempt runs under the same id, and the handler looks first what
//! is done under it.

mod attempt;
mod handler;
mod queue;
mod watch;
mod worker;

use aggregates::task::TaskRefusal;
use journal::{ExecuteError, JournalError, executor::LoadError};
use vault::VaultError;

pub use handler::{Handler, Handlers, Outcome, Task};
pub use queue::{Enqueued, NewPayload, NewTask, Prepared, TaskQueue};
pub use watch::watch;
pub use worker::{LEASE, TaskWorker};

/// What task contents are sealed as.
pub(crate) const CONTENT_TAG: &str = "task.content";

/// Why the queue did not do what it was asked to. Whatever was written stays, and asking again completes it.
#[derive(Debug, thiserror::Error)]
pub enum TaskError {
    #[error("database: {0}")]
    Database(#[from] sqlx::Error),
    #[error("the log does not answer")]
    LogUnavailable,
    #[error("the read model of tasks does not keep up")]
    ReadModelBehind,
    #[error("vault: {0}")]
    Vault(VaultError),
    /// Nothing is done for somebody who is being forgotten.
    #[error("whom the task is about is forgotten")]
    CustomerErased,
    /// A personal payload needs somebody under whose key it is sealed.
    #[error("a personal payload without a customer")]
    NobodysPayload,
    #[error(transparent)]
    Shard(ExecuteError<TaskRefusal>),
}

impl From<VaultError> for TaskError {
    fn from(error: VaultError) -> Self {
        match error {
            VaultError::Destroyed { .. } => TaskError::CustomerErased,
            other => TaskError::Vault(other),
        }
    }
}

impl From<ExecuteError<TaskRefusal>> for TaskError {
    fn from(error: ExecuteError<TaskRefusal>) -> Self {
        match error {
            ExecuteError::Unavailable | ExecuteError::Unknown => TaskError::LogUnavailable,
            other => TaskError::Shard(other),
        }
    }
}

impl From<LoadError> for TaskError {
    fn from(error: LoadError) -> Self {
        ExecuteError::from(error).into()
    }
}

impl From<JournalError> for TaskError {
    fn from(error: JournalError) -> Self {
        LoadError::from(error).into()
    }
}
