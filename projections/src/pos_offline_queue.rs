//! `pos_offline_queue`: each till of a merchant, what it has sent, and how old that was. A till whose newest sale is old is
//! offline, or has nothing to say.

use std::sync::Arc;

use aggregates::{Context, id::MerchantId, pos::PosEvent, time::Timestamp};
use chrono::{DateTime, Utc};
use journal::Positioned;
use sqlx::{PgConnection, PgPool, Row, postgres::PgRow};

use crate::{
    erasure,
    projection::{Projection, ProjectionError, Tables, events_of},
    sql::{bigint, position, timestamp, timestamptz},
};

pub struct PosOfflineQueue;

const TABLE: &str = "read.pos_offline_queue";

impl PosOfflineQueue {
    pub const NAME: &'static str = "pos_offline_queue";
}

impl Projection for PosOfflineQueue {
    const NAME: &'static str = PosOfflineQueue::NAME;
    const CONTEXTS: &'static [Context] = &[Context::Pos, Context::Merchant];
    const TABLES: Tables = Tables::Own(&[TABLE]);

    async fn apply(&self, transaction: &mut PgConnection, batch: &[Arc<Positioned>]) -> Result<(), ProjectionError> {
        for commit in batch.iter().filter(|commit| commit.subject.context == Context::Pos) {
            for event in events_of::<PosEvent>(commit)? {
                let PosEvent::BatchTaken(taken) = event;
                sqlx::query(
                    "insert into pos_offline_queue as q
                         (merchant, terminal, batches, accepted, duplicate, ignored, rejected, last_oldest_sold_at,
                          newest_sold_at, last_batch_at, position)
                     values ($1, $2, 1, $3, $4, $5, $6, $7, $8, $9, $10)
                     on conflict (merchant, terminal) do update
                        set batches = q.batches + 1, accepted = q.accepted + excluded.accepted,
                            duplicate = q.duplicate + excluded.duplicate, ignored = q.ignored + excluded.ignored,
                            rejected = q.rejected + excluded.rejected,
                            last_oldest_sold_at = excluded.last_oldest_sold_at,
                            newest_sold_at = greatest(q.newest_sold_at, excluded.newest_sold_at),
                            last_batch_at = excluded.last_batch_at, position = excluded.position",
                )
                .bind(commit.subject.merchant.0)
                .bind(&taken.terminal)
                .bind(i64::from(taken.accepted))
                .bind(i64::from(taken.duplicate))
                .bind(i64::from(taken.ignored))
                .bind(i64::from(taken.rejected))
                .bind(taken.oldest_sold_at.map(timestamptz))
                .bind(taken.newest_sold_at.map(timestamptz))
                .bind(timestamptz(taken.at))
                .bind(bigint(commit.position))
                .execute(&mut *transaction)
                .await?;
            }
        }
        erasure::forget_merchants_of(transaction, &[TABLE], batch).await
    }
}

/// A till, with everything it has ever sent.
#[derive(Debug, Clone)]
pub struct TerminalRow {
    pub terminal: String,
    pub batches: u64,
    pub accepted: u64,
    pub duplicate: u64,
    pub ignored: u64,
    pub rejected: u64,
    /// Of its last batch.
    pub last_oldest_sold_at: Option<Timestamp>,
    pub newest_sold_at: Option<Timestamp>,
    pub last_batch_at: Timestamp,
    pub position: u64,
}

/// Tills of a merchant by name, at most `limit`, behind the one given.
pub async fn list_after(
    db: &PgPool,
    merchant: MerchantId,
    after: Option<&str>,
    limit: i64,
) -> Result<Vec<TerminalRow>, sqlx::Error> {
    let rows = sqlx::query(
        "select * from read.pos_offline_queue where merchant = $1 and terminal > $2 order by terminal limit $3",
    )
    .bind(merchant.0)
    .bind(after.unwrap_or_default())
    .bind(limit)
    .fetch_all(db)
    .await?;
    rows.iter().map(from_row).collect()
}

fn from_row(row: &PgRow) -> Result<TerminalRow, sqlx::Error> {
    let count = |column: &str| row.try_get::<i64, _>(column).map(position);
    let time = |column: &str| row.try_get::<Option<DateTime<Utc>>, _>(column).map(|time| time.map(timestamp));
    Ok(TerminalRow {
        terminal: row.try_get("terminal")?,
        batches: count("batches")?,
        accepted: count("accepted")?,
        duplicate: count("duplicate")?,
        ignored: count("ignored")?,
        rejected: count("rejected")?,
        last_oldest_sold_at: time("last_oldest_sold_at")?,
        newest_sold_at: time("newest_sold_at")?,
        last_batch_at: timestamp(row.try_get::<DateTime<Utc>, _>("last_batch_at")?),
        position: count("position")?,
    })
}
