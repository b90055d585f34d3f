//! Where a generation of a projection stands, written in the same transaction as its rows.

use aggregates::time::Timestamp;
use chrono::{DateTime, Utc};
use sqlx::{PgConnection, PgExecutor, PgPool, Row};

use crate::{
    generation::{Generation, Stage},
    progress::{self, AsOf},
    sql::{bigint, position, timestamp, timestamptz},
};

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checkpoint {
    pub projection: String,
    pub generation: Generation,
    /// Identity of the stream these positions belong to.
    pub stream: String,
    pub position: u64,
    /// Hash of the commit at `position`; none before the first.
    pub commit_hash: Option<[u8; 32]>,
    /// Running maximum of recorded times up to `position`.
    pub recorded_at: Timestamp,
    pub paused: bool,
    /// How often an operator has decided about something parked: whoever goes on has seen as many.
    pub decisions: i32,
}

impl Checkpoint {
    /// Of a first generation that has seen nothing yet.
    pub fn at_the_start(projection: &str, stream: &str) -> Self {
        Checkpoint {
            projection: projection.to_owned(),
            generation: Generation::FIRST,
            stream: stream.to_owned(),
            position: 0,
            commit_hash: None,
            recorded_at: Timestamp(0),
            paused: false,
            decisions: 0,
        }
    }
}

fn from_row(row: &sqlx::postgres::PgRow) -> Result<Checkpoint, sqlx::Error> {
    let hash: Option<Vec<u8>> = row.try_get("commit_hash")?;
    Ok(Checkpoint {
        projection: row.try_get("projection")?,
        generation: Generation {
            number: row.try_get("generation")?,
            live: row.try_get("live")?,
            stage: Stage::of(row.try_get("stage")?),
            indexed: row.try_get("indexed")?,
        },
        stream: row.try_get("stream")?,
        position: position(row.try_get("position")?),
        commit_hash: hash.and_then(|hash| hash.try_into().ok()),
        recorded_at: timestamp(row.try_get::<DateTime<Utc>, _>("recorded_at")?),
        paused: row.try_get("paused")?,
        decisions: row.try_get("decisions")?,
    })
}

/// The checkpoints of everything that is read, by name.
pub async fn list(db: impl PgExecutor<'_>) -> Result<Vec<Checkpoint>, sqlx::Error> {
    let rows = sqlx::query("select * from read.checkpoint where live order by projection").fetch_all(db).await?;
    rows.iter().map(from_row).collect()
}

/// The checkpoints of every generation, by name and number.
pub async fn list_generations(db: impl PgExecutor<'_>) -> Result<Vec<Checkpoint>, sqlx::Error> {
    let rows = sqlx::query("select * from read.checkpoint order by projection, generation").fetch_all(db).await?;
    rows.iter().map(from_row).collect()
}

/// The checkpoints of one projection's generations, by number.
pub(crate) async fn generations_of(db: impl PgExecutor<'_>, projection: &str) -> Result<Vec<Checkpoint>, sqlx::Error> {
    let rows = sqlx::query("select * from read.checkpoint where projection = $1 order by generation");
    rows.bind(projection).fetch_all(db).await?.iter().map(from_row).collect()
}

/// None if there is no such generation, or none any more.
pub(crate) async fn load(
    db: impl PgExecutor<'_>,
    projection: &str,
    generation: i32,
) -> Result<Option<Checkpoint>, sqlx::Error> {
    let row = sqlx::query("select * from read.checkpoint where projection = $1 and generation = $2")
        .bind(projection)
        .bind(generation)
        .fetch_optional(db)
        .await?;
    row.as_ref().map(from_row).transpose()
}

/// Makes sure that a projection has a generation that is read.
pub(crate) async fn begin(db: impl PgExecutor<'_>, projection: &str) -> Result<(), sqlx::Error> {
    sqlx::query(
        "insert into read.checkpoint (projection, stream, position, recorded_at)
         select $1, '', 0, 'epoch' where not exists (select from read.checkpoint where projection = $1)
         on conflict do nothing",
    )
    .bind(projection)
    .execute(db)
    .await
    .map(drop)
}

/// Puts a new generation on record that is filled by somebody else than the workers, and is not read.
pub(crate) async fn add(
    db: &mut PgConnection,
    projection: &str,
    stage: Stage,
    indexed: bool,
) -> Result<Checkpoint, sqlx::Error> {
    let row = sqlx::query(
        "insert into read.checkpoint (projection, generation, live, stage, indexed, stream, position, recorded_at)
         values ($1, nextval('read.generation'), false, $2, $3, '', 0, 'epoch') returning *",
    )
    .bind(projection)
    .bind(stage.as_str())
    .bind(indexed)
    .fetch_one(db)
    .await?;
    from_row(&row)
}

/// Stops a projection at its checkpoint, or lets it go on. False if there is no such projection.
pub async fn set_paused(db: &PgPool, projection: &str, paused: bool) -> Result<bool, sqlx::Error> {
    begin(db, projection).await?;
    let updated = sqlx::query(
        "update read.checkpoint set paused = $2, updated_at = now() where projection = $1 and stage = 'following'",
    )
    .bind(projection)
    .bind(paused)
    .execute(db)
    .await?;
    Ok(updated.rows_affected() > 0)
}

/// Sends every projection to the beginning of a log. Workers elsewhere find that their checkpoint has moved.
pub(crate) async fn reset(transaction: &mut PgConnection, stream: &str) -> Result<(), sqlx::Error> {
    sqlx::query(
        "update read.checkpoint set stream = $1, position = 0, commit_hash = null, recorded_at = 'epoch',
                updated_at = now()",
    )
    .bind(stream)
    .execute(transaction)
    .await?;
    Ok(())
}

/// Moves the checkpoint if it still stands where this worker left it, in the same place, and announces it when that is
/// committed, if anybody reads it. False: another worker has moved it, or its tables are elsewhere by now, and this
/// transaction must not commit. One statement, because every projection needs it for every transaction; by itself it is
/// a transaction.
pub(crate) async fn advance(
    connection: impl PgExecutor<'_>,
    from: &Checkpoint,
    to: &Checkpoint,
) -> Result<bool, sqlx::Error> {
    let moved = sqlx::query(
        "with moved as (
            update read.checkpoint
               set stream = $3, position = $4, commit_hash = $5, recorded_at = $6, updated_at = now()
             where projection = $1 and generation = $2 and position = $7 and live = $8 and decisions = $9
               and not paused
            returning live)
         select case when live then pg_notify($10, $11) end from moved",
    )
    .bind(&to.projection)
    .bind(to.generation.number)
    .bind(&to.stream)
    .bind(bigint(to.position))
    .bind(to.commit_hash.map(|hash| hash.to_vec()))
    .bind(timestamptz(to.recorded_at))
    .bind(bigint(from.position))
    .bind(from.generation.live)
    .bind(from.decisions)
    .bind(progress::CHANNEL)
    .bind(progress::announcement(&to.projection, AsOf { position: to.position, time: to.recorded_at }))
    .fetch_optional(connection)
    .await?;
    Ok(moved.is_some())
}
