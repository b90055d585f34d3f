//! Tasks of the queue, for those who look after them.

use aggregates::{
    id::{MerchantId, TaskId},
    points::StaffNote,
    task::{DiscardCause, TaskKind, TaskRefusal, shard_of},
};
use journal::{ExecuteError, Subject};
use policies::{
    TaskError,
    tasks::{Enqueued, NewTask},
};
use projections::queue_tasks;

use super::{error::CommandError, request::Request};
use crate::gateway::Gateway;

/// What reasons for discarding a task are sealed as, under the merchant's key.
pub const NOTE_TAG: &str = "task.note";

impl Gateway {
    /// Puts a task on the queue, once for ever under its key. One that nobody here can do is refused.
    pub async fn create_task(&self, request: &Request, new: &NewTask) -> Result<Enqueued, CommandError> {
        if !self.handles(&new.kind) {
            return Err(CommandError::UnknownTaskKind);
        }
        Ok(self.tasks.enqueue(&request.context(), request.merchant, new).await?)
    }

    /// Whether somebody in this process can do tasks of this kind.
    pub fn handles(&self, kind: &TaskKind) -> bool {
        self.handlers.find(kind.as_str()).is_some()
    }

    /// Has a task tried at once: a dead one, or one that waits. Gives the position from which on that shows.
    pub async fn retry_task(&self, request: &Request, task: TaskId) -> Result<u64, CommandError> {
        self.known_task(request, task).await?;
        let told = self.tasks.retry(&request.context(), request.merchant, task).await?;
        Ok(told.unwrap_or(0))
    }

    /// Gives a task up for good. Gives the position from which on that shows.
    pub async fn discard_task(&self, request: &Request, task: TaskId, reason: &str) -> Result<u64, CommandError> {
        self.known_task(request, task).await?;
        let note = StaffNote { reason: reason.to_owned() };
        let reason = self.vault.merchant(request.merchant).await?.seal(NOTE_TAG, &note);
        let (context, cause) = (request.context(), DiscardCause::ByHand);
        let told = self.tasks.discard(&context, request.merchant, task, cause, Some(reason)).await?;
        Ok(told.unwrap_or(0))
    }

    /// A task of another merchant does not exist.
    async fn known_task(&self, request: &Request, task: TaskId) -> Result<(), CommandError> {
        self.has_task(request.merchant, task).await?.then_some(()).ok_or(CommandError::UnknownTask)
    }

    /// Whether there is, or ever was, such a task.
    pub(super) async fn has_task(&self, merchant: MerchantId, task: TaskId) -> Result<bool, CommandError> {
        // Its shard knows it from the first moment on; the read model, for ever.
        let shard = self.tasks.shards.load(Subject::task(merchant, shard_of(task))).await?;
        if shard.state.created_at_position(task).is_some() {
            return Ok(true);
        }
        Ok(queue_tasks::exists(&self.db, merchant, task).await?)
    }
}

impl From<TaskError> for CommandError {
    fn from(error: TaskError) -> Self {
        match error {
            TaskError::Database(error) => error.into(),
            TaskError::LogUnavailable | TaskError::ReadModelBehind => CommandError::Unavailable(error.to_string()),
            TaskError::Vault(error) => error.into(),
            TaskError::CustomerErased => CommandError::CustomerErased,
            TaskError::NobodysPayload => CommandError::Internal(error.to_string()),
            TaskError::Shard(ExecuteError::Refused(TaskRefusal::NotOpen | TaskRefusal::Overtaken)) => {
                CommandError::TaskEnded
            }
            TaskError::Shard(error) => error.into(),
        }
    }
}

impl From<TaskRefusal> for CommandError {
    fn from(refusal: TaskRefusal) -> Self {
        match refusal {
            TaskRefusal::NotOpen | TaskRefusal::Overtaken => CommandError::TaskEnded,
            TaskRefusal::LookFurther { .. } | TaskRefusal::Full => CommandError::Unavailable(refusal.to_string()),
            TaskRefusal::PayloadTooLarge => CommandError::TooLarge,
        }
    }
}
