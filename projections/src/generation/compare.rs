//! Whether another generation says the same as the one that is read, row by row, at one position of the log.
//!
//! Each side is read in one snapshot, in the order of its keys, with a digest of each row: neither the database nor we hold
//! a table, and nothing that is sealed leaves the database.

use std::{cmp::Ordering, time::Duration};

use futures::{StreamExt, stream::BoxStream};
use sqlx::{AssertSqlSafe, PgConnection, PgPool, Row, postgres::PgRow};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::{
    LIVE_SCHEMA, Stage,
    fill::{FillError, Filled, Filler, Share, own_tables},
    spare_schema,
    switch::{SwitchError, drop_generation},
    tables::bare,
};
use crate::{checkpoint, read_model::ReadModel, retention};
use journal::Journal;

/// Times that a difference is looked at. Forgetting somebody empties rows ahead of the log: for a moment that looks like one.
const LOOKS: u32 = 3;

/// How long the live one may take to come to where another making is already.
const LIVE_PATIENCE: Duration = Duration::from_secs(60);
const LIVE_LOOK: Duration = Duration::from_millis(100);

/// What the comparison of one table has found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Compared {
    /// As readers name it.
    pub table: String,
    /// Rows of the live one.
    pub rows: u64,
    /// Rows that are only in one of them, or differ.
    pub differing: u64,
    /// The first of these.
    pub first: Option<Differing>,
}

/// A row that is not the same in both.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Differing {
    /// The values of its key, with slashes between.
    pub key: String,
    pub how: How,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum How {
    /// The log tells of it, and it is not there.
    Missing,
    /// It is there, and the log does not tell of it.
    Invented,
    /// These columns say something else.
    Columns(Vec<String>),
}

/// What a read model was found to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    /// Where both stood.
    pub position: u64,
    pub tables: Vec<Compared>,
}

impl Report {
    pub fn is_clean(&self) -> bool {
        self.tables.iter().all(|table| table.differing == 0)
    }
}

/// Makes a generation anew beside the live one, compares, and drops it.
///
/// # Errors
/// [`FillError`]; the generation is dropped by the next call if it could not be now.
pub async fn verify(
    model: &dyn ReadModel,
    journal: &Journal,
    pool: &PgPool,
    (share, stop): (Share, CancellationToken),
    tell: &mut (dyn FnMut(Filled) + Send),
) -> Result<Report, FillError> {
    let mut filler = Filler::begin(model, journal, pool, Stage::Verifying, (share, stop)).await?;
    let number = filler.generation();
    let report = look_twice(&mut filler, model, pool, tell).await;
    drop(filler);
    match (drop_generation(pool, model.name(), number).await, report) {
        (Err(error), Ok(_)) => Err(error.into()),
        (_, report) => report,
    }
}

async fn look_twice(
    filler: &mut Filler<'_>,
    model: &dyn ReadModel,
    pool: &PgPool,
    tell: &mut (dyn FnMut(Filled) + Send),
) -> Result<Report, FillError> {
    let mut report = look(filler, model, pool, tell).await?;
    for _ in 1..LOOKS {
        if report.is_clean() {
            break;
        }
        report = look(filler, model, pool, tell).await?;
    }
    Ok(report)
}

/// Compares, unless the one that is filled is ahead of the live one: then nothing is known.
///
/// # Errors
/// [`FillError`]
pub async fn look_if_not_ahead(
    filler: &mut Filler<'_>,
    model: &dyn ReadModel,
    pool: &PgPool,
    tell: &mut (dyn FnMut(Filled) + Send),
) -> Result<Option<Report>, FillError> {
    if live_position(&mut *pool.acquire().await?, model.name()).await? < filler.position() {
        return Ok(None);
    }
    look(filler, model, pool, tell).await.map(Some)
}

/// Fills up to where the live one stands and compares there.
async fn look(
    filler: &mut Filler<'_>,
    model: &dyn ReadModel,
    pool: &PgPool,
    tell: &mut (dyn FnMut(Filled) + Send),
) -> Result<Report, FillError> {
    // Most of it without a snapshot: while one is held, the database cannot tidy up.
    let stands = live_position(&mut *pool.acquire().await?, model.name()).await?;
    filler.fill(stands, tell).await?;
    let (mut live, position) = not_behind(filler, model, pool).await?;
    filler.fill(position, tell).await?;
    let mut other = snapshot(pool).await?;
    let schema = spare_schema(model.name(), filler.generation());
    let mut report = Report { position, tables: Vec::new() };
    for table in own_tables(model)? {
        report.tables.push(compare_table(&mut live, &mut other, &schema, bare(table)).await?);
    }
    Ok(report)
}

/// A snapshot of the live one, and where it stands: if another making was further before, it is waited for.
async fn not_behind(
    filler: &Filler<'_>,
    model: &dyn ReadModel,
    pool: &PgPool,
) -> Result<(sqlx::Transaction<'static, sqlx::Postgres>, u64), FillError> {
    let deadline = Instant::now() + LIVE_PATIENCE;
    loop {
        let mut live = snapshot(pool).await?;
        let position = live_position(&mut live, model.name()).await?;
        if position >= filler.position() {
            return Ok((live, position));
        }
        if Instant::now() >= deadline {
            return Err(FillError::LiveBehind { at: filler.position(), live_at: position });
        }
        drop(live);
        tokio::time::sleep(LIVE_LOOK).await;
    }
}

async fn live_position(db: &mut PgConnection, projection: &str) -> Result<u64, FillError> {
    let generations = checkpoint::generations_of(db, projection).await?;
    let live = generations.iter().find(|found| found.generation.live);
    Ok(live.ok_or(FillError::Switch(SwitchError::Unknown(1)))?.position)
}

async fn snapshot(pool: &PgPool) -> Result<sqlx::Transaction<'static, sqlx::Postgres>, sqlx::Error> {
    let mut transaction = pool.begin().await?;
    sqlx::raw_sql("set transaction isolation level repeatable read, read only").execute(&mut *transaction).await?;
    Ok(transaction)
}

async fn compare_table(
    live: &mut PgConnection,
    other: &mut PgConnection,
    schema: &str,
    table: &str,
) -> Result<Compared, FillError> {
    let key = key_of(live, table).await?;
    // What is older may be gone from one of them already, and is there in the other.
    let kept = retention::kept_condition(live, table).await?.unwrap_or_else(|| "true".to_owned());
    let mut compared = Compared { table: format!("{LIVE_SCHEMA}.{table}"), rows: 0, differing: 0, first: None };
    {
        let here = digests(&mut *live, (LIVE_SCHEMA, table), &key, &kept);
        let there = digests(&mut *other, (schema, table), &key, &kept);
        merge(here, there, &mut compared).await?;
    }
    if let Some(Differing { key: value, how: How::Columns(columns) }) = &mut compared.first {
        let here = columns_of(live, LIVE_SCHEMA, table, &key, value).await?;
        let there = columns_of(other, schema, table, &key, value).await?;
        let differs = here.iter().filter(|(name, digest)| !there.contains(&(name.clone(), digest.clone())));
        *columns = differs.map(|(name, _)| name.clone()).collect();
    }
    Ok(compared)
}

/// The columns of a table's key as one text.
async fn key_of(db: &mut PgConnection, table: &str) -> Result<String, sqlx::Error> {
    let columns: String = sqlx::query_scalar(
        "select string_agg(format('%I::text', attname), ', ' order by array_position(indkey::int2[], attnum))
           from pg_index join pg_attribute on attrelid = indrelid and attnum = any(indkey)
          where indrelid = $1::regclass and indisprimary",
    )
    .bind(format!("{LIVE_SCHEMA}.{table}"))
    .fetch_one(db)
    .await?;
    Ok(format!("concat_ws('/', {columns}) collate \"C\""))
}

/// Key and digest of each row, in the order of the keys' bytes.
type Digests<'a> = BoxStream<'a, Result<(String, String), sqlx::Error>>;

fn digests<'a>(db: &'a mut PgConnection, (schema, table): (&str, &str), key: &str, kept: &str) -> Digests<'a> {
    let statement =
        format!("select {key} as key, md5(t::text) as digest from {schema}.{table} t where {kept} order by 1");
    let row = |row: PgRow| Ok((row.try_get("key")?, row.try_get("digest")?));
    Box::pin(sqlx::query(AssertSqlSafe(statement)).fetch(db).map(move |found| found.and_then(row)))
}

async fn merge(mut here: Digests<'_>, mut there: Digests<'_>, compared: &mut Compared) -> Result<(), sqlx::Error> {
    let (mut live, mut other) = (here.next().await.transpose()?, there.next().await.transpose()?);
    loop {
        let order = match (&live, &other) {
            (None, None) => return Ok(()),
            (Some(_), None) => Ordering::Less,
            (None, Some(_)) => Ordering::Greater,
            (Some((live, _)), Some((other, _))) => live.cmp(other),
        };
        let differing = match order {
            Ordering::Less => live.as_ref().map(|(key, _)| (key, How::Invented)),
            Ordering::Greater => other.as_ref().map(|(key, _)| (key, How::Missing)),
            Ordering::Equal => live.as_ref().filter(|_| live != other).map(|(key, _)| (key, How::Columns(Vec::new()))),
        };
        if let Some((key, how)) = differing {
            compared.differing += 1;
            compared.first.get_or_insert_with(|| Differing { key: key.clone(), how });
        }
        if order != Ordering::Greater {
            compared.rows += 1;
            live = here.next().await.transpose()?;
        }
        if order != Ordering::Less {
            other = there.next().await.transpose()?;
        }
    }
}

/// Each column of one row, with a digest of what it says.
async fn columns_of(
    db: &mut PgConnection,
    schema: &str,
    table: &str,
    key: &str,
    value: &str,
) -> Result<Vec<(String, String)>, sqlx::Error> {
    let statement = format!(
        "select f.key, md5(f.value::text) as digest from {schema}.{table} t, jsonb_each(to_jsonb(t)) f where {key} = $1"
    );
    sqlx::query_as(AssertSqlSafe(statement)).bind(value).fetch_all(db).await
}
