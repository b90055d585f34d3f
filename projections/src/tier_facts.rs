//! `tier_facts`: points that are not for an order and count towards a tier. Orders themselves are in `rfm_orders`.
//!
//! Bonuses for having reached a tier do not count: a tier would bring the next one.

use std::sync::Arc;

use aggregates::{
    Context,
    points::{BonusKind, PointsEvent},
    time::Timestamp,
};
use journal::{Positioned, SubjectId};
use sqlx::PgConnection;
use uuid::Uuid;

use crate::{
    erasure,
    projection::{Projection, ProjectionError, Tables, events_of},
    sql::{bigint, timestamptz},
};

pub struct TierFacts;

impl TierFacts {
    pub const NAME: &'static str = "tier_facts";
}

const TABLE: &str = "read.tier_bonuses";

/// Events that concern it. Most commits hold nothing of the kind, and those are not decoded.
const CONCERNED: [&str; 4] =
    ["points.adjusted", "points.bonus_granted", "points.bonus_revoked", "points.account_closed"];

impl Projection for TierFacts {
    const NAME: &'static str = TierFacts::NAME;
    const CONTEXTS: &'static [Context] = &[Context::Points, Context::Merchant];
    const TABLES: Tables = Tables::Own(&[TABLE]);

    async fn apply(&self, transaction: &mut PgConnection, batch: &[Arc<Positioned>]) -> Result<(), ProjectionError> {
        for commit in batch {
            let (Context::Points, SubjectId::Uuid(customer)) = (commit.subject.context, commit.subject.id) else {
                continue;
            };
            if commit.commit.events.iter().any(|event| CONCERNED.contains(&event.name.as_ref())) {
                for event in events_of::<PointsEvent>(commit)? {
                    take_in(transaction, commit, customer, &event).await?;
                }
            }
        }
        erasure::forget_merchants_of(transaction, &[TABLE], batch).await
    }
}

async fn take_in(
    transaction: &mut PgConnection,
    commit: &Positioned,
    customer: Uuid,
    event: &PointsEvent,
) -> Result<(), sqlx::Error> {
    match event {
        PointsEvent::PointsAdjusted(event) => {
            let row = Row { id: event.command.0, at: event.at, points: event.points };
            insert(transaction, commit, customer, row).await
        }
        PointsEvent::BonusGranted(event) if event.source.kind != BonusKind::VipTier => {
            let row = Row { id: event.bonus.0, at: event.lot.earned_at, points: event.points };
            insert(transaction, commit, customer, row).await
        }
        PointsEvent::BonusRevoked(event) => {
            let change =
                sqlx::query("update tier_bonuses set points = 0, position = $3 where merchant = $1 and bonus = $2");
            change
                .bind(commit.subject.merchant.0)
                .bind(event.bonus.0)
                .bind(bigint(commit.position))
                .execute(transaction)
                .await
                .map(drop)
        }
        PointsEvent::AccountClosed(event) => {
            let change = sqlx::query(
                "update tier_bonuses set customer = $3, position = $4 where merchant = $1 and customer = $2",
            );
            change
                .bind(commit.subject.merchant.0)
                .bind(customer)
                .bind(event.into.0)
                .bind(bigint(commit.position))
                .execute(transaction)
                .await
                .map(drop)
        }
        _ => Ok(()),
    }
}

struct Row {
    id: Uuid,
    at: Timestamp,
    points: i64,
}

async fn insert(
    transaction: &mut PgConnection,
    commit: &Positioned,
    customer: Uuid,
    row: Row,
) -> Result<(), sqlx::Error> {
    let insert = sqlx::query(
        "insert into tier_bonuses (merchant, bonus, customer, occurred_at, points, position)
         values ($1, $2, $3, $4, $5, $6)",
    );
    insert
        .bind(commit.subject.merchant.0)
        .bind(row.id)
        .bind(customer)
        .bind(timestamptz(row.at))
        .bind(row.points)
        .bind(bigint(commit.position))
        .execute(transaction)
        .await
        .map(drop)
}
