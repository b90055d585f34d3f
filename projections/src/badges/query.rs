//! Who has which badge, and who may have earned another one.

use std::collections::{HashMap, HashSet};

use aggregates::{
    badge::{Achievements, Month},
    id::{CustomerId, MerchantId},
    money::Currency,
    rfm::Calendar,
    time::Timestamp,
};
use chrono::{DateTime, Utc};
use sqlx::{PgPool, Row};
use uuid::Uuid;

use crate::{
    Changed,
    projection::ProjectionError,
    sql::{bigint, timestamp},
};

/// A badge that somebody has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BadgeRow {
    pub badge: String,
    pub period: String,
    pub cause: String,
    pub points: i64,
    pub awarded_at: Timestamp,
}

/// The newest first.
pub async fn of_customer(
    db: &PgPool,
    merchant: MerchantId,
    customer: CustomerId,
) -> Result<Vec<BadgeRow>, ProjectionError> {
    let rows = sqlx::query(
        "select badge, period, cause, points, awarded_at from read.badges
          where merchant = $1 and customer = $2 order by awarded_at desc, badge, period",
    )
    .bind(merchant.0)
    .bind(customer.0)
    .fetch_all(db)
    .await?;
    let badge = |row: &sqlx::postgres::PgRow| {
        Ok(BadgeRow {
            badge: row.try_get("badge")?,
            period: row.try_get("period")?,
            cause: row.try_get("cause")?,
            points: row.try_get("points")?,
            awarded_at: timestamp(row.try_get::<DateTime<Utc>, _>("awarded_at")?),
        })
    };
    rows.iter().map(badge).collect()
}

/// Customers of shops with badges whose orders have changed after a position, or who have brought a friend; in the journal's
/// order.
pub async fn changed_after(db: &PgPool, after: u64, limit: i64) -> Result<Vec<Changed>, sqlx::Error> {
    let rows: Vec<(Uuid, Uuid, i64)> = sqlx::query_as(
        "select changed.merchant, changed.customer, max(changed.position)
           from (select merchant, customer, position from read.rfm_orders where position > $1
                 union all
                 select merchant, advocate, position from read.referrals
                  where position > $1 and status = 'completed') as changed (merchant, customer, position)
           join read.badge_programs as program on program.merchant = changed.merchant and program.has_badges
          group by changed.merchant, changed.customer order by max(changed.position) limit $2",
    )
    .bind(bigint(after))
    .bind(limit)
    .fetch_all(db)
    .await?;
    Ok(rows.into_iter().map(Changed::of).collect())
}

/// Shops with badges whose settings have changed after a position.
pub async fn redefined_after(db: &PgPool, after: u64) -> Result<Vec<MerchantId>, sqlx::Error> {
    sqlx::query_scalar("select merchant from read.badge_programs where has_badges and position > $1 order by position")
        .bind(bigint(after))
        .fetch_all(db)
        .await
        .map(|merchants: Vec<Uuid>| merchants.into_iter().map(MerchantId).collect())
}

/// Shops with a badge for birthdays.
pub async fn with_birthdays(db: &PgPool) -> Result<Vec<MerchantId>, sqlx::Error> {
    sqlx::query_scalar("select merchant from read.badge_programs where has_birthdays order by merchant")
        .fetch_all(db)
        .await
        .map(|merchants: Vec<Uuid>| merchants.into_iter().map(MerchantId).collect())
}

/// Those of a shop who have bought something or brought somebody, in the order of their ids, after one.
pub async fn achievers_after(
    db: &PgPool,
    merchant: MerchantId,
    after: CustomerId,
    limit: i64,
) -> Result<Vec<CustomerId>, sqlx::Error> {
    sqlx::query_scalar(
        "select customer from read.rfm_orders where merchant = $1 and customer > $2
         union select advocate from read.referrals where merchant = $1 and advocate > $2 and status = 'completed'
         order by customer limit $3",
    )
    .bind(merchant.0)
    .bind(after.0)
    .bind(limit)
    .fetch_all(db)
    .await
    .map(|customers: Vec<Uuid>| customers.into_iter().map(CustomerId).collect())
}

/// What somebody has done, and what they have for it.
#[derive(Debug, Clone, Default)]
pub struct Candidate {
    pub achievements: Achievements,
    /// Badge and period.
    pub held: HashSet<(String, String)>,
}

/// Of these customers, those who are members and may be looked at: their data may be used, and they do not object to being
/// profiled.
pub async fn candidates(
    db: &PgPool,
    merchant: MerchantId,
    customers: &[CustomerId],
    calendar: &Calendar,
) -> Result<HashMap<CustomerId, Candidate>, ProjectionError> {
    let asked: Vec<Uuid> = customers.iter().map(|customer| customer.0).collect();
    let members: Vec<Uuid> = sqlx::query_scalar(
        "select customer from read.customers
          where merchant = $1 and customer = any($2) and state = 'member'
            and not restricted and not objects_to_profiling",
    )
    .bind(merchant.0)
    .bind(&asked)
    .fetch_all(db)
    .await?;
    let mut candidates: HashMap<CustomerId, Candidate> =
        members.iter().map(|customer| (CustomerId(*customer), Candidate::default())).collect();
    let orders: Vec<(Uuid, DateTime<Utc>, Option<String>, i64)> = sqlx::query_as(
        "select customer, processed_at, currency, net_minor from read.rfm_orders
          where merchant = $1 and customer = any($2) and net_minor > 0",
    )
    .bind(merchant.0)
    .bind(&members)
    .fetch_all(db)
    .await?;
    for (customer, processed_at, currency, net_minor) in orders {
        let month = Month::of(calendar.day_of(timestamp(processed_at)));
        let currency = currency.as_deref().and_then(|code| Currency::parse(code).ok());
        if let Some(candidate) = candidates.get_mut(&CustomerId(customer)) {
            candidate.achievements.note_order(month, currency, net_minor);
        }
    }
    let brought: Vec<(Uuid, DateTime<Utc>)> = sqlx::query_as(
        "select advocate, paid_at from read.referrals
          where merchant = $1 and advocate = any($2) and status = 'completed' and paid_at is not null",
    )
    .bind(merchant.0)
    .bind(&members)
    .fetch_all(db)
    .await?;
    for (advocate, paid_at) in brought {
        if let Some(candidate) = candidates.get_mut(&CustomerId(advocate)) {
            candidate.achievements.note_referral(Month::of(calendar.day_of(timestamp(paid_at))));
        }
    }
    let held: Vec<(Uuid, String, String)> =
        sqlx::query_as("select customer, badge, period from read.badges where merchant = $1 and customer = any($2)")
            .bind(merchant.0)
            .bind(&members)
            .fetch_all(db)
            .await?;
    for (customer, badge, period) in held {
        if let Some(candidate) = candidates.get_mut(&CustomerId(customer)) {
            candidate.held.insert((badge, period));
        }
    }
    Ok(candidates)
}
