//! One pass: what is old enough goes, in every generation that workers feed, in pieces.

use aggregates::time::Timestamp;
use sqlx::{AssertSqlSafe, Connection, PgConnection, PgPool};

use super::{
    Retention,
    tables::{Manner, Table},
};
use crate::{
    generation::{LIVE_SCHEMA, tables::complete_spares, writer},
    sql::timestamptz,
};

/// Rows, or customers, of one transaction: nobody waits long for their locks.
const PIECE: i64 = 10_000;
/// What the lock is called of which there is one for all workers.
const LOCK: &str = "retention";

/// What a pass has let go of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LetGo {
    /// Without schema.
    pub table: &'static str,
    /// In all generations together.
    pub rows: u64,
}

/// Lets go of everything that is old enough at `now`, which is real time. Does nothing while another worker does it. It may
/// be cut short anywhere, and the next one goes on.
///
/// # Errors
/// Those of the database.
pub async fn pass(db: &PgPool, retention: &Retention, now: Timestamp) -> Result<Vec<LetGo>, sqlx::Error> {
    let mut connection = writer::connect(db).await?;
    if !writer::try_lock(&mut connection, LOCK, 0).await? {
        return Ok(Vec::new());
    }
    let spares = complete_spares(&mut connection).await?;
    let mut gone = Vec::new();
    for (table, from) in retention.horizons(now) {
        let from = announce(&mut connection, table, from).await?;
        let places = spares.iter().filter(|(_, name)| name == table.name).map(|(schema, _)| schema.as_str());
        let mut rows = 0;
        for schema in std::iter::once(LIVE_SCHEMA).chain(places) {
            rows += let_go(&mut connection, table, &format!("{schema}.{}", table.name), from).await?;
        }
        gone.push(LetGo { table: table.name, rows });
    }
    Ok(gone)
}

/// Before the first row goes, readers are told from when on there are all. That never moves back: rows that are gone are gone.
async fn announce(db: &mut PgConnection, table: &Table, from: Timestamp) -> Result<Timestamp, sqlx::Error> {
    let kept: chrono::DateTime<chrono::Utc> = sqlx::query_scalar(
        "insert into read.retention as known (table_name, kept_from) values ($1, $2)
         on conflict (table_name) do update set kept_from = greatest(known.kept_from, excluded.kept_from)
         returning kept_from",
    )
    .bind(table.name)
    .bind(timestamptz(from))
    .fetch_one(db)
    .await?;
    Ok(crate::sql::timestamp(kept))
}

async fn let_go(db: &mut PgConnection, table: &Table, place: &str, from: Timestamp) -> Result<u64, sqlx::Error> {
    let mut gone = 0;
    loop {
        let (looked_at, rows) = match table.manner {
            Manner::Rows { key } => rows(db, (place, key, table.older), from).await?,
            Manner::DaysOfMonths => {
                let older = format!(
                    "{} and day < (select date_trunc('month', max(newest.day))::date from {place} newest
                                    where newest.merchant = row.merchant)",
                    table.older
                );
                rows(db, (place, "merchant, day", &older), from).await?
            }
            Manner::FoldedByCustomer => fold(db, (place, table.older), from).await?,
        };
        gone += rows;
        if looked_at < u64::try_from(PIECE).unwrap_or(u64::MAX) {
            return Ok(gone);
        }
    }
}

/// How many were found, and how many went.
type Piece = (u64, u64);

async fn rows(
    db: &mut PgConnection,
    (place, key, older): (&str, &str, &str),
    from: Timestamp,
) -> Result<Piece, sqlx::Error> {
    let statement =
        format!("delete from {place} where ({key}) in (select {key} from {place} as row where {older} limit $2)");
    let gone = sqlx::query(AssertSqlSafe(statement)).bind(timestamptz(from)).bind(PIECE).execute(db).await?;
    Ok((gone.rows_affected(), gone.rows_affected()))
}

/// Both changes of a customer's history in one transaction: in between, counts would be wrong.
async fn fold(db: &mut PgConnection, (place, older): (&str, &str), from: Timestamp) -> Result<Piece, sqlx::Error> {
    let mut transaction = db.begin().await?;
    let statement = format!(
        "select merchant, customer from {place} where {older}
          group by merchant, customer having count(*) > 1 or bool_or(from_segment <> 'prospect') limit $2"
    );
    let people: Vec<(uuid::Uuid, uuid::Uuid)> = sqlx::query_as(AssertSqlSafe(statement))
        .bind(timestamptz(from))
        .bind(PIECE)
        .fetch_all(&mut *transaction)
        .await?;
    let looked_at = people.len() as u64;
    let (merchants, customers): (Vec<_>, Vec<_>) = people.into_iter().unzip();
    let statement = format!(
        "delete from {place} as row using unnest($2::uuid[], $3::uuid[]) as of_them (merchant, customer)
          where row.merchant = of_them.merchant and row.customer = of_them.customer and {older}
            and exists (select from {place} as later
                         where later.merchant = row.merchant and later.customer = row.customer
                           and (later.recorded_at, later.position) > (row.recorded_at, row.position)
                           and later.recorded_at < $1)",
        older = older.replace("recorded_at", "row.recorded_at"),
    );
    let gone = sqlx::query(AssertSqlSafe(statement)).bind(timestamptz(from)).bind(&merchants).bind(&customers);
    let gone = gone.execute(&mut *transaction).await?.rows_affected();
    let statement = format!(
        "update {place} as row set from_segment = 'prospect'
           from unnest($2::uuid[], $3::uuid[]) as of_them (merchant, customer)
          where row.merchant = of_them.merchant and row.customer = of_them.customer and {older}",
        older = older.replace("recorded_at", "row.recorded_at"),
    );
    let first = sqlx::query(AssertSqlSafe(statement)).bind(timestamptz(from)).bind(&merchants).bind(&customers);
    first.execute(&mut *transaction).await?;
    transaction.commit().await?;
    Ok((looked_at, gone))
}
