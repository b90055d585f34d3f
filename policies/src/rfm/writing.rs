//! Handing decisions to the log. Each names the position it was made on, and follows it or is not written.

use std::time::Duration;

use aggregates::{
    id::{CommandId, CommitId, MerchantId},
    rfm::RfmEvent,
    time::Timestamp,
};
use journal::{Actor, Append, AppendError, Commit, StoredEvent, Subject};
use projections::rfm_segments::RfmSegments;

use super::{Analyst, RfmError};

/// Whoever was overtaken pauses for up to 255 times as long, so that a faster one gets ahead.
const OVERTAKEN_PAUSE: Duration = Duration::from_millis(1);

/// What came of a decision.
pub(super) enum Written {
    /// Durable and visible, at the position of its last commit; none where there was nothing to write.
    At(Option<u64>),
    /// Somebody else has written meanwhile, and what they wrote is visible. Some of the decision may be in the log; who
    /// decides again decides on the rest.
    Overtaken,
}

impl Analyst {
    /// Writes commits one behind the other on top of `known`.
    pub(super) async fn write(
        &self,
        merchant: MerchantId,
        known: u64,
        at: Timestamp,
        commits: Vec<Vec<RfmEvent>>,
    ) -> Result<Written, RfmError> {
        let command = (self.new_id)();
        let mut last = known;
        for events in &commits {
            let commit = Commit {
                commit_id: CommitId((self.new_id)()),
                command_id: CommandId(command),
                group: None,
                actor: Actor::Policy("rfm".to_owned()),
                correlation: command,
                causation: None,
                recorded_at: at,
                occurred_at: None,
                request: None,
                events: events.iter().map(StoredEvent::of).collect(),
            };
            let append = Append { subject: Subject::rfm(merchant), expected: last, commit, traceparent: None };
            last = match self.journal.append(append).await {
                Ok(position) => position,
                Err(AppendError::Conflict) => return self.overtaken(merchant).await,
                Err(AppendError::Unavailable | AppendError::Unknown) => return Err(RfmError::LogUnavailable),
                Err(refused) => return Err(RfmError::Refused(refused)),
            };
        }
        if last == known {
            return Ok(Written::At(None));
        }
        self.visible(RfmSegments::NAME, last).await?;
        Ok(Written::At(Some(last)))
    }

    /// Waits until the tables have seen what the other one has written.
    async fn overtaken(&self, merchant: MerchantId) -> Result<Written, RfmError> {
        let jitter = u32::from((self.new_id)().as_bytes()[0]);
        tokio::time::sleep(OVERTAKEN_PAUSE * jitter).await;
        let last = self.journal.last(&Subject::rfm(merchant)).await.map_err(|_| RfmError::LogUnavailable)?;
        self.visible(RfmSegments::NAME, last.map_or(0, |commit| commit.position)).await?;
        Ok(Written::Overtaken)
    }
}
