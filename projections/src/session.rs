//! One projection from a verified checkpoint on, until something stops it. What has been written is then in the database,
//! and nothing else counts: whoever goes on starts from the checkpoint there.

use std::{convert::Infallible, time::Duration};

use futures::FutureExt;
use sqlx::{Connection, PgConnection};
use tokio::{
    task::yield_now,
    time::{Instant, sleep_until, timeout},
};
use tracing::Instrument;

use crate::{
    batch::Batch,
    checkpoint::{self, Checkpoint},
    feed::{Fellow, Source, SourceError},
    parking::{Register, sieve::Sieve, store},
    projection::{Projection, ProjectionError},
    refused,
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
    db: &'a mut PgConnection,
    source: Source<Fellow>,
    standing: Checkpoint,
    sieve: Sieve,
    /// Where it is put on record that something cannot be read; without it, that stops everything.
    register: Option<&'a Register>,
    rest: Rest,
}

impl<'a, P: Projection> Session<'a, P> {
    /// `source` goes on where `standing` is, which is what the database has, and so does `sieve`.
    pub fn begin(
        (projection, register): (&'a P, Option<&'a Register>),
        db: &'a mut PgConnection,
        source: Source<Fellow>,
        (standing, sieve): (Checkpoint, Sieve),
    ) -> Self {
        let now = Instant::now();
        Session { projection, db, source, standing, sieve, register, rest: Rest::after_work(now, now) }
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
        let moved = self.write_what_can_be_read(batch, &next).instrument(span).await?;
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

    /// Goes on without an aggregate whenever one of its commits cannot be read.
    async fn write_what_can_be_read(&mut self, batch: &Batch, next: &Checkpoint) -> Result<bool, RunnerError> {
        loop {
            let outcome = match self.write(batch, next).await {
                Err(RunnerError::Projection(error)) => {
                    let let_through = self.sieve.let_through(batch.own());
                    Err(refused::named(error, self.projection, self.db, &let_through).await.into())
                }
                outcome => outcome,
            };
            match (outcome, self.register) {
                (Err(RunnerError::Projection(ProjectionError::BadCommit { position, cause })), Some(register)) => {
                    let found = batch.own().iter().find(|commit| commit.position == position);
                    let Some(commit) = found.filter(|commit| !self.sieve.holds(&commit.subject)) else {
                        return Err(ProjectionError::BadCommit { position, cause }.into());
                    };
                    // Whoever is paused, or is not the one who writes, decides nothing.
                    let commit = std::sync::Arc::clone(commit);
                    self.look_at_checkpoint().await?;
                    tracing::error!(projection = P::NAME, position, %cause, "an aggregate is parked");
                    self.sieve.decided = register.park(P::NAME, &commit, cause).await?;
                    if !self.sieve.decided.is_discarded(position) {
                        self.sieve.park(&commit);
                    }
                }
                (outcome, _) => return outcome,
            }
        }
    }

    /// Rows and checkpoint. False: the checkpoint is not where this worker left it, and nothing was written.
    async fn write(&mut self, batch: &Batch, next: &Checkpoint) -> Result<bool, RunnerError> {
        if batch.own().is_empty() {
            return Ok(checkpoint::advance(&mut *self.db, &self.standing, next).await?);
        }
        let let_through = (!self.sieve.is_open()).then(|| self.sieve.let_through(batch.own()));
        let mut transaction = self.db.begin().await?;
        self.projection.apply(&mut transaction, let_through.as_deref().unwrap_or(batch.own())).await?;
        store::insert(&mut transaction, &self.standing, &self.sieve.fresh()).await?;
        let moved = checkpoint::advance(&mut *transaction, &self.standing, next).await?;
        if moved {
            transaction.commit().await?;
            self.sieve.is_written();
        } else {
            transaction.rollback().await?;
        }
        Ok(moved)
    }

    async fn look_at_checkpoint(&mut self) -> Result<(), RunnerError> {
        let found = checkpoint::load(&mut *self.db, P::NAME, self.standing.generation.number).await?;
        let found = not_paused(found)?;
        let Checkpoint { position, generation, decisions, .. } = &self.standing;
        if (found.position, found.generation, found.decisions) != (*position, *generation, *decisions) {
            return Err(RunnerError::Fenced);
        }
        Ok(())
    }
}
