//! Feeds one projection from the journal, in order, from its own checkpoint, for as long as it is told to.
//!
//! Rows and checkpoint are written in one transaction, and the checkpoint moves by compare-and-set: a second worker on
//! the same projection cannot apply anything twice, it fails and starts over from what the first one wrote. No
//! transaction ends inside a group of commits that were written together.

use std::{sync::Arc, time::Duration};

use aggregates::time::Timestamp;
use futures::{FutureExt, Stream, StreamExt};
use journal::{Follow, Journal, JournalError, Positioned};
use sqlx::PgPool;
use tokio::time::{Instant, timeout, timeout_at};
use tokio_util::sync::CancellationToken;
use tracing::Instrument;

use crate::{
    checkpoint::{self, Checkpoint},
    epoch, progress,
    projection::{Projection, ProjectionError},
    telemetry,
};

/// Commits in one transaction, unless a group must be kept whole.
const BATCH_COMMITS_MAX: usize = 2_000;
/// From this pace on (one commit in so much time) the log is busy, and commits are gathered before they are written: all
/// projections together would otherwise keep the database busy with small transactions.
const BUSY_PACE: Duration = Duration::from_millis(1);
/// How long commits are gathered while the log is busy.
const GATHERING: Duration = Duration::from_millis(40);
/// The same for commits that only move the checkpoint.
const GATHERING_OF_OTHERS: Duration = Duration::from_millis(200);
/// Pause before a failed or fenced worker tries again.
const RETRY_PAUSE: Duration = Duration::from_millis(500);
/// How long a quiet log is waited for before a look at the checkpoint.
const QUIET_LOOK: Duration = Duration::from_secs(2);
/// How often a paused projection looks whether it may go on.
const PAUSE_POLL: Duration = Duration::from_millis(500);

/// Why a projection stands still.
#[derive(Debug, thiserror::Error)]
pub enum RunnerError {
    #[error(transparent)]
    Journal(#[from] JournalError),
    #[error(transparent)]
    Projection(#[from] ProjectionError),
    /// Another worker has moved the checkpoint, or the database has lost the last transactions: this worker starts over
    /// from what it finds there.
    #[error("the checkpoint is not where this worker left it")]
    Fenced,
    #[error("paused")]
    Paused,
    /// The log is not the one this read model was made from. It must not be continued silently.
    #[error(
        "the journal at position {position} is not the one that {projection} was made from: \
         the log was restored or replaced; `loyalnest restore adopt` begins a new epoch on it"
    )]
    OtherLog { projection: &'static str, position: u64 },
    #[error("database: {0}")]
    Database(#[from] sqlx::Error),
}

pub struct Runner<P> {
    projection: P,
    journal: Journal,
    db: PgPool,
}

impl<P: Projection> Runner<P> {
    pub fn new(projection: P, journal: Journal, db: PgPool) -> Self {
        Runner { projection, journal, db }
    }

    /// Runs until `stop`. Whatever goes wrong is logged and tried again from the checkpoint: the read model waits, and
    /// says through its lag that it does.
    pub async fn run(self: Arc<Self>, stop: CancellationToken) {
        loop {
            let outcome = tokio::select! {
                () = stop.cancelled() => return,
                outcome = self.follow_from_checkpoint() => outcome,
            };
            let pause = match outcome {
                Ok(()) => RETRY_PAUSE,
                Err(RunnerError::Paused) => PAUSE_POLL,
                Err(error) => {
                    metrics::counter!("loyalty_projection_errors_total", "projection" => P::NAME).increment(1);
                    tracing::error!(projection = P::NAME, error = %error, "the projection stands still");
                    RETRY_PAUSE
                }
            };
            tokio::select! {
                () = stop.cancelled() => return,
                () = tokio::time::sleep(pause) => {}
            }
        }
    }

    async fn follow_from_checkpoint(&self) -> Result<(), RunnerError> {
        let mut standing = self.verified_checkpoint().await?;
        let mut commits = std::pin::pin!(self.journal.follow(standing.position, Follow::Everything).await?);
        let mut busy = false;
        while let Some(first) = self.next_after(&standing, &mut commits).await? {
            let began = Instant::now();
            let batch = gather::<P>(first, &mut commits, busy.then_some(began)).await?;
            standing = self.take_in(standing, &batch).await?;
            busy = began.elapsed() < BUSY_PACE * u32::try_from(batch.len()).unwrap_or(u32::MAX);
        }
        Ok(())
    }

    /// The next commit. While there is none, makes sure now and then that the rows are still those of `standing`: a
    /// database that came back from a copy may have lost the last of them.
    async fn next_after(
        &self,
        standing: &Checkpoint,
        commits: &mut (impl Stream<Item = Result<Positioned, JournalError>> + Unpin),
    ) -> Result<Option<Positioned>, RunnerError> {
        loop {
            match timeout(QUIET_LOOK, commits.next()).await {
                Ok(next) => return Ok(next.transpose()?),
                Err(_) => {
                    let found = checkpoint::load(&self.db, P::NAME, &standing.stream).await?;
                    if found.paused {
                        return Err(RunnerError::Paused);
                    }
                    if found.position != standing.position {
                        return Err(RunnerError::Fenced);
                    }
                }
            }
        }
    }

    /// The checkpoint, after making sure that it speaks of this log.
    async fn verified_checkpoint(&self) -> Result<Checkpoint, RunnerError> {
        let stream = self.journal.identity().await?.to_string();
        let mut standing = checkpoint::load(&self.db, P::NAME, &stream).await?;
        if standing.paused {
            return Err(RunnerError::Paused);
        }
        if !epoch::stands_in(&self.journal, &stream, &standing).await? {
            return Err(RunnerError::OtherLog { projection: P::NAME, position: standing.position });
        }
        standing.stream = stream;
        Ok(standing)
    }

    async fn take_in(&self, standing: Checkpoint, batch: &[Positioned]) -> Result<Checkpoint, RunnerError> {
        let last = batch.last().ok_or(RunnerError::Fenced)?;
        // The server's time, not the merchants': their clocks are nobody else's business.
        let recorded_at = batch.iter().map(|commit| commit.stored_at).fold(standing.recorded_at, Timestamp::max);
        let next =
            Checkpoint { position: last.position, commit_hash: Some(last.hash()), recorded_at, ..standing.clone() };
        let mine: Vec<Positioned> =
            batch.iter().filter(|commit| P::CONTEXTS.contains(&commit.subject.context)).cloned().collect();
        let span = telemetry::batch_span(P::NAME, &mine);
        let in_their_traces = telemetry::commit_spans(P::NAME, &mine, &span);
        async {
            let mut transaction = self.db.begin().await?;
            if !mine.is_empty() {
                self.projection.apply(&mut transaction, &mine).await?;
            }
            if !checkpoint::advance(&mut transaction, &standing, &next).await? {
                return Err(self.why_not_advanced().await?);
            }
            progress::announce(&mut transaction, P::NAME, next.position, next.recorded_at).await?;
            transaction.commit().await?;
            Ok::<(), RunnerError>(())
        }
        .instrument(span)
        .await?;
        drop(in_their_traces);
        telemetry::applied(P::NAME, batch);
        Ok(next)
    }

    async fn why_not_advanced(&self) -> Result<RunnerError, RunnerError> {
        let standing = checkpoint::load(&self.db, P::NAME, "").await?;
        Ok(if standing.paused { RunnerError::Paused } else { RunnerError::Fenced })
    }
}

/// What is written in one transaction. A group was written at once: its rest is on the way, and is waited for. Anything
/// else is taken only if it is there already: batches grow by themselves while the last one is being written. Unless the
/// log has been busy, since an instant: then more may come for a while.
async fn gather<P: Projection>(
    first: Positioned,
    commits: &mut (impl Stream<Item = Result<Positioned, JournalError>> + Unpin),
    busy_since: Option<Instant>,
) -> Result<Vec<Positioned>, JournalError> {
    let mut patience = patience_with::<P>(&first);
    let mut batch = vec![first];
    loop {
        let next = match busy_since {
            _ if ends_inside_group(&batch) => commits.next().await,
            _ if batch.len() >= BATCH_COMMITS_MAX => None,
            Some(since) => timeout_at(since + patience, commits.next()).await.unwrap_or(None),
            None => commits.next().now_or_never().unwrap_or(None),
        };
        let Some(commit) = next else { return Ok(batch) };
        let commit = commit?;
        patience = patience.min(patience_with::<P>(&commit));
        batch.push(commit);
    }
}

/// How long this commit may wait for others, while the log is busy.
fn patience_with<P: Projection>(commit: &Positioned) -> Duration {
    if P::CONTEXTS.contains(&commit.subject.context) { GATHERING } else { GATHERING_OF_OTHERS }
}

fn ends_inside_group(batch: &[Positioned]) -> bool {
    let group = batch.last().and_then(|commit| commit.commit.group.as_ref());
    group.is_some_and(|group| group.index + 1 < group.count)
}
