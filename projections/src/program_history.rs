//! `program_history`: every version of a merchant's settings, with who published it and when.

mod query;

use std::sync::Arc;

use aggregates::{
    Context,
    program::{ProgramEvent, ProgramVersion},
};
use journal::Positioned;
use sqlx::PgConnection;

use crate::{
    audit_logs::actor_words,
    erasure,
    projection::{Projection, ProjectionError, Tables, events_of},
    sql::{bigint, timestamptz},
};

pub use query::{VersionRow, list};

pub struct ProgramHistory;

const TABLE: &str = "read.program_history";

impl ProgramHistory {
    pub const NAME: &'static str = "program_history";
}

impl Projection for ProgramHistory {
    const NAME: &'static str = ProgramHistory::NAME;
    const CONTEXTS: &'static [Context] = &[Context::Program, Context::Merchant];
    const TABLES: Tables = Tables::Own(&[TABLE]);

    async fn apply(&self, transaction: &mut PgConnection, batch: &[Arc<Positioned>]) -> Result<(), ProjectionError> {
        for commit in batch.iter().filter(|commit| commit.subject.context == Context::Program) {
            for event in events_of::<ProgramEvent>(commit)? {
                let ProgramEvent::SettingsPublished(version) = event;
                insert(transaction, commit, &version).await?;
            }
        }
        erasure::forget_merchants_of(transaction, &[TABLE], batch).await
    }
}

async fn insert(
    transaction: &mut PgConnection,
    commit: &Positioned,
    version: &ProgramVersion,
) -> Result<(), sqlx::Error> {
    let (actor_kind, actor) = actor_words(&commit.commit.actor);
    sqlx::query(
        "insert into program_history
            (merchant, version, effective_from, settings, actor_kind, actor, recorded_at, position)
         values ($1, $2, $3, $4::jsonb, $5, $6, $7, $8)",
    )
    .bind(commit.subject.merchant.0)
    .bind(i32::try_from(version.version).unwrap_or(i32::MAX))
    .bind(timestamptz(version.effective_from))
    .bind(serde_json::to_string(&version.settings).expect("settings are plain values"))
    .bind(actor_kind)
    .bind(actor)
    .bind(timestamptz(commit.commit.recorded_at))
    .bind(bigint(commit.position))
    .execute(transaction)
    .await
    .map(drop)
}
