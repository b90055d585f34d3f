//! `parked_webhooks`: what could not be understood, and what became of it.

use std::sync::Arc;

use aggregates::{
    Context,
    id::{MerchantId, ParkedId},
    parked::ParkedEvent,
    time::Timestamp,
};
use chrono::{DateTime, Utc};
use journal::{Positioned, SubjectId};
use sqlx::{PgConnection, PgPool, Row};
use uuid::Uuid;

use crate::{
    erasure,
    projection::{Projection, ProjectionError, Tables, events_of},
    sql::{bigint, position, timestamp, timestamptz},
};

pub struct ParkedWebhooks;

const TABLE: &str = "read.parked_webhooks";

impl ParkedWebhooks {
    pub const NAME: &'static str = "parked_webhooks";
}

impl Projection for ParkedWebhooks {
    const NAME: &'static str = ParkedWebhooks::NAME;
    const CONTEXTS: &'static [Context] = &[Context::Parked, Context::Merchant];
    const TABLES: Tables = Tables::Own(&[TABLE]);

    async fn apply(&self, transaction: &mut PgConnection, batch: &[Arc<Positioned>]) -> Result<(), ProjectionError> {
        for commit in batch.iter().filter(|commit| commit.subject.context == Context::Parked) {
            for event in events_of::<ParkedEvent>(commit)? {
                take_in(transaction, commit, &event).await?;
            }
        }
        erasure::forget_merchants_of(transaction, &[TABLE], batch).await
    }
}

async fn take_in(transaction: &mut PgConnection, commit: &Positioned, event: &ParkedEvent) -> Result<(), sqlx::Error> {
    let merchant = commit.subject.merchant.0;
    let change = match event {
        ParkedEvent::Parked(event) => sqlx::query(
            "insert into parked_webhooks (merchant, parked, topic, reason, state, chunks, parked_at, position, shard)
             values ($1, $2, $3, $4, 'open', $5, $6, $7, $8)",
        )
        .bind(merchant)
        .bind(event.id.0)
        .bind(event.topic.clone())
        .bind(event.reason.clone())
        .bind(i32::from(event.chunks))
        .bind(timestamptz(event.at))
        .bind(bigint(commit.position))
        .bind(shard_of(commit)),
        ParkedEvent::Retried(event) => closed(merchant, event.id, "retried"),
        ParkedEvent::Discarded(event) => closed(merchant, event.id, "discarded"),
    };
    change.execute(transaction).await.map(|_| ())
}

fn shard_of(commit: &Positioned) -> i16 {
    match commit.subject.id {
        SubjectId::Shard(shard) => i16::from(shard),
        SubjectId::Uuid(_) | SubjectId::Main => 0,
    }
}

fn closed(
    merchant: Uuid,
    parked: ParkedId,
    state: &'static str,
) -> sqlx::query::Query<'static, sqlx::Postgres, sqlx::postgres::PgArguments> {
    sqlx::query("update parked_webhooks set state = $3 where merchant = $1 and parked = $2")
        .bind(merchant)
        .bind(parked.0)
        .bind(state)
}

/// A parked webhook as the read model has it.
#[derive(Debug, Clone)]
pub struct ParkedRow {
    pub merchant: MerchantId,
    pub id: ParkedId,
    pub topic: String,
    pub reason: String,
    pub state: String,
    /// The shard of the journal that tells its story.
    pub shard: u8,
    pub chunks: u16,
    pub parked_at: Timestamp,
    pub position: u64,
}

/// The newest first; of all merchants, because operators look after all of them.
pub async fn list(db: &PgPool, limit: i64) -> Result<Vec<ParkedRow>, sqlx::Error> {
    let rows = sqlx::query("select * from read.parked_webhooks order by parked_at desc, parked limit $1")
        .bind(limit)
        .fetch_all(db)
        .await?;
    rows.iter().map(from_row).collect()
}

pub async fn find(db: &PgPool, parked: ParkedId) -> Result<Option<ParkedRow>, sqlx::Error> {
    let row =
        sqlx::query("select * from read.parked_webhooks where parked = $1").bind(parked.0).fetch_optional(db).await?;
    row.as_ref().map(from_row).transpose()
}

fn from_row(row: &sqlx::postgres::PgRow) -> Result<ParkedRow, sqlx::Error> {
    Ok(ParkedRow {
        merchant: MerchantId(row.try_get("merchant")?),
        id: ParkedId(row.try_get("parked")?),
        topic: row.try_get("topic")?,
        reason: row.try_get("reason")?,
        state: row.try_get("state")?,
        shard: u8::try_from(row.try_get::<i16, _>("shard")?).unwrap_or(0),
        chunks: u16::try_from(row.try_get::<i32, _>("chunks")?).unwrap_or(0),
        parked_at: timestamp(row.try_get::<DateTime<Utc>, _>("parked_at")?),
        position: position(row.try_get("position")?),
    })
}
