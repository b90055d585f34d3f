//! Runs one projection from its own checkpoint, for as long as it is told to: makes sure that the checkpoint speaks of
//! this log, lets a [`Session`] take in what follows, and starts over when that comes to an end. Every generation that
//! workers feed is run so, the one that is read and those that are kept beside it.
//!
//! Of several workers one writes a generation, and the others stand by until its connection is gone. Rows and checkpoint are written in one transaction, and the checkpoint moves by compare-and-set: a second worker on
//! the same projection cannot apply anything twice, it fails and starts over from what the first one wrote. No
//! transaction ends inside a group of commits that were written together.

use std::{collections::BTreeMap, convert::Infallible, sync::Arc, time::Duration};

use journal::JournalError;
use sqlx::{PgConnection, PgPool};
use tokio::task::JoinSet;
use tokio_util::sync::{CancellationToken, DropGuard};

use crate::{
    checkpoint::{self, Checkpoint},
    epoch,
    feed::{Feed, Left, SourceError},
    generation::{Stage, writer},
    parking::{self, Register, RegisterError, release::release, sieve::Sieve},
    projection::{Projection, ProjectionError},
    session::Session,
};

/// Pause before a failed or fenced worker tries again.
const RETRY_PAUSE: Duration = Duration::from_millis(500);
/// How often a paused projection looks whether it may go on.
const PAUSE_POLL: Duration = Duration::from_millis(500);
/// How often is looked which generations there are.
const GENERATIONS_LOOK: Duration = Duration::from_secs(2);

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
    /// The generation was dropped, or somebody else fills it.
    #[error("there is no such generation any more")]
    Gone,
    /// It cannot go on with those it read together with, and looks for others.
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
    /// Something cannot be read, and that could not be put on record.
    #[error(transparent)]
    Register(#[from] RegisterError),
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
    register: Option<Register>,
    contends: bool,
}

impl<P: Projection> Runner<P> {
    pub fn new(projection: P, feed: Feed, db: PgPool) -> Self {
        Runner { projection, feed, db, register: None, contends: false }
    }

    /// Parks what cannot be read, and goes on; without this it stands still.
    pub fn parking(self, register: Register) -> Self {
        Runner { register: Some(register), ..self }
    }

    /// Does not stand by while another worker writes. For tests: whatever the lock is worth, it is the checkpoint by which
    /// nothing is applied twice.
    pub fn contending(self) -> Self {
        Runner { contends: true, ..self }
    }

    /// Runs until `stop`, every generation that workers feed.
    pub async fn run(self: Arc<Self>, stop: CancellationToken) {
        let mut fed: BTreeMap<i32, DropGuard> = BTreeMap::new();
        let mut feeding = JoinSet::new();
        loop {
            // While the database is away each look takes its time, and all read models of a process take turns.
            let looked = tokio::select! {
                () = stop.cancelled() => break,
                looked = self.generations() => looked,
            };
            let pause = match looked {
                Ok(numbers) => {
                    fed.retain(|number, _| numbers.contains(number));
                    for number in numbers {
                        fed.entry(number).or_insert_with(|| {
                            let token = stop.child_token();
                            feeding.spawn(Arc::clone(&self).feed(number, token.clone()));
                            token.drop_guard()
                        });
                    }
                    GENERATIONS_LOOK
                }
                Err(error) => {
                    tracing::error!(projection = P::NAME, %error, "it is not known which generations there are");
                    RETRY_PAUSE
                }
            };
            while feeding.try_join_next().is_some() {}
            tokio::select! {
                () = stop.cancelled() => break,
                () = tokio::time::sleep(pause) => {}
            }
        }
        while feeding.join_next().await.is_some() {}
    }

    /// Generations that workers feed.
    async fn generations(&self) -> Result<Vec<i32>, sqlx::Error> {
        let _turn = self.feed.turn_to_look().await;
        checkpoint::begin(&self.db, P::NAME).await?;
        let all = checkpoint::generations_of(&self.db, P::NAME).await?;
        let fed = all.iter().filter(|checkpoint| checkpoint.generation.stage == Stage::Following);
        Ok(fed.map(|checkpoint| checkpoint.generation.number).collect())
    }

    /// Feeds one generation until `stop`. Whatever goes wrong is logged and tried again from the checkpoint: the read model
    /// waits, and says through its lag that it does.
    async fn feed(self: Arc<Self>, number: i32, stop: CancellationToken) {
        let errors = metrics::counter!("loyalty_projection_errors_total", "projection" => P::NAME);
        // There from the start: whoever watches its growth would miss the first.
        errors.increment(0);
        loop {
            let Err(end) = tokio::select! {
                () = stop.cancelled() => return,
                end = self.follow(number) => end,
            };
            let pause = match end {
                RunnerError::Paused | RunnerError::Gone => PAUSE_POLL,
                error => {
                    errors.increment(1);
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

    /// As the only writer, for as long as its connection lasts.
    async fn follow(&self, number: i32) -> Result<Infallible, RunnerError> {
        self.may_go_on(number).await?;
        let mut db = writer::connect(&self.db).await?;
        if !self.contends {
            writer::wait_for_turn(&mut db, P::NAME, number).await?;
        }
        loop {
            let Err(end) = self.follow_from_checkpoint(&mut db, number).await;
            match end {
                RunnerError::Left(left) => {
                    tracing::debug!(projection = P::NAME, %left, "the projection reads elsewhere");
                }
                end => return Err(end),
            }
        }
    }

    async fn follow_from_checkpoint(&self, db: &mut PgConnection, number: i32) -> Result<Infallible, RunnerError> {
        let losses = self.feed.journal.losses();
        let standing = self.verified_checkpoint(db, number).await?;
        writer::enter(db, P::NAME, &standing.generation).await?;
        let sieve = self.sieve(db, &standing).await?;
        let source = self.feed.source(&standing).await?;
        // The log that was verified must be the one that is read.
        if self.feed.journal.losses() != losses {
            return Err(JournalError::Interrupted.into());
        }
        Session::begin((&self.projection, self.register.as_ref()), db, source, (standing, sieve)).run().await
    }

    /// Asked on a connection that is there anyway: whoever is paused need not open one of its own again and again.
    async fn may_go_on(&self, number: i32) -> Result<(), RunnerError> {
        let _turn = self.feed.turn_to_look().await;
        not_paused(checkpoint::load(&self.db, P::NAME, number).await?).map(drop)
    }

    /// What is held back, after taking in what need not be any more.
    async fn sieve(&self, db: &mut PgConnection, standing: &Checkpoint) -> Result<Sieve, RunnerError> {
        let Some(register) = &self.register else { return Ok(Sieve::default()) };
        let parked = parking::store::load(&mut *db, standing).await?;
        // Mostly nothing ever was: then the record need not be read.
        if parked.is_empty() && standing.decisions == 0 {
            return Ok(Sieve::default());
        }
        let mut sieve = Sieve::new(register.decided(P::NAME).await?, parked);
        release(&self.projection, db, (&self.feed.journal, register), standing, &mut sieve).await?;
        Ok(sieve)
    }

    /// The checkpoint, after making sure that it speaks of this log.
    async fn verified_checkpoint(&self, db: &mut PgConnection, number: i32) -> Result<Checkpoint, RunnerError> {
        let journal = &self.feed.journal;
        let stream = journal.identity().await?.to_string();
        let mut standing = not_paused(checkpoint::load(db, P::NAME, number).await?)?;
        if !epoch::stands_in(journal, &standing).await? {
            return Err(RunnerError::OtherLog { projection: P::NAME, position: standing.position });
        }
        standing.stream = stream;
        Ok(standing)
    }
}

/// The checkpoint, if workers may go on from it.
pub(crate) fn not_paused(found: Option<Checkpoint>) -> Result<Checkpoint, RunnerError> {
    let found = found.filter(|found| found.generation.stage == Stage::Following).ok_or(RunnerError::Gone)?;
    if found.paused { Err(RunnerError::Paused) } else { Ok(found) }
}
