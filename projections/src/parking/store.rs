//! How far each parked aggregate was taken in, by generation, in a table that changes with the rows it is about.

use std::collections::BTreeMap;

use aggregates::{id::MerchantId, time::Timestamp};
use chrono::{DateTime, Utc};
use journal::{Subject, SubjectId};
use sqlx::{PgConnection, PgExecutor, PgPool, Row, postgres::PgRow};
use uuid::Uuid;

use super::sieve::Standstill;
use crate::{
    checkpoint::Checkpoint,
    progress,
    projection::ProjectionError,
    sql::{bigint, position, timestamp},
};

const TABLE: &str = "read.parked_aggregates";

/// An aggregate that a generation goes on without.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ParkedAggregate {
    pub projection: String,
    pub generation: i32,
    pub live: bool,
    pub subject: String,
    pub merchant: MerchantId,
    /// Its own id, if it has one.
    pub aggregate: Option<Uuid>,
    /// The first commit that was not taken in.
    pub since: u64,
    /// The commit that cannot be read.
    pub cause: u64,
    pub parked_at: Timestamp,
}

/// Of every generation, or only of those that are read.
///
/// # Errors
/// Those of the database.
pub async fn list(db: impl PgExecutor<'_>, only_live: bool) -> Result<Vec<ParkedAggregate>, sqlx::Error> {
    let rows = sqlx::query(
        "select parked.*, standing.live from read.parked_aggregates parked
           join read.checkpoint standing using (projection, generation)
          where standing.live or not $1 order by projection, generation, since, subject",
    );
    rows.bind(only_live).fetch_all(db).await?.iter().map(from_row).collect()
}

fn from_row(row: &PgRow) -> Result<ParkedAggregate, sqlx::Error> {
    Ok(ParkedAggregate {
        projection: row.try_get("projection")?,
        generation: row.try_get("generation")?,
        live: row.try_get("live")?,
        subject: row.try_get("subject")?,
        merchant: MerchantId(row.try_get("merchant")?),
        aggregate: row.try_get("aggregate")?,
        since: position(row.try_get("since")?),
        cause: position(row.try_get("cause")?),
        parked_at: timestamp(row.try_get::<DateTime<Utc>, _>("parked_at")?),
    })
}

pub(crate) async fn load(
    db: impl PgExecutor<'_>,
    standing: &Checkpoint,
) -> Result<BTreeMap<Subject, Standstill>, ProjectionError> {
    let rows: Vec<(String, i64, i64)> = sqlx::query_as(
        "select subject, since, cause from read.parked_aggregates where projection = $1 and generation = $2",
    )
    .bind(&standing.projection)
    .bind(standing.generation.number)
    .fetch_all(db)
    .await?;
    rows.into_iter()
        .map(|(subject, since, cause)| {
            let subject = subject.parse().map_err(|_| ProjectionError::BadRow(TABLE))?;
            Ok((subject, Standstill { since: position(since), cause: position(cause) }))
        })
        .collect()
}

/// In the transaction that is the first not to take them in; readers hear of it when it is committed.
pub(crate) async fn insert(
    db: &mut PgConnection,
    standing: &Checkpoint,
    fresh: &[(Subject, Standstill)],
) -> Result<(), sqlx::Error> {
    if fresh.is_empty() {
        return Ok(());
    }
    let own_id = |subject: &Subject| match subject.id {
        SubjectId::Uuid(id) => Some(id),
        SubjectId::Shard(_) | SubjectId::Main => None,
    };
    sqlx::query(
        "insert into read.parked_aggregates (projection, generation, subject, merchant, aggregate, since, cause)
         select $1, $2, * from unnest($3::text[], $4::uuid[], $5::uuid[], $6::bigint[], $7::bigint[])
         on conflict do nothing",
    )
    .bind(&standing.projection)
    .bind(standing.generation.number)
    .bind(fresh.iter().map(|(subject, _)| subject.to_string()).collect::<Vec<_>>())
    .bind(fresh.iter().map(|(subject, _)| subject.merchant.0).collect::<Vec<_>>())
    .bind(fresh.iter().map(|(subject, _)| own_id(subject)).collect::<Vec<_>>())
    .bind(fresh.iter().map(|(_, standstill)| bigint(standstill.since)).collect::<Vec<_>>())
    .bind(fresh.iter().map(|(_, standstill)| bigint(standstill.cause)).collect::<Vec<_>>())
    .execute(&mut *db)
    .await?;
    progress::announce_parked(db).await
}

/// In the transaction that takes in what was held back.
pub(crate) async fn remove(db: &mut PgConnection, standing: &Checkpoint, cause: u64) -> Result<(), sqlx::Error> {
    sqlx::query("delete from read.parked_aggregates where projection = $1 and generation = $2 and cause = $3")
        .bind(&standing.projection)
        .bind(standing.generation.number)
        .bind(bigint(cause))
        .execute(&mut *db)
        .await?;
    progress::announce_parked(db).await
}

/// It is another commit because of which these stand still.
pub(crate) async fn blame(
    db: &mut PgConnection,
    standing: &Checkpoint,
    cause: u64,
    other: u64,
) -> Result<(), sqlx::Error> {
    sqlx::query("update read.parked_aggregates set cause = $4 where projection = $1 and generation = $2 and cause = $3")
        .bind(&standing.projection)
        .bind(standing.generation.number)
        .bind(bigint(cause))
        .bind(bigint(other))
        .execute(db)
        .await
        .map(drop)
}

/// Has workers look again at what was decided.
///
/// # Errors
/// Those of the database.
pub async fn look_again(db: &PgPool, projection: &str) -> Result<(), sqlx::Error> {
    let changed = sqlx::query("update read.checkpoint set decisions = decisions + 1 where projection = $1");
    changed.bind(projection).execute(db).await.map(drop)
}
