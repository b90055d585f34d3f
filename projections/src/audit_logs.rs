//! `audit_logs`: who did what to whom, one row per event of the journal. A row says what was put on record; a refusal
//! that was decided and confirmed wrote nothing, and is not here.

mod entry;
mod query;
mod words;

use std::sync::Arc;

use aggregates::Context;
use journal::{Actor, Positioned};
use sqlx::PgConnection;

use crate::{
    erasure,
    projection::{Projection, ProjectionError, Tables},
    sql::{bigint, timestamptz},
};

pub use entry::{Entry, TargetKind, entries_of};
pub use query::{AuditRow, Filter, Page, list};
pub use words::in_words;

pub struct AuditLogs;

const TABLE: &str = "read.audit_logs";
/// From this event on nothing that was sealed for its customer is kept.
const FENCED: &str = "customer.fenced";

impl AuditLogs {
    pub const NAME: &'static str = "audit_logs";
}

impl Projection for AuditLogs {
    const NAME: &'static str = AuditLogs::NAME;
    const CONTEXTS: &'static [Context] = &Context::ALL;
    const TABLES: Tables = Tables::Own(&[TABLE]);

    async fn apply(&self, transaction: &mut PgConnection, batch: &[Arc<Positioned>]) -> Result<(), ProjectionError> {
        let (mut rows, mut fenced) = (Vec::with_capacity(batch.len()), Vec::new());
        for commit in batch {
            let entries = entries_of(commit)?;
            if let Some(customer) = entries.iter().find(|entry| entry.action == FENCED).and_then(|entry| entry.customer)
            {
                fenced.push((commit.subject.merchant, customer.0));
            }
            rows.extend((0_i16..).zip(entries).map(|(line, entry)| Row { commit, line, entry }));
        }
        insert(transaction, &rows).await?;
        erasure::scrub_fenced(transaction, TABLE, fenced).await?;
        erasure::forget_merchants_of(transaction, &[TABLE], batch).await
    }
}

struct Row<'a> {
    commit: &'a Positioned,
    line: i16,
    entry: Entry,
}

/// The word for a kind of actor, and which one of that kind.
pub fn actor_words(actor: &Actor) -> (&'static str, Option<String>) {
    match actor {
        Actor::Shop { topic } => ("shop", Some(topic.clone())),
        Actor::ApiKey { id } => ("api_key", Some(format!("{id:016x}"))),
        Actor::Staff(id) => ("staff", Some(id.to_string())),
        Actor::Operator(account) => ("operator", Some(account.clone())),
        Actor::Policy(name) => ("policy", Some(name.clone())),
        Actor::System => ("system", None),
    }
}

async fn insert(transaction: &mut PgConnection, rows: &[Row<'_>]) -> Result<(), ProjectionError> {
    macro_rules! column {
        ($row:ident => $value:expr) => {
            rows.iter().map(|$row| $value).collect::<Vec<_>>()
        };
    }
    sqlx::query(
        "insert into audit_logs
            (merchant, recorded_at, position, line, group_end, request, actor_kind, actor, action,
             target_kind, target_id, customer, outcome, has_reason, reason)
         select * from unnest($1::uuid[], $2::timestamptz[], $3::bigint[], $4::smallint[], $5::bigint[], $6::uuid[],
             $7::text[], $8::text[], $9::text[], $10::text[], $11::text[], $12::uuid[], $13::text[], $14::bool[], $15::bytea[])",
    )
    .bind(column!(row => row.commit.subject.merchant.0))
    .bind(column!(row => timestamptz(row.commit.commit.recorded_at)))
    .bind(column!(row => bigint(row.commit.position)))
    .bind(column!(row => row.line))
    .bind(column!(row => bigint(row.commit.end_of_group())))
    .bind(column!(row => row.commit.commit.correlation))
    .bind(column!(row => actor_words(&row.commit.commit.actor).0))
    .bind(column!(row => actor_words(&row.commit.commit.actor).1))
    .bind(column!(row => row.entry.action))
    .bind(column!(row => row.entry.target_kind.as_str()))
    .bind(column!(row => row.entry.target_id.clone()))
    .bind(column!(row => row.entry.customer.map(|customer| customer.0)))
    .bind(column!(row => row.entry.outcome))
    .bind(column!(row => row.entry.reason.is_some()))
    .bind(column!(row => row.entry.reason.clone()))
    .execute(transaction)
    .await?;
    Ok(())
}
