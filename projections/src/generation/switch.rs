//! Another generation is read from now on, in one transaction: its tables move to where readers look, and those that were
//! there move out. Readers wait for a moment, and then see the same tables by the same names.
//!
//! The live generation is held still first, by a lock that writers wait for and readers do not; what it has and the other
//! has not is caught up meanwhile. So nobody ever reads something older than they have read before.

use std::time::Duration;

use futures::future::BoxFuture;
use sqlx::{PgConnection, PgPool};

use super::{
    Generation, LIVE_SCHEMA, spare_schema,
    tables::{self, bare, execute},
};
use crate::{
    checkpoint::{self, Checkpoint},
    progress::{self, AsOf},
};

/// How long is waited for writers, behind whom nobody queues but other writers. Longer than the second after which the
/// database's own tidying gives way.
const WRITERS_PATIENCE: &str = "2s";
/// How long readers may have to wait behind us for a lock that we wait for; then we try again later.
const READERS_PATIENCE: &str = "500ms";
/// Pause before that.
const RETRY_PAUSE: Duration = Duration::from_millis(200);
/// Attempts at getting the locks. Long reports may be in the way.
const ATTEMPTS: u32 = 50;
/// How long the live generation is held still for the other to catch up.
const HELD_STILL: Duration = Duration::from_secs(5);
/// How often is looked whether it has.
const CATCH_UP_LOOK: Duration = Duration::from_millis(20);

/// What the database says when a lock was not to be had in time, or somebody else waits for us.
const NOT_NOW: [&str; 2] = ["55P03", "40P01"];

/// Why another generation is not read.
#[derive(Debug, thiserror::Error)]
pub enum SwitchError {
    #[error("there is no generation {0} of it")]
    Unknown(i32),
    #[error("generation {0} is the one that is read")]
    AlreadyLive(i32),
    #[error("generation {0} is still being filled")]
    Unfinished(i32),
    #[error("generation {generation} has other columns than the one that is read ({tables}): rebuild it")]
    OtherShape { generation: i32, tables: String },
    /// It would show readers an older state.
    #[error("generation {generation} is behind, at {at} of {live_at}: do workers run?")]
    Behind { generation: i32, at: u64, live_at: u64 },
    #[error("somebody reads these tables for so long that they could not be moved; nothing has changed")]
    Busy,
    #[error("database: {0}")]
    Database(#[from] sqlx::Error),
}

/// Whoever brings the next generation to where the live one is held still.
pub trait CatchUp: Send {
    fn catch_up(&mut self, up_to: u64) -> BoxFuture<'_, Result<(), SwitchError>>;
}

/// Workers do it by themselves.
pub struct ByWorkers;

impl CatchUp for ByWorkers {
    fn catch_up(&mut self, _: u64) -> BoxFuture<'_, Result<(), SwitchError>> {
        Box::pin(std::future::ready(Ok(())))
    }
}

/// Has `number` read from now on; gives the number of the one that was.
///
/// # Errors
/// [`SwitchError`]; nothing has changed then.
pub async fn switch(
    db: &PgPool,
    projection: &str,
    tables: &[&str],
    number: i32,
    feeder: &mut dyn CatchUp,
) -> Result<i32, SwitchError> {
    for _ in 0..ATTEMPTS {
        match attempt(db, projection, tables, number, feeder).await {
            Err(SwitchError::Database(error)) if is_not_now(&error) => tokio::time::sleep(RETRY_PAUSE).await,
            outcome => return outcome,
        }
    }
    Err(SwitchError::Busy)
}

fn is_not_now(error: &sqlx::Error) -> bool {
    let code = error.as_database_error().and_then(|error| error.code());
    code.is_some_and(|code| NOT_NOW.contains(&code.as_ref()))
}

async fn attempt(
    db: &PgPool,
    projection: &str,
    tables: &[&str],
    number: i32,
    feeder: &mut dyn CatchUp,
) -> Result<i32, SwitchError> {
    let mut transaction = db.begin().await?;
    execute(&mut transaction, format!("set local lock_timeout = '{WRITERS_PATIENCE}'")).await?;
    hold_still(&mut transaction, LIVE_SCHEMA, tables).await?;
    let generations = checkpoint::generations_of(&mut *transaction, projection).await?;
    let live = generations.iter().find(|found| found.generation.live).ok_or(SwitchError::Unknown(1))?;
    let next = generations.iter().find(|found| found.generation.number == number);
    let next = next.ok_or(SwitchError::Unknown(number))?;
    is_ready(&mut transaction, projection, tables, &next.generation).await?;
    let live = held(&mut transaction, live).await?;
    feeder.catch_up(live.position).await?;
    caught_up(&mut transaction, next, &live).await?;
    // Tables before checkpoints, as workers do: in another order each could wait for the other.
    hold_still(&mut transaction, &next.generation.schema(projection), tables).await?;
    let reached = held(&mut transaction, next).await?;
    execute(&mut transaction, format!("set local lock_timeout = '{READERS_PATIENCE}'")).await?;
    exchange(&mut transaction, projection, tables, live.generation.number, number).await?;
    progress::announce(&mut transaction, projection, AsOf { position: reached.position, time: reached.recorded_at })
        .await?;
    // Each goes on without things of its own.
    progress::announce_parked(&mut transaction).await?;
    transaction.commit().await?;
    Ok(live.generation.number)
}

/// Writers wait from here on, readers do not.
async fn hold_still(transaction: &mut PgConnection, schema: &str, tables: &[&str]) -> Result<(), sqlx::Error> {
    let names: Vec<String> = tables.iter().map(|table| format!("{schema}.{}", bare(table))).collect();
    execute(transaction, format!("lock table {} in share row exclusive mode", names.join(", "))).await
}

async fn is_ready(
    transaction: &mut PgConnection,
    projection: &str,
    tables: &[&str],
    next: &Generation,
) -> Result<(), SwitchError> {
    if next.live {
        return Err(SwitchError::AlreadyLive(next.number));
    }
    if !next.indexed {
        return Err(SwitchError::Unfinished(next.number));
    }
    let others = tables::of_another_shape(transaction, &next.schema(projection), tables).await?;
    if others.is_empty() {
        return Ok(());
    }
    Err(SwitchError::OtherShape { generation: next.number, tables: others.join(", ") })
}

/// The checkpoint as it is, which nobody moves before we are done.
async fn held(transaction: &mut PgConnection, checkpoint: &Checkpoint) -> Result<Checkpoint, SwitchError> {
    let (projection, number) = (&checkpoint.projection, checkpoint.generation.number);
    sqlx::query("select from read.checkpoint where projection = $1 and generation = $2 for update")
        .bind(projection)
        .bind(number)
        .execute(&mut *transaction)
        .await?;
    checkpoint::load(&mut *transaction, projection, number).await?.ok_or(SwitchError::Unknown(number))
}

/// Waits until the next one has all that the live one has.
async fn caught_up(transaction: &mut PgConnection, next: &Checkpoint, live: &Checkpoint) -> Result<(), SwitchError> {
    let number = next.generation.number;
    let deadline = tokio::time::Instant::now() + HELD_STILL;
    loop {
        let found = checkpoint::load(&mut *transaction, &next.projection, number).await?;
        let found = found.ok_or(SwitchError::Unknown(number))?;
        // One that has never begun speaks of no log. A log that was moved has another name and the same commits, which
        // the checkpoint that is read does not hear of before the next one comes.
        let is_the_same_commit = (found.position, &found.commit_hash) == (live.position, &live.commit_hash);
        let is_of_this_log = live.position == 0 || found.stream == live.stream || is_the_same_commit;
        if found.position >= live.position && is_of_this_log {
            return Ok(());
        }
        if tokio::time::Instant::now() >= deadline {
            return Err(SwitchError::Behind { generation: number, at: found.position, live_at: live.position });
        }
        tokio::time::sleep(CATCH_UP_LOOK).await;
    }
}

async fn exchange(
    transaction: &mut PgConnection,
    projection: &str,
    tables: &[&str],
    out: i32,
    next: i32,
) -> Result<(), sqlx::Error> {
    let (aside, from) = (spare_schema(projection, out), spare_schema(projection, next));
    execute(transaction, format!("create schema {aside}")).await?;
    for table in tables.iter().map(|table| bare(table)) {
        execute(transaction, format!("alter table {LIVE_SCHEMA}.{table} set schema {aside}")).await?;
        execute(transaction, format!("alter table {from}.{table} set schema {LIVE_SCHEMA}")).await?;
    }
    execute(transaction, format!("drop schema {from}")).await?;
    for (number, live) in [(out, false), (next, true)] {
        sqlx::query(
            "update read.checkpoint set live = $3, stage = 'following' where projection = $1 and generation = $2",
        )
        .bind(projection)
        .bind(number)
        .bind(live)
        .execute(&mut *transaction)
        .await?;
    }
    Ok(())
}

/// Drops a generation that is not read, with its tables. Workers that feed it find it gone.
///
/// # Errors
/// [`SwitchError::AlreadyLive`] for the one that is read, [`SwitchError::Unknown`], [`SwitchError::Busy`].
pub async fn drop_generation(db: &PgPool, projection: &str, number: i32) -> Result<(), SwitchError> {
    for _ in 0..ATTEMPTS {
        match drop_attempt(db, projection, number).await {
            Err(SwitchError::Database(error)) if is_not_now(&error) => tokio::time::sleep(RETRY_PAUSE).await,
            outcome => return outcome,
        }
    }
    Err(SwitchError::Busy)
}

async fn drop_attempt(db: &PgPool, projection: &str, number: i32) -> Result<(), SwitchError> {
    let mut transaction = db.begin().await?;
    execute(&mut transaction, format!("set local lock_timeout = '{WRITERS_PATIENCE}'")).await?;
    let found = checkpoint::load(&mut *transaction, projection, number).await?;
    let found = found.ok_or(SwitchError::Unknown(number))?;
    if found.generation.live {
        return Err(SwitchError::AlreadyLive(number));
    }
    // Tables first, as everybody does who writes them.
    tables::drop_all(&mut transaction, &spare_schema(projection, number)).await?;
    let gone = sqlx::query("delete from read.checkpoint where projection = $1 and generation = $2 and not live")
        .bind(projection)
        .bind(number)
        .execute(&mut *transaction)
        .await?;
    if gone.rows_affected() == 0 {
        return Err(SwitchError::AlreadyLive(number));
    }
    sqlx::query("delete from read.parked_aggregates where projection = $1 and generation = $2")
        .bind(projection)
        .bind(number)
        .execute(&mut *transaction)
        .await?;
    transaction.commit().await?;
    Ok(())
}
