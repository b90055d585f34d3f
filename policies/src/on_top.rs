//! Handing decisions to the log that were made on a read model. Each names the position that the read model had seen, and
//! follows it or is not written; so two workers never write the same twice.

use std::time::Duration;

use aggregates::{
    event::Event,
    id::{CommandId, CommitId},
    time::Timestamp,
};
use journal::{Actor, Append, AppendError, Commit, Journal, StoredEvent, Subject};
use projections::Progress;
use uuid::Uuid;

/// Whoever was overtaken pauses for up to 255 times as long, so that a faster one gets ahead.
const OVERTAKEN_PAUSE: Duration = Duration::from_millis(1);
/// How long a decision waits for its read model to have seen what went before it.
const READ_MODEL_PATIENCE: Duration = Duration::from_secs(30);

/// What came of a decision.
pub(crate) enum Written {
    /// Durable and visible, at the position of its last commit; none where there was nothing to write.
    At(Option<u64>),
    /// Somebody else has written meanwhile, and what they wrote is visible. Some of the decision may be in the log; who
    /// decides again decides on the rest.
    Overtaken,
}

/// Why a decision is not in the log, or not in its read model.
#[derive(Debug, thiserror::Error)]
pub(crate) enum WriteError {
    /// The log does not answer, or it is not known whether it took a commit. Trying again finds out.
    #[error("the log does not answer")]
    LogUnavailable,
    #[error("the read model {0} does not keep up")]
    ReadModelBehind(&'static str),
    /// Trying again does not help.
    #[error("the log refused a commit: {0}")]
    Refused(AppendError),
}

/// Writes what a policy decided, on one subject.
pub(crate) struct Writer<'a> {
    pub journal: &'a Journal,
    pub progress: &'a Progress,
    pub new_id: fn() -> Uuid,
    /// Whose decision it is, as the audit log names it.
    pub policy: &'static str,
    /// What it was decided on.
    pub read_model: &'static str,
    pub subject: Subject,
}

impl Writer<'_> {
    /// Writes commits one behind the other on top of `known`.
    pub async fn write<E: Event>(
        &self,
        known: u64,
        at: Timestamp,
        commits: Vec<Vec<E>>,
    ) -> Result<Written, WriteError> {
        let command = (self.new_id)();
        let mut last = known;
        for events in &commits {
            let append = Append {
                subject: self.subject,
                expected: last,
                commit: self.commit(command, at, events),
                traceparent: None,
            };
            last = match self.journal.append(append).await {
                Ok(position) => position,
                Err(AppendError::Conflict) => return self.overtaken().await,
                Err(AppendError::Unavailable | AppendError::Unknown) => return Err(WriteError::LogUnavailable),
                Err(refused) => return Err(WriteError::Refused(refused)),
            };
        }
        if last == known {
            return Ok(Written::At(None));
        }
        visible(self.progress, self.read_model, last).await?;
        Ok(Written::At(Some(last)))
    }

    fn commit<E: Event>(&self, command: Uuid, at: Timestamp, events: &[E]) -> Commit {
        Commit {
            commit_id: CommitId((self.new_id)()),
            command_id: CommandId(command),
            group: None,
            actor: Actor::Policy(self.policy.to_owned()),
            correlation: command,
            causation: None,
            recorded_at: at,
            occurred_at: None,
            request: None,
            events: events.iter().map(StoredEvent::of).collect(),
        }
    }

    /// Waits until the tables have seen what the other one has written.
    async fn overtaken(&self) -> Result<Written, WriteError> {
        let jitter = u32::from((self.new_id)().as_bytes()[0]);
        tokio::time::sleep(OVERTAKEN_PAUSE * jitter).await;
        let last = self.journal.last(&self.subject).await.map_err(|_| WriteError::LogUnavailable)?;
        visible(self.progress, self.read_model, last.map_or(0, |commit| commit.position)).await?;
        Ok(Written::Overtaken)
    }
}

/// Waits until a read model has seen a position.
pub(crate) async fn visible(progress: &Progress, read_model: &'static str, position: u64) -> Result<(), WriteError> {
    let seen = progress.reached(read_model, position, READ_MODEL_PATIENCE).await;
    seen.then_some(()).ok_or(WriteError::ReadModelBehind(read_model))
}
