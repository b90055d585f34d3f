//! Feeds one projection from the journal, in order, from its own checkpoint, for as long as it is told to.
//!
//! Rows and checkpoint are written in one transaction, and the checkpoint moves by compare-and-set: a second worker on
//! the same projection cannot apply anything twice, it fails and starts over from what the first one wrote. No
//! transaction ends inside a group of commits that were written together.

use std::{convert::Infallible, sync::Arc, time::Duration};

use journal::{Following, JournalError};
use sqlx::PgPool;
use tokio::time::{Instant, timeout, timeout_at};
use tokio_util::sync::CancellationToken;
use tracing::Instrument;

use crate::{
    batch::Batch,
    checkpoint::{self, Checkpoint},
    feed::{Feed, Left, Source, SourceError},
    projection::{Projection, ProjectionError},
    telemetry,
};

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
    /// It cannot go on with what all projections read together, and goes on by itself.
    #[error(transparent)]
    Left(#[from] Left),
    /// The log is not the one this read model was made from. It must not be continued silently.
    #[error(
        "the journal at position {position} is not the one that {projection} was made from: \
         the log was restored or replaced; rebuild the read models or adopt the log as a new epoch"
    )]
    OtherLog { projection: &'static str, position: u64 },
    #[error("database: {0}")]
    Database(#[from] sqlx::Error),
}

impl From<SourceError> for RunnerError {
    fn from(error: SourceError) -> Self {
        match error {
            SourceError::Journal(error) => RunnerError::Journal(error),
            SourceError::Left(left) => RunnerError::Left(left),
        }
    }
}

pub struct Runner<P> {
    projection: P,
    feed: Feed,
    db: PgPool,
}

impl<P: Projection> Runner<P> {
    pub fn new(projection: P, feed: Feed, db: PgPool) -> Self {
        Runner { projection, feed, db }
    }

    /// Runs until `stop`. Whatever goes wrong is logged and tried again from the checkpoint: the read model waits, and
    /// says through its lag that it does.
    pub async fn run(self: Arc<Self>, stop: CancellationToken) {
        loop {
            let Err(end) = tokio::select! {
                () = stop.cancelled() => return,
                end = self.follow_from_checkpoint() => end,
            };
            let pause = match end {
                RunnerError::Left(left) => {
                    tracing::debug!(projection = P::NAME, %left, "the projection reads by itself");
                    Duration::ZERO
                }
                RunnerError::Paused => PAUSE_POLL,
                error => {
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

    async fn follow_from_checkpoint(&self) -> Result<Infallible, RunnerError> {
        let losses = self.feed.journal.losses();
        let mut standing = self.verified_checkpoint().await?;
        let mut source = self.feed.source(&standing).await?;
        // The log that was verified must be the one that is read.
        if self.feed.journal.losses() != losses {
            return Err(JournalError::Interrupted.into());
        }
        let mut rested_since = Instant::now();
        loop {
            source.join(&standing);
            let mut batch = Batch::after(&standing, P::CONTEXTS);
            self.wait_for_first(&standing, &mut batch, &mut source).await?;
            let gathered = gather(&mut batch, &mut source, rested_since).await;
            if let Some(next) = batch.end(&standing) {
                self.take_in(&batch, &standing, &next).await?;
                standing = next;
            }
            gathered?;
            rested_since = Instant::now();
        }
    }

    /// While nothing comes, makes sure now and then that the rows are still those of `standing`: a database that came
    /// back from a copy may have lost the last of them.
    async fn wait_for_first(
        &self,
        standing: &Checkpoint,
        batch: &mut Batch,
        source: &mut Source<Following>,
    ) -> Result<(), RunnerError> {
        loop {
            match timeout(QUIET_LOOK, source.after(standing.position, batch.room())).await {
                Ok(commits) => return Ok(batch.extend(commits?)?),
                Err(_) => self.look_at_checkpoint(standing).await?,
            }
            source.join(standing);
        }
    }

    async fn look_at_checkpoint(&self, standing: &Checkpoint) -> Result<(), RunnerError> {
        let found = checkpoint::load(&self.db, P::NAME, &standing.stream).await?;
        match found {
            _ if found.paused => Err(RunnerError::Paused),
            _ if found.position != standing.position => Err(RunnerError::Fenced),
            _ => Ok(()),
        }
    }

    /// The checkpoint, after making sure that it speaks of this log.
    async fn verified_checkpoint(&self) -> Result<Checkpoint, RunnerError> {
        let stream = checkpoint::name_of(&self.feed.journal.identity().await?);
        let mut standing = checkpoint::load(&self.db, P::NAME, &stream).await?;
        if standing.paused {
            return Err(RunnerError::Paused);
        }
        if standing.position > 0 {
            let here = self.feed.journal.at(standing.position).await?.map(|commit| commit.hash());
            if standing.stream != stream || here != standing.commit_hash {
                return Err(RunnerError::OtherLog { projection: P::NAME, position: standing.position });
            }
        }
        standing.stream = stream;
        Ok(standing)
    }

    async fn take_in(&self, batch: &Batch, standing: &Checkpoint, next: &Checkpoint) -> Result<(), RunnerError> {
        let span = telemetry::batch_span(P::NAME, batch.own());
        let in_their_traces = telemetry::commit_spans(P::NAME, batch.own(), &span);
        let moved = self.write(batch, standing, next).instrument(span).await?;
        drop(in_their_traces);
        if !moved {
            return Err(self.why_not_moved().await?);
        }
        telemetry::applied(P::NAME, batch);
        Ok(())
    }

    /// Rows and checkpoint. False: the checkpoint is not where this worker left it, and nothing was written.
    async fn write(&self, batch: &Batch, standing: &Checkpoint, next: &Checkpoint) -> Result<bool, RunnerError> {
        if batch.own().is_empty() {
            return Ok(checkpoint::advance(&self.db, standing, next).await?);
        }
        let mut transaction = self.db.begin().await?;
        self.projection.apply(&mut transaction, batch.own()).await?;
        let moved = checkpoint::advance(&mut *transaction, standing, next).await?;
        if moved {
            transaction.commit().await?;
        }
        Ok(moved)
    }

    async fn why_not_moved(&self) -> Result<RunnerError, RunnerError> {
        let standing = checkpoint::load(&self.db, P::NAME, "").await?;
        Ok(if standing.paused { RunnerError::Paused } else { RunnerError::Fenced })
    }
}

/// Lets a batch grow until the database has rested since the last transaction; after that takes only what is there
/// already, so that batches grow by themselves while the last one is being written.
async fn gather(batch: &mut Batch, source: &mut Source<Following>, rested_since: Instant) -> Result<(), RunnerError> {
    while batch.room() > 0 {
        let more = source.after(batch.reached(), batch.room());
        let more = if batch.ends_inside_group() {
            more.await?
        } else if let Ok(more) = timeout_at(rested_since + batch.rest(), more).await {
            more?
        } else {
            break;
        };
        batch.extend(more)?;
    }
    Ok(())
}
