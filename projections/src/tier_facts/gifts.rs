//! Tiers that somebody was given: a row for each, also when it is over.

use aggregates::{
    customer::CustomerEvent,
    tier::{Gift, TierGiven},
    time::Timestamp,
};
use journal::Positioned;
use sqlx::PgConnection;
use uuid::Uuid;

use crate::sql::{bigint, timestamptz};

pub(super) async fn take_in(
    transaction: &mut PgConnection,
    commit: &Positioned,
    customer: Uuid,
    event: &CustomerEvent,
) -> Result<(), sqlx::Error> {
    match event {
        CustomerEvent::TierGiven(TierGiven { gift, .. }) => {
            end_all(transaction, commit, customer, gift.at).await?;
            insert(transaction, commit, customer, gift).await
        }
        CustomerEvent::TierTakenBack(taken_back) => end_all(transaction, commit, customer, taken_back.at).await,
        _ => Ok(()),
    }
}

/// A merge: what one profile was given is the other's.
pub(super) async fn pass_on(
    transaction: &mut PgConnection,
    commit: &Positioned,
    customer: Uuid,
    into: Uuid,
) -> Result<(), sqlx::Error> {
    sqlx::query("update tier_gifts set customer = $3, position = $4 where merchant = $1 and customer = $2")
        .bind(commit.subject.merchant.0)
        .bind(customer)
        .bind(into)
        .bind(bigint(commit.position))
        .execute(transaction)
        .await
        .map(drop)
}

async fn end_all(
    transaction: &mut PgConnection,
    commit: &Positioned,
    customer: Uuid,
    at: Timestamp,
) -> Result<(), sqlx::Error> {
    sqlx::query(
        "update tier_gifts set ended_at = $3, position = $4
          where merchant = $1 and customer = $2 and ended_at is null",
    )
    .bind(commit.subject.merchant.0)
    .bind(customer)
    .bind(timestamptz(at))
    .bind(bigint(commit.position))
    .execute(transaction)
    .await
    .map(drop)
}

async fn insert(
    transaction: &mut PgConnection,
    commit: &Positioned,
    customer: Uuid,
    gift: &Gift,
) -> Result<(), sqlx::Error> {
    sqlx::query(
        "insert into tier_gifts (merchant, given_in, customer, tier, giver, given_at, until, position)
         values ($1, $2, $3, $4, $5, $6, $7, $2)",
    )
    .bind(commit.subject.merchant.0)
    .bind(bigint(commit.position))
    .bind(customer)
    .bind(gift.tier.as_str())
    .bind(gift.giver.as_str())
    .bind(timestamptz(gift.at))
    .bind(gift.until.map(timestamptz))
    .execute(transaction)
    .await
    .map(drop)
}
