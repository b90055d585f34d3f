//! Putting something on the queue, once per business key, for ever.

use std::time::Duration;

use aggregates::{
    customer::Customer,
    id::{CustomerId, MerchantId, TaskId},
    points::StaffNote,
    sealed::Sealed,
    task::{
        CreateTask, DiscardCause, Priority, TaskCommand, TaskContent, TaskKind, TaskPayload, TaskRefusal, TaskShard,
        shard_of,
    },
    time::Timestamp,
};
use journal::{Aggregates, CommandContext, ExecuteError, Subject};
use projections::{
    Progress,
    queue_tasks::{self, QueueTasks},
};
use sqlx::PgPool;
use uuid::Uuid;
use vault::Vault;

use super::{CONTENT_TAG, TaskError};

/// How long the creation of a task waits for the read model to know everything that its shard has forgotten.
const READ_MODEL_PATIENCE: Duration = Duration::from_secs(10);
/// How often a shard may have forgotten more meanwhile.
const LOOKS_MAX: usize = 5;

/// Something to be done.
#[derive(Debug, Clone)]
pub struct NewTask {
    pub kind: TaskKind,
    /// What makes it one thing and not another, among tasks of its kind: `welcome:<customer>`, `<redemption>`. Asked for again
    /// under the same key, nothing happens, however long ago that was. Only a keyed hash of it is kept.
    pub key: String,
    /// Whom it is about: once they are forgotten, it is discarded.
    pub customer: Option<CustomerId>,
    pub payload: NewPayload,
    pub priority: Priority,
    /// Not tried before, by the merchant's clock; at once, if not said.
    pub not_before: Option<Timestamp>,
}

/// What the handler will be told.
#[derive(Debug, Clone)]
pub enum NewPayload {
    /// Ids and numbers: nothing of a person.
    Ids(Vec<u8>),
    /// Anything else: sealed under the key of the task's customer.
    Personal(Vec<u8>),
}

/// A task that is on the queue, now or since an earlier wish.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Enqueued {
    pub id: TaskId,
    /// Of the commit that created it; `None` if it was there already.
    pub position: Option<u64>,
}

/// A task to be created together with something else, in one atomic commit: lock the subject among [`TaskQueue::shards`],
/// let its state decide on the command, stage what follows.
#[derive(Debug, Clone)]
pub enum Prepared {
    New {
        subject: Subject,
        command: Box<TaskCommand>,
    },
    /// There is, or was, a task under this key.
    Known(TaskId),
}

/// The queue. Cheap to clone.
#[derive(Clone)]
pub struct TaskQueue {
    pub shards: Aggregates<TaskShard>,
    pub customers: Aggregates<Customer>,
    pub vault: Vault,
    pub db: PgPool,
    pub progress: Progress,
    /// Where random ids and jitter come from.
    pub new_id: fn() -> Uuid,
}

impl TaskQueue {
    /// The task of this kind and key, whether there is one or not.
    pub async fn id_of(&self, merchant: MerchantId, kind: &TaskKind, key: &str) -> Result<TaskId, TaskError> {
        let hash = self.vault.merchant(merchant).await?.lookup_hash("task", &format!("{kind}\n{key}"));
        let (half, _) = hash.split_first_chunk().expect("a hash has 32 bytes");
        Ok(TaskId(Uuid::from_bytes(*half)))
    }

    /// Puts a task on the queue; does nothing if one is, or ever was, there under its key.
    ///
    /// # Errors
    /// [`TaskError`]; asking again is always safe.
    pub async fn enqueue(
        &self,
        context: &CommandContext,
        merchant: MerchantId,
        new: &NewTask,
    ) -> Result<Enqueued, TaskError> {
        for _ in 0..LOOKS_MAX {
            let (subject, command, id) = match self.prepare(merchant, new, context.recorded_at).await? {
                Prepared::Known(id) => return Ok(Enqueued { id, position: None }),
                Prepared::New { subject, command } => {
                    (subject, command, self.id_of(merchant, &new.kind, &new.key).await?)
                }
            };
            match self.shards.execute(subject, context, &command).await {
                Ok(created) => return Ok(Enqueued { id, position: created.position }),
                Err(ExecuteError::Refused(TaskRefusal::LookFurther { .. })) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Err(TaskError::ReadModelBehind)
    }

    /// The same, for whoever writes it together with something else.
    ///
    /// # Errors
    /// [`TaskError`]
    pub async fn prepare(&self, merchant: MerchantId, new: &NewTask, now: Timestamp) -> Result<Prepared, TaskError> {
        let id = self.id_of(merchant, &new.kind, &new.key).await?;
        let subject = Subject::task(merchant, shard_of(id));
        let Some(looked_through) = self.look(merchant, subject, id).await? else { return Ok(Prepared::Known(id)) };
        let command = TaskCommand::Create(CreateTask {
            id,
            kind: new.kind.clone(),
            customer: new.customer,
            payload: self.payload(merchant, new).await?,
            priority: new.priority,
            not_before: new.not_before.unwrap_or(now),
            looked_through,
            now,
        });
        Ok(Prepared::New { subject, command: Box::new(command) })
    }

    /// How far the tasks that ended are known not to have this one among them; `None` if there is such a task. The read model
    /// is asked only if the shard has forgotten any.
    async fn look(&self, merchant: MerchantId, subject: Subject, id: TaskId) -> Result<Option<u64>, TaskError> {
        let shard = self.shards.load(subject).await?;
        if shard.state.created_at_position(id).is_some() {
            return Ok(None);
        }
        let needed = shard.state.forgotten_through();
        if needed == 0 {
            return Ok(Some(0));
        }
        if !self.progress.reached(QueueTasks::NAME, needed, READ_MODEL_PATIENCE).await {
            return Err(TaskError::ReadModelBehind);
        }
        // Asked before the rows are looked at: they know at least as much.
        let known = self.progress.of(QueueTasks::NAME).position;
        let exists = queue_tasks::exists(&self.db, merchant, id).await?;
        Ok((!exists).then_some(known))
    }

    async fn payload(&self, merchant: MerchantId, new: &NewTask) -> Result<TaskPayload, TaskError> {
        if let Some(customer) = new.customer {
            let state = self.customers.load(Subject::customer(merchant, customer)).await?;
            if state.state.is_forgotten() {
                return Err(TaskError::CustomerErased);
            }
        }
        match (&new.payload, new.customer) {
            (NewPayload::Ids(bytes), _) => Ok(TaskPayload::Open(bytes.clone())),
            (NewPayload::Personal(bytes), Some(customer)) => {
                let keys = self.vault.person(merchant, customer).await?;
                Ok(TaskPayload::Sealed(keys.seal(CONTENT_TAG, &TaskContent { bytes: bytes.clone() })))
            }
            (NewPayload::Personal(_), None) => Err(TaskError::NobodysPayload),
        }
    }

    /// A dead task lives again, and one that waits is due at once. Gives the position of the commit, if one was needed.
    ///
    /// # Errors
    /// [`TaskError::Shard`] with [`TaskRefusal::NotOpen`] if it has ended.
    pub async fn retry(
        &self,
        context: &CommandContext,
        merchant: MerchantId,
        id: TaskId,
    ) -> Result<Option<u64>, TaskError> {
        self.tell(context, merchant, id, TaskCommand::Retry { id, now: context.recorded_at }).await
    }

    /// The task will never be done.
    ///
    /// # Errors
    /// As [`TaskQueue::retry`].
    pub async fn discard(
        &self,
        context: &CommandContext,
        merchant: MerchantId,
        id: TaskId,
        cause: DiscardCause,
        reason: Option<Sealed<StaffNote>>,
    ) -> Result<Option<u64>, TaskError> {
        let command = TaskCommand::Discard { id, cause, reason, now: context.recorded_at };
        self.tell(context, merchant, id, command).await
    }

    pub(super) async fn tell(
        &self,
        context: &CommandContext,
        merchant: MerchantId,
        id: TaskId,
        command: TaskCommand,
    ) -> Result<Option<u64>, TaskError> {
        let told = self.shards.execute(Subject::task(merchant, shard_of(id)), context, &command).await?;
        Ok(told.position)
    }
}
