//! `customer_import_logs`: files of customers that were handed in, how far each is, and the rows that were turned away. The
//! imports that are not finished are a work list: whoever carries imports out looks here.

mod query;

use std::sync::Arc;

use aggregates::{
    Context,
    import::{Counts, ImportEvent, ImportOpened, PieceTaken},
};
use journal::{Positioned, SubjectId};
use sqlx::PgConnection;

use crate::{
    erasure,
    projection::{Projection, ProjectionError, Tables, events_of},
    sql::{bigint, timestamptz},
};

pub use query::{ImportRow, RejectionRow, find, list, rejections, unfinished};

pub struct CustomerImports;

const TABLES: [&str; 2] = ["read.customer_import_logs", "read.customer_import_rejections"];

impl CustomerImports {
    pub const NAME: &'static str = "customer_imports";
}

impl Projection for CustomerImports {
    const NAME: &'static str = CustomerImports::NAME;
    const CONTEXTS: &'static [Context] = &[Context::Import, Context::Merchant];
    const TABLES: Tables = Tables::Own(&TABLES);

    async fn apply(&self, transaction: &mut PgConnection, batch: &[Arc<Positioned>]) -> Result<(), ProjectionError> {
        for commit in batch.iter().filter(|commit| commit.subject.context == Context::Import) {
            for event in events_of::<ImportEvent>(commit)? {
                match event {
                    ImportEvent::Opened(opened) => open(transaction, commit, &opened).await?,
                    ImportEvent::PieceTaken(taken) => {
                        count(transaction, commit, &taken).await?;
                        reject(transaction, commit, &taken).await?;
                    }
                    ImportEvent::Finished(ended) | ImportEvent::Abandoned(ended) => {
                        sqlx::query(
                            "update customer_import_logs set finished_at = $3, position = $4
                              where merchant = $1 and import = $2",
                        )
                        .bind(commit.subject.merchant.0)
                        .bind(ended.import.0)
                        .bind(timestamptz(ended.at))
                        .bind(bigint(commit.position))
                        .execute(&mut *transaction)
                        .await?;
                    }
                }
            }
        }
        erasure::forget_merchants_of(transaction, &TABLES, batch).await
    }
}

async fn open(
    transaction: &mut PgConnection,
    commit: &Positioned,
    opened: &ImportOpened,
) -> Result<(), ProjectionError> {
    sqlx::query(
        "insert into customer_import_logs
             (merchant, import, upload, shard, source, dry_run, existing, rows, pieces, opened_at, position)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)",
    )
    .bind(commit.subject.merchant.0)
    .bind(opened.import.0)
    .bind(opened.upload)
    .bind(shard_of(commit))
    .bind(opened.source.as_str())
    .bind(opened.dry_run)
    .bind(opened.existing.as_str())
    .bind(bigint(opened.rows))
    .bind(i32::try_from(opened.pieces).unwrap_or(i32::MAX))
    .bind(timestamptz(opened.at))
    .bind(bigint(commit.position))
    .execute(transaction)
    .await?;
    Ok(())
}

fn shard_of(commit: &Positioned) -> i16 {
    match commit.subject.id {
        SubjectId::Shard(shard) => i16::from(shard),
        SubjectId::Uuid(_) | SubjectId::Main => 0,
    }
}

async fn count(transaction: &mut PgConnection, commit: &Positioned, taken: &PieceTaken) -> Result<(), ProjectionError> {
    let Counts { created, updated, unchanged, rejected, lots, points } = taken.counts;
    sqlx::query(
        "update customer_import_logs
            set next_piece = $3, created = created + $4, updated = updated + $5, unchanged = unchanged + $6,
                rejected = rejected + $7, lots = lots + $8, points = points + $9, position = $10
          where merchant = $1 and import = $2",
    )
    .bind(commit.subject.merchant.0)
    .bind(taken.import.0)
    .bind(i32::try_from(taken.piece + 1).unwrap_or(i32::MAX))
    .bind(bigint(created))
    .bind(bigint(updated))
    .bind(bigint(unchanged))
    .bind(bigint(rejected))
    .bind(bigint(lots))
    .bind(points)
    .bind(bigint(commit.position))
    .execute(transaction)
    .await?;
    Ok(())
}

async fn reject(
    transaction: &mut PgConnection,
    commit: &Positioned,
    taken: &PieceTaken,
) -> Result<(), ProjectionError> {
    let rejections = &taken.rejections;
    sqlx::query(
        r#"insert into customer_import_rejections (merchant, import, line, "column", reason)
           select $1, $2, line, "column", reason
             from unnest($3::bigint[], $4::text[], $5::text[]) as turned_away (line, "column", reason)
           on conflict do nothing"#,
    )
    .bind(commit.subject.merchant.0)
    .bind(taken.import.0)
    .bind(rejections.iter().map(|rejection| bigint(rejection.line)).collect::<Vec<_>>())
    .bind(rejections.iter().map(|rejection| rejection.column.as_str()).collect::<Vec<_>>())
    .bind(rejections.iter().map(|rejection| rejection.reason.as_str()).collect::<Vec<_>>())
    .execute(transaction)
    .await?;
    Ok(())
}
