//! `badges`: who has which, and whose points for one are still to be granted; and which shops have badges at all.

mod query;

use std::sync::Arc;

use aggregates::{
    Context,
    badge::{BadgeAwarded, HeldBadge},
    customer::CustomerEvent,
    program::ProgramEvent,
};
use journal::{Positioned, SubjectId};
use sqlx::PgConnection;
use uuid::Uuid;

use crate::{
    erasure,
    projection::{Projection, ProjectionError, events_of},
    sql::{bigint, timestamptz},
};

pub use query::{
    BadgeRow, Candidates, Unsettled, candidates, changed_after, everybody_after, of_customer, redefined_after,
    unsettled,
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

    async fn apply(&self, transaction: &mut PgConnection, batch: &[Arc<Positioned>]) -> Result<(), ProjectionError> {
        let mut fenced = Vec::new();
        for commit in batch {
            match (commit.subject.context, commit.subject.id) {
                (Context::Customer, SubjectId::Uuid(customer)) => {
                    for event in events_of::<CustomerEvent>(commit)? {
                        if matches!(event, CustomerEvent::Fenced(_)) {
                            fenced.push((commit.subject.merchant, customer));
                        }
                        take_in(transaction, commit, customer, &event).await?;
                    }
                }
                (Context::Program, _) => {
                    for event in events_of::<ProgramEvent>(commit)? {
                        let ProgramEvent::SettingsPublished(version) = event;
                        define(transaction, commit, !version.settings.badges.badges.is_empty()).await?;
                    }
                }
                _ => {}
            }
        }
        erasure::scrub_fenced(transaction, TABLE, fenced).await?;
        erasure::forget_merchants_of(transaction, &TABLES, batch).await
    }
}

async fn take_in(
    transaction: &mut PgConnection,
    commit: &Positioned,
    customer: Uuid,
    event: &CustomerEvent,
) -> Result<(), sqlx::Error> {
    match event {
        CustomerEvent::BadgeAwarded(award) => insert(transaction, commit, customer, award).await,
        CustomerEvent::BadgeSettled(held) => settle(transaction, commit, customer, held).await,
        CustomerEvent::Absorbed(absorbed) => inherit(transaction, commit, customer, absorbed.loser.0).await,
        // Nobody is left to have the points.
        CustomerEvent::Fenced(_) => {
            let statement = "update read.badges set settled = true where merchant = $1 and customer = $2";
            sqlx::query(statement).bind(commit.subject.merchant.0).bind(customer).execute(transaction).await.map(drop)
        }
        _ => Ok(()),
    }
}

async fn insert(
    transaction: &mut PgConnection,
    commit: &Positioned,
    customer: Uuid,
    award: &BadgeAwarded,
) -> Result<(), sqlx::Error> {
    sqlx::query(
        "insert into read.badges
            (merchant, customer, badge, period, cause, points, program_version, reason, awarded_at, settled, position)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)",
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
    .bind(award.points == 0)
    .bind(bigint(commit.position))
    .execute(transaction)
    .await
    .map(drop)
}

async fn settle(
    transaction: &mut PgConnection,
    commit: &Positioned,
    customer: Uuid,
    held: &HeldBadge,
) -> Result<(), sqlx::Error> {
    sqlx::query(
        "update read.badges set settled = true, position = $5
          where merchant = $1 and customer = $2 and badge = $3 and period = $4",
    )
    .bind(commit.subject.merchant.0)
    .bind(customer)
    .bind(held.badge.as_str())
    .bind(held.period.to_string())
    .bind(bigint(commit.position))
    .execute(transaction)
    .await
    .map(drop)
}
