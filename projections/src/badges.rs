//! `badges`: who has which; and which shops have badges at all.

mod query;

use std::sync::Arc;

use aggregates::{
    Context,
    badge::{BadgeAwarded, BadgeSettings},
    customer::CustomerEvent,
    program::ProgramEvent,
};
use journal::{Positioned, SubjectId};
use sqlx::PgConnection;
use uuid::Uuid;

use crate::{
    erasure,
    projection::{Projection, ProjectionError, Tables, events_of},
    sql::{bigint, timestamptz},
};

pub use query::{
    BadgeRow, Candidate, achievers_after, candidates, changed_after, of_customer, redefined_after, with_birthdays,
};

pub struct Badges;

const TABLE: &str = "read.badges";
const TABLES: [&str; 2] = [TABLE, "read.badge_programs"];

impl Badges {
    pub const NAME: &'static str = "badges";
}

impl Projection for Badges {
    const NAME: &'static str = Badges::NAME;
    const CONTEXTS: &'static [Context] = &[Context::Customer, Context::Program, Context::Merchant];
    const TABLES: Tables = Tables::Own(&TABLES);

    async fn apply(&self, transaction: &mut PgConnection, batch: &[Arc<Positioned>]) -> Result<(), ProjectionError> {
        let mut fenced = Vec::new();
        for commit in batch {
            match (commit.subject.context, commit.subject.id) {
                (Context::Customer, SubjectId::Uuid(customer)) => {
                    for event in events_of::<CustomerEvent>(commit)? {
                        match event {
                            CustomerEvent::BadgeAwarded(award) => insert(transaction, commit, customer, &award).await?,
                            CustomerEvent::Absorbed(absorbed) => {
                                inherit(transaction, commit, customer, absorbed.loser.0).await?;
                            }
                            CustomerEvent::Fenced(_) => fenced.push((commit.subject.merchant, customer)),
                            _ => {}
                        }
                    }
                }
                (Context::Program, _) => {
                    for event in events_of::<ProgramEvent>(commit)? {
                        let ProgramEvent::SettingsPublished(version) = event;
                        define(transaction, commit, &version.settings.badges).await?;
                    }
                }
                _ => {}
            }
        }
        erasure::scrub_fenced(transaction, TABLE, fenced).await?;
        erasure::forget_merchants_of(transaction, &TABLES, batch).await
    }
}

async fn insert(
    transaction: &mut PgConnection,
    commit: &Positioned,
    customer: Uuid,
    award: &BadgeAwarded,
) -> Result<(), sqlx::Error> {
    sqlx::query(
        "insert into badges
            (merchant, customer, badge, period, cause, points, program_version, reason, awarded_at, position)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
    )
    .bind(commit.subject.merchant.0)
    .bind(customer)
    .bind(award.held.badge.as_str())
    .bind(award.held.period.to_string())
    .bind(award.cause.as_str())
    .bind(award.points)
    .bind(i64::from(award.program_version))
    .bind(award.reason.as_ref().map(|reason| reason.ciphertext().to_vec()))
    .bind(timestamptz(award.at))
    .bind(bigint(commit.position))
    .execute(transaction)
    .await
    .map(drop)
}

/// What the loser of a merge had is the survivor's, each once. Reasons stay behind: they are under the loser's key, and end
/// with it.
async fn inherit(
    transaction: &mut PgConnection,
    commit: &Positioned,
    survivor: Uuid,
    loser: Uuid,
) -> Result<(), sqlx::Error> {
    sqlx::query(
        "with moved as (delete from badges where merchant = $1 and customer = $3 returning *)
         insert into badges
            (merchant, customer, badge, period, cause, points, program_version, awarded_at, position)
         select merchant, $2, badge, period, cause, points, program_version, awarded_at, $4 from moved
         on conflict (merchant, customer, badge, period) do nothing",
    )
    .bind(commit.subject.merchant.0)
    .bind(survivor)
    .bind(loser)
    .bind(bigint(commit.position))
    .execute(transaction)
    .await
    .map(drop)
}

/// New settings: everybody of the shop is judged anew.
async fn define(
    transaction: &mut PgConnection,
    commit: &Positioned,
    settings: &BadgeSettings,
) -> Result<(), sqlx::Error> {
    sqlx::query(
        "insert into badge_programs (merchant, has_badges, position, has_birthdays) values ($1, $2, $3, $4)
         on conflict (merchant) do update
            set has_badges = excluded.has_badges, position = excluded.position, has_birthdays = excluded.has_birthdays",
    )
    .bind(commit.subject.merchant.0)
    .bind(!settings.badges.is_empty())
    .bind(bigint(commit.position))
    .bind(settings.has_birthdays())
    .execute(transaction)
    .await
    .map(drop)
}
