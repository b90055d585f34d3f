//! One attempt at one task: from the lease to the record of what came of it.

use std::time::Duration;

use aggregates::{
    id::{MerchantId, TaskId},
    task::{Attempt, DiscardCause, FailedAttempt, TaskCommand, TaskPayload, TaskRefusal, shard_of},
    time::Timestamp,
};
use journal::{Actor, CommandContext, ExecuteError, Subject};
use projections::queue_tasks::{self, QueueTasks, TaskRow, lease};
use tokio::time::Instant;
use vault::VaultError;

use super::{CONTENT_TAG, Handler, Outcome, Task, TaskError, TaskWorker};

/// After an attempt that could not even begin, or whose end could not be recorded.
const TROUBLE_PAUSE: Duration = Duration::from_secs(2);
/// How long a lease outlives its attempt for the read model to see what came of it.
const READ_MODEL_PATIENCE: Duration = Duration::from_secs(5);
/// However long the other side wants to be left alone, it is asked again after this.
const WAIT_MAX: Duration = Duration::from_secs(60);

/// What becomes of the lease.
enum Then {
    /// The task may be taken again, by whoever finds it due, once the read model has seen this position.
    LetGo(u64),
    Rest(Duration),
    /// The same, and nobody who wants everything done waits for it.
    Hold(Duration),
}

impl TaskWorker {
    /// Makes the attempt that is due, if it still is. Nothing here fails for the caller: whatever goes wrong leaves the task
    /// as it was, or as it is recorded.
    pub(super) async fn attempt(&self, merchant: MerchantId, id: TaskId) {
        let then = match self.try_attempt(merchant, id).await {
            Ok(then) => then,
            Err(error) => {
                tracing::warn!(%merchant, task = %id, %error, "a task could not be worked on");
                Then::Rest(TROUBLE_PAUSE)
            }
        };
        let let_go = match then {
            Then::LetGo(position) => {
                self.queue.progress.reached(QueueTasks::NAME, position, READ_MODEL_PATIENCE).await;
                lease::release(&self.queue.db, self.id, merchant, id).await
            }
            Then::Rest(long) => lease::rest(&self.queue.db, self.id, merchant, id, long).await,
            Then::Hold(long) => lease::hold(&self.queue.db, self.id, merchant, id, long).await,
        };
        if let Err(error) = let_go {
            // It ends by itself.
            tracing::warn!(%merchant, task = %id, %error, "the lease on a task was not ended");
        }
    }

    async fn try_attempt(&self, merchant: MerchantId, id: TaskId) -> Result<Then, TaskError> {
        let Some(row) = queue_tasks::find(&self.queue.db, merchant, id).await? else { return Ok(Then::LetGo(0)) };
        let shop = self.merchants.load_confirmed(Subject::merchant(merchant)).await?;
        if shop.state.fenced_at.is_some() {
            return Ok(Then::Hold(WAIT_MAX));
        }
        let now = shop.state.now(self.clock.now());
        let shard = self.queue.shards.load_confirmed(Subject::task(merchant, shard_of(id))).await?;
        // Rows may be older than the log; what is on record counts.
        let Some(number) = shard.state.open(id).and_then(|open| open.attempt_due(now)) else {
            return Ok(Then::LetGo(shard.position));
        };
        let Some(handler) = self.handlers.find(&row.kind) else { return Ok(Then::Hold(WAIT_MAX)) };
        let context = self.context(&row, now);
        let Some(payload) = self.open(&row).await? else {
            let cause = DiscardCause::CustomerErased;
            let position = self.queue.discard(&context, merchant, id, cause, None).await?;
            return Ok(Then::LetGo(position.unwrap_or(0)));
        };
        let TaskRow { customer, request, .. } = row;
        let task = Task { merchant, id, customer, payload, attempt: number, request, now };
        let outcome = self.perform(handler.as_ref(), &task).await;
        self.record(handler.as_ref(), &task, &context, outcome).await
    }

    /// The payload; `None` if whom it is about is being forgotten, or has been.
    async fn open(&self, row: &TaskRow) -> Result<Option<Vec<u8>>, TaskError> {
        let Some(customer) = row.customer else {
            return Ok(row.payload.as_ref().and_then(|payload| match payload {
                TaskPayload::Open(bytes) => Some(bytes.clone()),
                TaskPayload::Sealed(_) => None,
            }));
        };
        let state = self.queue.customers.load(Subject::customer(row.merchant, customer)).await?;
        if state.state.is_forgotten() {
            return Ok(None);
        }
        let keys = match self.queue.vault.person(row.merchant, customer).await {
            Err(VaultError::Destroyed { .. }) => return Ok(None),
            keys => keys?,
        };
        match &row.payload {
            None => Ok(None),
            Some(TaskPayload::Open(bytes)) => Ok(Some(bytes.clone())),
            Some(TaskPayload::Sealed(sealed)) => Ok(keys.open(CONTENT_TAG, sealed).ok().map(|content| content.bytes)),
        }
    }

    async fn perform(&self, handler: &dyn Handler, task: &Task) -> Outcome {
        let began = Instant::now();
        let outcome = tokio::time::timeout(self.time_max(), handler.run(task)).await;
        let outcome = outcome.unwrap_or_else(|_| Outcome::retry("took too long"));
        let kind = handler.kind().as_str().to_owned();
        metrics::histogram!("loyalty_task_attempt_seconds", "kind" => kind.clone()).record(began.elapsed());
        metrics::counter!("loyalty_task_attempts_total", "kind" => kind, "outcome" => outcome.as_str()).increment(1);
        outcome
    }

    async fn record(
        &self,
        handler: &dyn Handler,
        task: &Task,
        context: &CommandContext,
        outcome: Outcome,
    ) -> Result<Then, TaskError> {
        let attempt = Attempt { id: task.id, number: task.attempt, now: task.now };
        let policy = handler.retry_policy();
        let is_last = match &outcome {
            Outcome::Done(_) | Outcome::Wait(_) | Outcome::Hold(_) => false,
            Outcome::Retry { .. } => policy.is_last(task.attempt),
            Outcome::Dead { .. } => true,
        };
        if is_last && let Err(reason) = handler.give_up(task).await {
            tracing::warn!(merchant = %task.merchant, task = %task.id, reason, "a task cannot be given up yet");
            return Ok(Then::Rest(TROUBLE_PAUSE));
        }
        let command = match outcome {
            Outcome::Wait(long) => return Ok(Then::Rest(long.min(WAIT_MAX))),
            Outcome::Hold(long) => return Ok(Then::Hold(long.min(WAIT_MAX))),
            Outcome::Done(note) => TaskCommand::Complete { attempt, note },
            Outcome::Dead { reason } => TaskCommand::GiveUp { attempt, reason },
            Outcome::Retry { reason, after } => {
                let after_seconds = after.map(|after| i64::try_from(after.as_secs()).unwrap_or(i64::MAX));
                let jitter = (self.queue.new_id)().as_bytes()[0];
                TaskCommand::Fail(FailedAttempt { attempt, reason, after_seconds, policy, jitter })
            }
        };
        match self.queue.tell(context, task.merchant, task.id, command).await {
            Ok(position) => Ok(Then::LetGo(position.unwrap_or(0))),
            Err(TaskError::Shard(ExecuteError::Refused(TaskRefusal::NotOpen | TaskRefusal::Overtaken))) => {
                tracing::info!(merchant = %task.merchant, task = %task.id, "somebody else has recorded this attempt");
                let shard = self.queue.shards.load(Subject::task(task.merchant, shard_of(task.id))).await?;
                Ok(Then::LetGo(shard.position))
            }
            Err(error) => Err(error),
        }
    }

    fn context(&self, row: &TaskRow, now: Timestamp) -> CommandContext {
        let actor = Actor::Policy(format!("task:{}", row.kind));
        CommandContext { correlation: row.request, ..CommandContext::of(actor, (self.queue.new_id)(), now) }
    }
}
