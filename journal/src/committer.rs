//! How commits reach the server.
//!
//! One task owns every commit on its way. When it is quiet each commit is published by itself, at once. When more are
//! on their way than a window of single publishes holds, those that wait share one atomic batch: one sync of the disk
//! for up to [`MAX_BATCH_MESSAGES`] commits. Commits of one unit (two aggregates together) always share a batch.
//!
//! Invariants:
//! - A subject is on its way at most once. A second unit on it waits until the first is settled, so this process never
//!   races itself.
//! - Every publish is guarded by the subject's expected last position. Further commits on a subject stand right behind its
//!   first one, in the same unit and so in the same batch: whatever keeps that one out keeps them out. Trying again can therefore do no harm; an
//!   outcome that is not known is still looked up first, to answer with what really happened.
//! - A unit is answered exactly once, with what the leader said about it.
//!
//! | file | its idea |
//! |---|---|
//! | [`unit`] | what is on its way: commits that stand or fall together |
//! | [`line`] | who waits for whom: one unit per subject |
//! | [`grouping`] | when to publish singly, when to share a batch, when to wait |
//! | [`wire`] | headers, batches, acknowledgements |
//! | [`lookup`] | what became of a publish that was not acknowledged; which member of a failed batch was stale |
//! | [`under_way`] | commands that have begun and will soon want to write |
//! | [`task`] | the loop that owns it all |

mod grouping;
mod line;
mod lookup;
mod task;
mod under_way;
mod unit;
mod wire;

use std::time::Duration;

use async_nats::Client;
use tokio::sync::{mpsc, oneshot, watch};

use crate::append::{AppendError, Parcel};
use crate::connection::{JournalError, Pulse};
use crate::reading::Log;

pub use grouping::{GROUP_MIN, LINGER, MAX_BATCHES_IN_FLIGHT, SINGLES_WINDOW};
pub use under_way::UnderWay;

/// Commits in one atomic batch; the server takes no more.
pub const MAX_BATCH_MESSAGES: usize = 1_000;
/// Payload bytes in one atomic batch. The server keeps a batch aside until it is complete.
pub const MAX_BATCH_BYTES: usize = 8 * 1024 * 1024;
/// Commits handed over and not answered yet. Beyond it a commit is turned away at once: [`AppendError::Unavailable`].
pub const MAX_OUTSTANDING: usize = 16_384;
/// Commits between the callers and the task; callers wait when it is full.
const SUBMISSIONS: usize = 1_024;

/// Hands units to the task and waits for their answers.
pub(crate) struct Committer {
    submissions: mpsc::Sender<unit::Unit>,
    commands: under_way::Commands,
}

impl Committer {
    /// Subscribes to the acknowledgements and starts the task. It ends when this handle is gone and all is answered.
    pub async fn start(
        client: &Client,
        log: Log,
        pulse: watch::Receiver<Pulse>,
        answer_timeout: Duration,
    ) -> Result<Self, JournalError> {
        // There from the start: whoever watches its growth would miss the first.
        metrics::counter!("loyalty_commit_conflicts_total").increment(0);
        let (submissions, submitted) = mpsc::channel(SUBMISSIONS);
        let wire = wire::Wire::open(client).await?;
        let commands = under_way::Commands::default();
        tokio::spawn(task::Task::new(wire, log, pulse, commands.clone(), answer_timeout).run(submitted));
        Ok(Committer { submissions, commands })
    }

    /// Writes these commits, all or none, and gives their positions. At least one; those on one subject follow one another.
    pub async fn submit(&self, parcels: Vec<Parcel>) -> Result<Vec<u64>, AppendError> {
        let (answer, answered) = oneshot::channel();
        let unit = unit::Unit::new(parcels, answer);
        self.submissions.send(unit).await.map_err(|_| AppendError::Unavailable)?;
        // The task answers every unit it has taken; only its death could drop the other end.
        answered.await.unwrap_or(Err(AppendError::Unknown))
    }
}
