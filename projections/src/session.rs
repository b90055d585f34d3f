//! One projection from a verified checkpoint on, until something stops it. What has been written is then in the database,
//! and nothing else counts: whoever goes on starts from the checkpoint there.

use std::{convert::Infallible, time::Duration};

use futures::FutureExt;
use journal::Following;
use sqlx::{Connection, Postgres, pool::PoolConnection};
use tokio::{
    task::yield_now,
    time::{Instant, sleep_until, timeout},
};
use tracing::Instrument;

use crate::{
    batch::Batch,
    checkpoint::{self, Checkpoint},
    feed::{Source, SourceError},
    projection::Projection,
    rest::Rest,
    runner::{RunnerError, not_paused},
    telemetry,
};

/// How long a quiet log is waited for before a look at the checkpoint.
const QUIET_LOOK: Duration = Duration::from_secs(2);
/// How often a growing batch looks for more. To wake up for every commit would cost more than to take them in.
const GROWING_LOOK: Duration = Duration::from_millis(10);

pub(crate) struct Session<'a, P> {
    projection: &'a P,
    db: PoolConnection<Postgres>,
    source: Source<Following>,
    standing: Checkpoint,
    rest: Rest,
}

impl<'a, P: Projection> Session<'a, P> {
    /// `source` goes on where `standing` is, which is what the database has.
    pub fn begin(
        projection: &'a P,
        db: PoolConnection<Postgres>,
        source: Source<Following>,
        standing: Checkpoint,
    ) -> Self {
        let now = Instant::now();
        Session { projection, db, source, standing, rest: Rest::after_work(now, now) }
    }

    /// Takes in whatever comes, until something stops it.
    pub async fn run(mut self) -> Result<Infallible, RunnerError> {
        loop {
            let mut batch = self.first_commits().await?;
            let grown = self.grow(&mut batch).await;
            // What came before the end of a source is sound.
            if let Some(next) = batch.end(&self.standing) {
                self.take_in(&batch, next).await?;
            }
            grown?;
        }
    }

    /// While nothing comes, makes sure now and then that the rows are still those of the checkpoint: a database that came
    /// back from a copy may have lost the last of them.
    async fn first_commits(&mut self) -> Result<Batch, RunnerError> {
        let mut batch = Batch::after(&self.standing, P::CONTEXTS);
        loop {
            self.source.join(&self.standing);
            match timeout(QUIET_LOOK, self.source.after(batch.reached(), batch.room())).await {
                Ok(commits) => {
                    batch.extend(commits?)?;
                    return Ok(batch);
                }
                Err(_) => self.look_at_checkpoint().await?,
            }
        }
    }

    /// Lets the batch grow until the database has rested, and then takes what is there already: batches grow by
    /// themselves while the last one is being written.
    async fn grow(&mut self, batch: &mut Batch) -> Result<(), SourceError> {
        while batch.room() > 0 {
            let more = self.source.after(batch.reached(), batch.room());
            if batch.ends_inside_group() {
                batch.extend(more.await?)?;
            } else if let Some(more) = more.now_or_never() {
                batch.extend(more?)?;
                // Whoever catches up always finds more, and must not keep the thread for itself.
                yield_now().await;
            } else {
                let (now, rested) = (Instant::now(), self.rest.is_over_at(!batch.own().is_empty()));
                if now >= rested {
                    break;
                }
                sleep_until(rested.min(now + GROWING_LOOK)).await;
            }
        }
        Ok(())
    }

    async fn take_in(&mut self, batch: &Batch, next: Checkpoint) -> Result<(), RunnerError> {
        let began = Instant::now();
        let span = telemetry::batch_span(P::NAME, batch.own());
        let in_their_traces = telemetry::commit_spans(P::NAME, batch.own(), &span);
        let moved = self.write(batch, &next).instrument(span).await?;
        drop(in_their_traces);
        if !moved {
            self.look_at_checkpoint().await?;
            return Err(RunnerError::Fenced);
        }
        if self.standing.generation.live {
            telemetry::applied(P::NAME, batch);
        }
        self.standing = next;
        self.rest = Rest::after_work(began, Instant::now());
        Ok(())
    }

    /// Rows and checkpoint. False: the checkpoint is not where this worker left it, and nothing was written.
    async fn write(&mut self, batch: &Batch, next: &Checkpoint) -> Result<bool, RunnerError> {
        if batch.own().is_empty() {
            return Ok(checkpoint::advance(&mut *self.db, &self.standing, next).await?);
        }
        let mut transaction = self.db.begin().await?;
        self.projection.apply(&mut transaction, batch.own()).await?;
        let moved = checkpoint::advance(&mut *transaction, &self.standing, next).await?;
        if moved {
            transaction.commit().await?;
        } else {
            transaction.rollback().await?;
        }
        Ok(moved)
    }

    async fn look_at_checkpoint(&mut self) -> Result<(), RunnerError> {
        let found = checkpoint::load(&mut *self.db, P::NAME, self.standing.generation.number).await?;
        let found = not_paused(found)?;
        if found.position != self.standing.position || found.generation != self.standing.generation {
            return Err(RunnerError::Fenced);
        }
        Ok(())
    }
}
