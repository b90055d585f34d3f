//! Runs one projection from its own checkpoint, for as long as it is told to: makes sure that the checkpoint speaks of
//! this log, lets a [`Session`] take in what follows, and starts over when that comes to an end.
//!
//! Rows and checkpoint are written in one transaction, and the checkpoint moves by compare-and-set: a second worker on
//! the same projection cannot apply anything twice, it fails and starts over from what the first one wrote. No
//! transaction ends inside a group of commits that were written together.

use std::{convert::Infallible, sync::Arc, time::Duration};

use journal::JournalError;
use sqlx::{PgConnection, PgPool};
use tokio_util::sync::CancellationToken;

use crate::{
    checkpoint::{self, Checkpoint},
    epoch,
    feed::{Feed, Left, SourceError},
    projection::{Projection, ProjectionError},
    session::Session,
};

/// Pause before a failed or fenced worker tries again.
const RETRY_PAUSE: Duration = Duration::from_millis(500);
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
         the log was restored or replaced; `loyalnest restore adopt` begins a new epoch on it"
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
        // One connection for as long as all goes well: whatever the pool takes back it asks first whether it still works.
        let mut db = self.db.acquire().await?;
        let losses = self.feed.journal.losses();
        let standing = self.verified_checkpoint(&mut db).await?;
        let source = self.feed.source(&standing).await?;
        // The log that was verified must be the one that is read.
        if self.feed.journal.losses() != losses {
            return Err(JournalError::Interrupted.into());
        }
        Session::begin(&self.projection, db, source, standing).run().await
    }

    /// The checkpoint, after making sure that it speaks of this log.
    async fn verified_checkpoint(&self, db: &mut PgConnection) -> Result<Checkpoint, RunnerError> {
        let journal = &self.feed.journal;
        let stream = journal.identity().await?.to_string();
        let mut standing = checkpoint::load(db, P::NAME, &stream).await?;
        if standing.paused {
            return Err(RunnerError::Paused);
        }
        if !epoch::stands_in(journal, &stream, &standing).await? {
            return Err(RunnerError::OtherLog { projection: P::NAME, position: standing.position });
        }
        standing.stream = stream;
        Ok(standing)
    }
}
