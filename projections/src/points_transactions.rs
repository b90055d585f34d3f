//! `points_transactions`: the ledger, one line per reason for which a balance changed. The lines of an account add up to
//! its balance.

mod bulk;
mod line;
mod query;

use std::sync::Arc;

use aggregates::{Context, points::PointsEvent};
use journal::{Positioned, SubjectId};
use sqlx::PgConnection;
use uuid::Uuid;

use crate::{
    erasure,
    generation::bulk::Bulk,
    projection::{Projection, ProjectionError, Tables, events_of},
    sql::{bigint, timestamptz},
};

pub use line::{Line, LineKind, Reference, lines_of};
pub use query::{LedgerLine, LedgerPlace, Page, all_after, list};

pub struct PointsTransactions;

const TABLE: &str = "read.points_transactions";

impl PointsTransactions {
    pub const NAME: &'static str = "points_transactions";
}

impl Projection for PointsTransactions {
    const NAME: &'static str = PointsTransactions::NAME;
    const CONTEXTS: &'static [Context] = &[Context::Points, Context::Merchant];
    const TABLES: Tables = Tables::Own(&[TABLE]);

    async fn apply(&self, transaction: &mut PgConnection, batch: &[Arc<Positioned>]) -> Result<(), ProjectionError> {
        let (mut rows, mut fenced) = (Vec::new(), Vec::new());
        for commit in batch {
            let (Context::Points, SubjectId::Uuid(customer)) = (commit.subject.context, commit.subject.id) else {
                continue;
            };
            let events: Vec<PointsEvent> = events_of(commit)?;
            if events.iter().any(|event| matches!(event, PointsEvent::AccountFenced(_))) {
                fenced.push((commit.subject.merchant, customer));
            }
            let lines = events.iter().flat_map(|event| lines_of(event, commit.commit.recorded_at));
            rows.extend(lines.enumerate().map(|(index, line)| LedgerRow { commit, customer, index, line }));
        }
        insert(transaction, &rows).await?;
        erasure::scrub_fenced(transaction, TABLE, fenced).await?;
        erasure::forget_merchants_of(transaction, &[TABLE], batch).await
    }

    fn bulk(&self) -> Option<Box<dyn Bulk>> {
        Some(Box::<bulk::Lines>::default())
    }
}

/// A line with its place in the log.
pub(crate) struct LedgerRow<'a> {
    pub commit: &'a Positioned,
    pub customer: Uuid,
    pub index: usize,
    pub line: Line,
}

impl LedgerRow<'_> {
    /// The same line has the same id after every rebuild: the commit's own random id, with the line's number in it.
    pub fn id(&self) -> Uuid {
        let number = u128::try_from(self.index).unwrap_or(u128::MAX);
        Uuid::from_u128(self.commit.commit.commit_id.0.as_u128() ^ (number & 0xffff))
    }

    pub fn number(&self) -> i16 {
        i16::try_from(self.index).unwrap_or(i16::MAX)
    }
}

async fn insert(transaction: &mut PgConnection, rows: &[LedgerRow<'_>]) -> Result<(), ProjectionError> {
    macro_rules! column {
        ($row:ident => $value:expr) => {
            rows.iter().map(|$row| $value).collect::<Vec<_>>()
        };
    }
    sqlx::query(
        "insert into points_transactions
            (merchant, customer, recorded_at, position, line, id, type, points, occurred_at, available_at,
             reference_kind, reference_id, reference, reason)
         select * from unnest($1::uuid[], $2::uuid[], $3::timestamptz[], $4::bigint[], $5::smallint[], $6::uuid[],
             $7::text[], $8::bigint[], $9::timestamptz[], $10::timestamptz[], $11::text[], $12::uuid[], $13::bytea[],
             $14::bytea[])",
    )
    .bind(column!(row => row.commit.subject.merchant.0))
    .bind(column!(row => row.customer))
    .bind(column!(row => timestamptz(row.commit.commit.recorded_at)))
    .bind(column!(row => bigint(row.commit.position)))
    .bind(column!(row => row.number()))
    .bind(column!(row => row.id()))
    .bind(column!(row => row.line.kind.as_str()))
    .bind(column!(row => row.line.points))
    .bind(column!(row => timestamptz(row.line.occurred_at)))
    .bind(column!(row => row.line.available_at.map(timestamptz)))
    .bind(column!(row => row.line.reference.kind()))
    .bind(column!(row => row.line.reference.id()))
    .bind(column!(row => row.line.reference.sealed().map(<[u8]>::to_vec)))
    .bind(column!(row => row.line.reason.as_ref().map(|reason| reason.ciphertext().to_vec())))
    .execute(transaction)
    .await?;
    Ok(())
}
