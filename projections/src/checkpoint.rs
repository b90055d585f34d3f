//! Where a projection stands, written in the same transaction as its rows.

use aggregates::time::Timestamp;
use chrono::{DateTime, Utc};
use sqlx::{PgConnection, PgExecutor, PgPool, Row};

use crate::{
    progress::{self, AsOf},
    sql::{bigint, position, timestamp, timestamptz},
};

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checkpoint {
    pub projection: String,
    /// Identity of the stream these positions belong to.
    pub stream: String,
    pub position: u64,
    /// Hash of the commit at `position`; none before the first.
    pub commit_hash: Option<[u8; 32]>,
    /// Running maximum of recorded times up to `position`.
    pub recorded_at: Timestamp,
    pub paused: bool,
}

impl Checkpoint {
    pub fn at_the_start(projection: &str, stream: &str) -> Self {
        Checkpoint {
            projection: projection.to_owned(),
            stream: stream.to_owned(),
            position: 0,
            commit_hash: None,
            recorded_at: Timestamp(0),
            paused: false,
        }
    }
}

fn from_row(row: &sqlx::postgres::PgRow) -> Result<Checkpoint, sqlx::Error> {
    let hash: Option<Vec<u8>> = row.try_get("commit_hash")?;
    Ok(Checkpoint {
        projection: row.try_get("projection")?,
        stream: row.try_get("stream")?,
        position: position(row.try_get("position")?),
        commit_hash: hash.and_then(|hash| hash.try_into().ok()),
        recorded_at: timestamp(row.try_get::<DateTime<Utc>, _>("recorded_at")?),
        paused: row.try_get("paused")?,
    })
}

/// All checkpoints, by name.
pub async fn list(db: impl PgExecutor<'_>) -> Result<Vec<Checkpoint>, sqlx::Error> {
    sqlx::query("select * from read.checkpoint order by projection").fetch_all(db).await?.iter().map(from_row).collect()
}

pub(crate) async fn load(db: impl PgExecutor<'_>, projection: &str, stream: &str) -> Result<Checkpoint, sqlx::Error> {
    let row =
        sqlx::query("select * from read.checkpoint where projection = $1").bind(projection).fetch_optional(db).await?;
    row.map_or_else(|| Ok(Checkpoint::at_the_start(projection, stream)), |row| from_row(&row))
}

/// Stops a projection at its checkpoint, or lets it go on. False if there is no such projection yet.
pub async fn set_paused(db: &PgPool, projection: &str, paused: bool) -> Result<bool, sqlx::Error> {
    let updated = sqlx::query(
        "insert into read.checkpoint (projection, stream, position, recorded_at, paused) values ($1, '', 0, 'epoch', $2)
         on conflict (projection) do update set paused = excluded.paused, updated_at = now()",
    )
    .bind(projection)
    .bind(paused)
    .execute(db)
    .await?;
    Ok(updated.rows_affected() == 1)
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

/// Moves the checkpoint if it still stands where this worker left it, and announces it when that is committed. False:
/// another worker has moved it, and this transaction must not commit. One statement, because every projection needs it
/// for every transaction; by itself it is a transaction.
pub(crate) async fn advance(
    connection: impl PgExecutor<'_>,
    from: &Checkpoint,
    to: &Checkpoint,
) -> Result<bool, sqlx::Error> {
    let moved = sqlx::query(
        "with moved as (
            insert into read.checkpoint as standing (projection, stream, position, commit_hash, recorded_at)
            values ($1, $2, $3, $4, $5)
            on conflict (projection) do update
               set stream = excluded.stream, position = excluded.position, commit_hash = excluded.commit_hash,
                   recorded_at = excluded.recorded_at, updated_at = now()
             where standing.position = $6 and not standing.paused
            returning 1)
         select pg_notify($7, $8) from moved",
    )
    .bind(&to.projection)
    .bind(&to.stream)
    .bind(bigint(to.position))
    .bind(to.commit_hash.map(|hash| hash.to_vec()))
    .bind(timestamptz(to.recorded_at))
    .bind(bigint(from.position))
    .bind(progress::CHANNEL)
    .bind(progress::announcement(&to.projection, AsOf { position: to.position, time: to.recorded_at }))
    .fetch_optional(connection)
    .await?;
    Ok(moved.is_some())
}
