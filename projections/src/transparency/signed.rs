//! What was signed: every checkpoint that ever left the house.

use aggregates::time::Timestamp;
use chrono::{DateTime, Utc};
use proofs::Checkpoint;
use sqlx::{PgExecutor, Row, postgres::PgRow};

use super::TreeId;
use crate::sql::{bigint, position, timestamp, timestamptz};

/// A checkpoint as it was given out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignedCheckpoint {
    pub tree: TreeId,
    pub origin: String,
    pub size: u64,
    /// The signed note. What it says counts, not the columns beside it.
    pub note: String,
    /// Which leaf of the top log it is; none for the top log's own.
    pub entry: Option<u64>,
    pub signed_at: Timestamp,
}

/// The newest of a tree.
pub async fn latest(
    db: impl PgExecutor<'_>,
    tree: TreeId,
    origin: &str,
) -> Result<Option<SignedCheckpoint>, sqlx::Error> {
    let row = sqlx::query("select * from proof.checkpoint where tree = $1 and origin = $2 order by size desc limit 1")
        .bind(tree.0)
        .bind(origin)
        .fetch_optional(db)
        .await?;
    row.as_ref().map(from_row).transpose()
}

/// All of a tree in one epoch, the smallest first, of a size above `after`, at most so many.
pub async fn list(
    db: impl PgExecutor<'_>,
    tree: TreeId,
    origin: &str,
    after: u64,
    limit: i64,
) -> Result<Vec<SignedCheckpoint>, sqlx::Error> {
    let rows = sqlx::query(
        "select * from proof.checkpoint where tree = $1 and origin = $2 and size > $3 order by size limit $4",
    )
    .bind(tree.0)
    .bind(origin)
    .bind(bigint(after))
    .bind(limit)
    .fetch_all(db)
    .await?;
    rows.iter().map(from_row).collect()
}

/// The sizes at which a tree was signed in one epoch.
pub async fn sizes(db: impl PgExecutor<'_>, tree: TreeId, origin: &str) -> Result<Vec<u64>, sqlx::Error> {
    let sizes: Vec<i64> = sqlx::query_scalar("select size from proof.checkpoint where tree = $1 and origin = $2")
        .bind(tree.0)
        .bind(origin)
        .fetch_all(db)
        .await?;
    Ok(sizes.into_iter().map(position).collect())
}

/// What became leaves of the top log, from this leaf on, in their order, at most so many.
pub async fn entries(db: impl PgExecutor<'_>, from: u64, limit: i64) -> Result<Vec<SignedCheckpoint>, sqlx::Error> {
    let rows = sqlx::query("select * from proof.checkpoint where entry >= $1 order by entry limit $2")
        .bind(bigint(from))
        .bind(limit)
        .fetch_all(db)
        .await?;
    rows.iter().map(from_row).collect()
}

/// Remembers one.
pub(super) async fn insert(
    db: impl PgExecutor<'_>,
    tree: TreeId,
    checkpoint: &Checkpoint,
    note: &str,
    entry: Option<u64>,
    signed_at: Timestamp,
) -> Result<(), sqlx::Error> {
    let inserted = sqlx::query(
        "insert into proof.checkpoint (tree, origin, size, note, entry, signed_at) values ($1, $2, $3, $4, $5, $6)",
    )
    .bind(tree.0)
    .bind(&checkpoint.origin)
    .bind(bigint(checkpoint.size))
    .bind(note)
    .bind(entry.map(bigint))
    .bind(timestamptz(signed_at));
    inserted.execute(db).await.map(drop)
}

fn from_row(row: &PgRow) -> Result<SignedCheckpoint, sqlx::Error> {
    Ok(SignedCheckpoint {
        tree: TreeId(row.try_get("tree")?),
        origin: row.try_get("origin")?,
        size: position(row.try_get("size")?),
        note: row.try_get("note")?,
        entry: row.try_get::<Option<i64>, _>("entry")?.map(position),
        signed_at: timestamp(row.try_get::<DateTime<Utc>, _>("signed_at")?),
    })
}
