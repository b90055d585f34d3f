//! `tier_facts`: points that are not for an order and count towards a tier, and tiers that somebody was given. Orders
//! themselves are in `rfm_orders`.
//!
//! Bonuses for having reached a tier do not count: a tier would bring the next one.

mod gifts;

use std::sync::Arc;

use aggregates::{
    Context,
    customer::CustomerEvent,
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

const TABLES: [&str; 2] = ["read.tier_bonuses", "read.tier_gifts"];

/// Events that concern it. Most commits hold nothing of the kind, and those are not decoded.
const CONCERNED: [&str; 6] = [
    "points.adjusted",
    "points.bonus_granted",
    "points.bonus_revoked",
    "points.account_closed",
    "vip_tier.given",
    "vip_tier.taken_back",
];

impl Projection for TierFacts {
    const NAME: &'static str = TierFacts::NAME;
    const CONTEXTS: &'static [Context] = &[Context::Points, Context::Customer, Context::Merchant];
    const TABLES: Tables = Tables::Own(&TABLES);

    async fn apply(&self, transaction: &mut PgConnection, batch: &[Arc<Positioned>]) -> Result<(), ProjectionError> {
        for commit in batch {
            let SubjectId::Uuid(customer) = commit.subject.id else { continue };
            if !commit.commit.events.iter().any(|event| CONCERNED.contains(&event.name.as_ref())) {
                continue;
            }
            match commit.subject.context {
                Context::Points => {
                    for event in events_of::<PointsEvent>(commit)? {
                        take_in(transaction, commit, customer, &event).await?;
                    }
                }
                Context::Customer => {
                    for event in events_of::<CustomerEvent>(commit)? {
                        gifts::take_in(transaction, commit, customer, &event).await?;
                    }
                }
                _ => {}
            }
        }
        erasure::forget_merchants_of(transaction, &TABLES, batch).await
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
                .execute(&mut *transaction)
                .await?;
            gifts::pass_on(transaction, commit, customer, event.into.0).await
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
