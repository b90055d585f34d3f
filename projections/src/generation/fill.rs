//! Fills a generation from the log, beside the one that is read: in bulk where the read model offers it, through the same
//! code as live else. Rows and checkpoint are written together, so it may be interrupted anywhere, by anything; whoever
//! calls it again goes on from there.
//!
//! It takes a bounded share of the machine: after each piece of work it rests in proportion.

mod error;
mod last_commits;
mod share;

use std::time::Duration;

use aggregates::installation::Installation;
use futures::StreamExt;
use journal::{
    Aggregates, Follow, Journal, JournalError, Subject,
    executor::{Capacity, LoadError},
};
use sqlx::{Connection, PgPool, Postgres, pool::PoolConnection};
use tokio::{
    task::yield_now,
    time::{Instant, sleep},
};
use tokio_util::sync::CancellationToken;

use super::{
    Stage,
    bulk::Bulk,
    pump::{CHUNK_COMMITS, Pump},
    spare_schema, switch, tables, writer,
};
use crate::{
    batch::{Batch, Limits, Passage},
    checkpoint::{self, Checkpoint},
    epoch,
    feed::arrived,
    parking::{Decided, sieve::Sieve, store},
    projection::{ProjectionError, Tables},
    read_model::ReadModel,
    refused,
};

pub use error::FillError;
use last_commits::LastCommits;
pub use share::Share;

/// Commits of its own that are applied in one transaction.
const LIMITS: Limits = Limits { own: 10_000, passed: 50_000 };
/// The longest that bulk work goes unwritten, at first: what an interruption costs.
const UNWRITTEN_MIN: Duration = Duration::from_secs(10);
/// After a writing that took so long, the next waits so many times longer: writing again and again stays cheap.
const UNWRITTEN_PER_WRITING: u32 = 8;
/// Rests that are shorter are put together.
const REST_MIN: Duration = Duration::from_millis(10);
/// How long another process may still hold the generation.
const TURN_PATIENCE: Duration = Duration::from_secs(10);

/// How far a filling is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Filled {
    pub position: u64,
    pub target: u64,
}

/// Somebody who fills a generation, alone.
pub struct Filler<'a> {
    model: &'a dyn ReadModel,
    tables: &'static [&'static str],
    journal: &'a Journal,
    db: PoolConnection<Postgres>,
    /// What the database has.
    standing: Checkpoint,
    /// What the read model goes on without, as it is on record: a rebuild adds nothing to it.
    sieve: Sieve,
    share: Share,
    /// Rest that is still to be taken.
    rest_due: Duration,
    stop: CancellationToken,
}

/// The tables of a read model that can be filled beside itself.
///
/// # Errors
/// [`FillError::Fixed`]
pub fn own_tables(model: &dyn ReadModel) -> Result<&'static [&'static str], FillError> {
    match model.tables() {
        Tables::Own(tables) => Ok(tables),
        Tables::Fixed(why) => Err(FillError::Fixed(why)),
    }
}

impl<'a> Filler<'a> {
    /// Goes on with the generation that was begun for this purpose, or begins one.
    ///
    /// # Errors
    /// [`FillError`], but for `Stopped` and `Projection`.
    pub async fn begin(
        model: &'a dyn ReadModel,
        journal: &'a Journal,
        pool: &PgPool,
        purpose: Stage,
        (share, stop): (Share, CancellationToken),
    ) -> Result<Self, FillError> {
        let tables = own_tables(model)?;
        checkpoint::begin(pool, model.name()).await?;
        let mut db = writer::connect(pool).await?;
        let stream = journal.identity().await?.to_string();
        let mut standing = begun(&mut db, model, tables, purpose).await?;
        let number = standing.generation.number;
        // A process that was killed may still have a statement under way.
        let turn = writer::wait_for_turn(&mut db, model.name(), number);
        tokio::time::timeout(TURN_PATIENCE, turn).await.map_err(|_| FillError::Busy(number))??;
        // Whoever had the lock before may have come further.
        standing = checkpoint::load(&mut *db, model.name(), number).await?.ok_or(FillError::Gone)?;
        if !epoch::stands_in(journal, &standing).await? {
            return Err(FillError::OtherLog(number));
        }
        standing.stream = stream;
        writer::enter(&mut db, model.name(), &standing.generation).await?;
        // Rows and checkpoint are lost together, if at all; nobody reads them yet, and switching waits for the disk.
        sqlx::query("set synchronous_commit = off").execute(&mut *db).await?;
        let decided = decided(journal, model.name()).await?;
        let sieve = Sieve::new(decided, store::load(&mut *db, &standing).await?);
        Ok(Filler { model, tables, journal, db, standing, sieve, share, rest_due: Duration::ZERO, stop })
    }

    pub fn generation(&self) -> i32 {
        self.standing.generation.number
    }

    /// Where it stands.
    pub fn position(&self) -> u64 {
        self.standing.position
    }

    /// Takes in everything up to a position, and the rest of a group that it falls into; indexes are made when it is there.
    ///
    /// # Errors
    /// [`FillError`]
    pub async fn fill(&mut self, up_to: u64, tell: &mut (dyn FnMut(Filled) + Send)) -> Result<(), FillError> {
        if self.position() < up_to {
            // In bulk nothing can be held back.
            if !self.standing.generation.indexed
                && self.sieve.is_open()
                && let Some(bulk) = self.model.in_bulk()
            {
                self.fill_in_bulk(bulk, up_to, tell).await?;
            }
            self.finish_bulk().await?;
        }
        if self.position() < up_to {
            let mut pump = Pump::after(self.journal, self.position()).await?;
            self.apply(&mut pump, up_to, tell).await?;
        }
        self.finish_bulk().await
    }

    /// Each commit is folded and let go where it was decoded: handed to another task, as those are that are applied, it would
    /// cost more than folding it does.
    async fn fill_in_bulk(
        &mut self,
        mut bulk: Box<dyn Bulk>,
        up_to: u64,
        tell: &mut (dyn FnMut(Filled) + Send),
    ) -> Result<(), FillError> {
        bulk.resume(&mut self.db).await?;
        let mut commits = self.journal.follow(self.position(), Follow::Everything).await?.peekable();
        let mut passage = Passage::after(&self.standing);
        let (mut unwritten_since, mut unwritten_for) = (Instant::now(), UNWRITTEN_MIN);
        let mut is_through = passage.reached() >= up_to;
        while !is_through {
            let began = Instant::now();
            for commit in arrived(&mut commits, CHUNK_COMMITS).await? {
                if passage.reached() >= up_to && passage.rest_of_group() == 0 {
                    break;
                }
                if self.model.contexts().contains(&commit.subject.context) {
                    bulk.take_in(&commit)?;
                }
                passage.pass(commit)?;
            }
            if passage.rest_of_group() > 0 {
                continue;
            }
            let told_to_stop = self.stop.is_cancelled();
            is_through = passage.reached() >= up_to || bulk.has_outgrown();
            if is_through || told_to_stop || bulk.is_full() || unwritten_since.elapsed() > unwritten_for {
                let writing = Instant::now();
                self.write_bulk(bulk.as_mut(), passage.end(&self.standing)).await?;
                unwritten_since = Instant::now();
                unwritten_for = UNWRITTEN_MIN.max(writing.elapsed() * UNWRITTEN_PER_WRITING);
            }
            if told_to_stop {
                return Err(FillError::Stopped(self.position()));
            }
            tell(Filled { position: passage.reached(), target: up_to });
            self.rest(began).await;
        }
        Ok(())
    }

    async fn write_bulk(&mut self, bulk: &mut dyn Bulk, reached: Option<Checkpoint>) -> Result<(), FillError> {
        let Some(reached) = reached.filter(|reached| *reached != self.standing) else { return Ok(()) };
        let mut transaction = self.db.begin().await?;
        bulk.write(&mut transaction).await?;
        if !checkpoint::advance(&mut *transaction, &self.standing, &reached).await? {
            return Err(FillError::Gone);
        }
        transaction.commit().await?;
        self.standing = reached;
        Ok(())
    }

    /// Keys and indexes, once all that is taken in in bulk is in. Nothing else holds these tables.
    async fn finish_bulk(&mut self) -> Result<(), FillError> {
        if self.standing.generation.indexed {
            return Ok(());
        }
        let (name, number) = (self.model.name(), self.generation());
        let mut transaction = self.db.begin().await?;
        tables::index(&mut transaction, &spare_schema(name, number), self.tables).await?;
        if let Some(mut bulk) = self.model.in_bulk() {
            bulk.finish(&mut transaction).await?;
        }
        sqlx::query("update read.checkpoint set indexed = true where projection = $1 and generation = $2")
            .bind(name)
            .bind(number)
            .execute(&mut *transaction)
            .await?;
        transaction.commit().await?;
        self.standing.generation.indexed = true;
        Ok(())
    }

    /// Through the same code as live.
    async fn apply(
        &mut self,
        pump: &mut Pump,
        up_to: u64,
        tell: &mut (dyn FnMut(Filled) + Send),
    ) -> Result<(), FillError> {
        while self.position() < up_to {
            let began = Instant::now();
            let standing = self.standing.clone();
            let mut batch = self.next(pump, &standing, up_to).await?;
            while batch.room() > 0 && batch.reached() < up_to {
                extend(&mut batch, pump, up_to).await?;
            }
            let next = batch.end(&standing).unwrap_or(standing);
            self.write_what_is_let_through(&batch, &next).await?;
            self.standing = next;
            tell(Filled { position: self.position(), target: up_to });
            if self.stop.is_cancelled() {
                return Err(FillError::Stopped(self.position()));
            }
            self.rest(began).await;
        }
        Ok(())
    }

    /// A commit that cannot be read ends it here, unless it is on record that the live one goes on without it.
    async fn write_what_is_let_through(&mut self, batch: &Batch, next: &Checkpoint) -> Result<(), FillError> {
        loop {
            let outcome = match self.write(batch, next).await {
                Err(FillError::Projection(error)) => {
                    let let_through = self.sieve.let_through(batch.own());
                    Err(refused::named(error, self.model, &mut self.db, &let_through).await.into())
                }
                outcome => outcome,
            };
            match outcome {
                Err(FillError::Projection(ProjectionError::BadCommit { position, cause })) => {
                    let commit = batch.own().iter().find(|commit| commit.position == position);
                    match commit.filter(|_| self.sieve.decided.is_parked(position)) {
                        Some(commit) => self.sieve.park(commit),
                        None => return Err(ProjectionError::BadCommit { position, cause }.into()),
                    }
                }
                outcome => return outcome,
            }
        }
    }

    async fn write(&mut self, batch: &Batch, next: &Checkpoint) -> Result<(), FillError> {
        let let_through = self.sieve.let_through(batch.own());
        let mut transaction = self.db.begin().await?;
        if !let_through.is_empty() {
            self.model.take_in(&mut transaction, &let_through).await?;
        }
        store::insert(&mut transaction, &self.standing, &self.sieve.fresh()).await?;
        if !checkpoint::advance(&mut *transaction, &self.standing, next).await? {
            return Err(FillError::Gone);
        }
        transaction.commit().await?;
        self.sieve.is_written();
        Ok(())
    }

    /// The next commits: what there is, and to the end of a group.
    async fn next(&self, pump: &mut Pump, reached: &Checkpoint, up_to: u64) -> Result<Batch, JournalError> {
        let mut batch = Batch::within(LIMITS, reached, self.model.contexts());
        extend(&mut batch, pump, up_to).await?;
        Ok(batch)
    }

    /// In pieces that a timer can tell: the shortest sleep takes a millisecond or two, about as long as a chunk of commits.
    async fn rest(&mut self, began: Instant) {
        self.rest_due += self.share.rest_after(began.elapsed());
        if self.rest_due < REST_MIN {
            return yield_now().await;
        }
        tokio::select! {
            () = self.stop.cancelled() => {}
            () = sleep(self.rest_due) => {}
        }
        self.rest_due = Duration::ZERO;
    }

    /// Has this generation read from now on; gives the number of the one that was.
    ///
    /// # Errors
    /// [`FillError::Switch`], and whatever filling the last commits fails for.
    pub async fn switch(mut self, pool: &PgPool) -> Result<i32, FillError> {
        let (name, tables, number) = (self.model.name(), self.tables, self.generation());
        let mut last = LastCommits { filler: &mut self, failed: None };
        let switched = switch::switch(pool, name, tables, number, &mut last).await;
        match last.failed {
            Some(error) => Err(error),
            None => Ok(switched?),
        }
    }

    /// Leaves it to the workers, who keep it up beside the one that is read.
    ///
    /// # Errors
    /// [`FillError::Database`]
    pub async fn hand_over(mut self) -> Result<(), FillError> {
        sqlx::query("update read.checkpoint set stage = 'following' where projection = $1 and generation = $2")
            .bind(self.model.name())
            .bind(self.generation())
            .execute(&mut *self.db)
            .await?;
        Ok(())
    }
}

/// More commits, up to a position and beyond it to the end of a group.
async fn extend(batch: &mut Batch, pump: &mut Pump, up_to: u64) -> Result<(), JournalError> {
    batch.extend(pump.next(up_to).await?)?;
    while batch.ends_inside_group() {
        batch.extend(pump.next(batch.reached() + 1).await?)?;
    }
    Ok(())
}

/// What is on record about commits that this read model cannot read.
async fn decided(journal: &Journal, read_model: &str) -> Result<Decided, LoadError> {
    let installation = Aggregates::<Installation>::new(journal.clone(), Capacity(1));
    let on_record = installation.load_confirmed(Subject::installation()).await?;
    Ok(Decided::of(&on_record.state, read_model))
}

/// The generation that was begun for this purpose, or a new one.
async fn begun(
    db: &mut PoolConnection<Postgres>,
    model: &dyn ReadModel,
    tables: &[&str],
    purpose: Stage,
) -> Result<Checkpoint, FillError> {
    let known = checkpoint::generations_of(&mut **db, model.name()).await?;
    if let Some(begun) = known.into_iter().find(|known| known.generation.stage == purpose) {
        return Ok(begun);
    }
    let mut transaction = db.begin().await?;
    let in_bulk = model.in_bulk().is_some();
    let begun = checkpoint::add(&mut transaction, model.name(), purpose, !in_bulk).await?;
    let schema = begun.generation.schema(model.name());
    tables::create(&mut transaction, &schema, tables).await?;
    if !in_bulk {
        tables::index(&mut transaction, &schema, tables).await?;
    }
    transaction.commit().await?;
    Ok(begun)
}
