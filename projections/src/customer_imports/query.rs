//! Reading imports and the rows they turned away.

use aggregates::{
    id::{ImportId, MerchantId},
    import::Counts,
    time::Timestamp,
};
use chrono::{DateTime, Utc};
use sqlx::{PgPool, Row, postgres::PgRow};
use uuid::Uuid;

use crate::sql::{bigint, position, timestamp, timestamptz};

/// An import as the read model has it.
#[derive(Debug, Clone)]
pub struct ImportRow {
    pub merchant: MerchantId,
    pub id: ImportId,
    /// The shard of the journal that tells its story.
    pub shard: u8,
    pub source: String,
    pub dry_run: bool,
    pub existing: String,
    /// Of the whole file.
    pub rows: u64,
    pub counts: Counts,
    pub opened_at: Timestamp,
    pub finished_at: Option<Timestamp>,
    pub position: u64,
}

/// A row that was turned away.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RejectionRow {
    pub line: u64,
    pub column: String,
    pub reason: String,
}

/// Imports of a merchant, newest first, at most `limit`, handed in before the one given.
pub async fn list(
    db: &PgPool,
    merchant: MerchantId,
    before: Option<(Timestamp, ImportId)>,
    limit: i64,
) -> Result<Vec<ImportRow>, sqlx::Error> {
    let (opened_at, import) = before.unwrap_or((Timestamp(i64::MAX), ImportId(Uuid::max())));
    let rows = sqlx::query(
        "select * from read.customer_import_logs where merchant = $1 and (opened_at, import) < ($2, $3)
          order by opened_at desc, import desc limit $4",
    )
    .bind(merchant.0)
    .bind(timestamptz(opened_at))
    .bind(import.0)
    .bind(limit)
    .fetch_all(db)
    .await?;
    rows.iter().map(from_row).collect()
}

pub async fn find(db: &PgPool, merchant: MerchantId, import: ImportId) -> Result<Option<ImportRow>, sqlx::Error> {
    let row = sqlx::query("select * from read.customer_import_logs where merchant = $1 and import = $2")
        .bind(merchant.0)
        .bind(import.0)
        .fetch_optional(db)
        .await?;
    row.as_ref().map(from_row).transpose()
}

/// The work list: imports that are not finished, oldest first, of one merchant or of all.
pub async fn unfinished(db: &PgPool, merchant: Option<MerchantId>, limit: i64) -> Result<Vec<ImportRow>, sqlx::Error> {
    let rows = sqlx::query(
        "select * from read.customer_import_logs
          where finished_at is null and ($1::uuid is null or merchant = $1) order by opened_at limit $2",
    )
    .bind(merchant.map(|merchant| merchant.0))
    .bind(limit)
    .fetch_all(db)
    .await?;
    rows.iter().map(from_row).collect()
}

/// Rows that were turned away, in the order of the file, at most `limit`, after the line given.
pub async fn rejections(
    db: &PgPool,
    merchant: MerchantId,
    import: ImportId,
    after: u64,
    limit: i64,
) -> Result<Vec<RejectionRow>, sqlx::Error> {
    let rows = sqlx::query(
        r#"select line, "column", reason from read.customer_import_rejections
            where merchant = $1 and import = $2 and line > $3 order by line limit $4"#,
    )
    .bind(merchant.0)
    .bind(import.0)
    .bind(bigint(after))
    .bind(limit)
    .fetch_all(db)
    .await?;
    let row = |row: &PgRow| {
        Ok(RejectionRow {
            line: position(row.try_get("line")?),
            column: row.try_get("column")?,
            reason: row.try_get("reason")?,
        })
    };
    rows.iter().map(row).collect()
}

fn from_row(row: &PgRow) -> Result<ImportRow, sqlx::Error> {
    let count = |column: &str| row.try_get::<i64, _>(column).map(position);
    Ok(ImportRow {
        merchant: MerchantId(row.try_get("merchant")?),
        id: ImportId(row.try_get("import")?),
        shard: u8::try_from(row.try_get::<i16, _>("shard")?).unwrap_or(0),
        source: row.try_get("source")?,
        dry_run: row.try_get("dry_run")?,
        existing: row.try_get("existing")?,
        rows: count("rows")?,
        counts: Counts {
            created: count("created")?,
            updated: count("updated")?,
            unchanged: count("unchanged")?,
            rejected: count("rejected")?,
            lots: count("lots")?,
            points: row.try_get("points")?,
        },
        opened_at: timestamp(row.try_get::<DateTime<Utc>, _>("opened_at")?),
        finished_at: row.try_get::<Option<DateTime<Utc>>, _>("finished_at")?.map(timestamp),
        position: count("position")?,
    })
}
