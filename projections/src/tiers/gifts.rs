//! Tiers that somebody was given, whether they last or are over.

use aggregates::{
    id::{CustomerId, MerchantId},
    program::TierId,
    tier::{Gift, Given, Giver},
    time::Timestamp,
};
use chrono::{DateTime, Utc};
use sqlx::{PgExecutor, PgPool, Row, postgres::PgRow};
use uuid::Uuid;

use crate::{projection::ProjectionError, sql::timestamp};

const BAD: ProjectionError = ProjectionError::BadRow("read.tier_gifts");

/// From words as the table has them.
pub(super) fn given(
    (tier, giver): (&str, &str),
    at: Timestamp,
    until: Option<Timestamp>,
    ended_at: Option<Timestamp>,
) -> Result<Given, ProjectionError> {
    let (tier, giver) = (TierId::parse(tier).map_err(|_| BAD)?, Giver::parse(giver).ok_or(BAD)?);
    Ok(Given { gift: Gift { tier, giver, at, until }, ended_at })
}

/// What these customers were given, in no order.
pub(super) async fn of_some(
    db: impl PgExecutor<'_>,
    merchant: MerchantId,
    customers: &[Uuid],
) -> Result<Vec<(CustomerId, Given)>, ProjectionError> {
    let rows = sqlx::query(
        "select customer, tier, giver, given_at, until, ended_at from read.tier_gifts
          where merchant = $1 and customer = any($2::uuid[])",
    )
    .bind(merchant.0)
    .bind(customers)
    .fetch_all(db)
    .await?;
    rows.iter().map(row).collect()
}

/// What one customer was given, in no order.
///
/// # Errors
/// [`ProjectionError::Database`], [`ProjectionError::BadRow`]
pub async fn of(db: &PgPool, merchant: MerchantId, customer: CustomerId) -> Result<Vec<Given>, ProjectionError> {
    Ok(of_some(db, merchant, &[customer.0]).await?.into_iter().map(|(_, given)| given).collect())
}

fn row(row: &PgRow) -> Result<(CustomerId, Given), ProjectionError> {
    let time = |name| Ok::<_, sqlx::Error>(row.try_get::<Option<DateTime<Utc>>, _>(name)?.map(timestamp));
    let words = (row.try_get("tier")?, row.try_get("giver")?);
    let given = given(words, time("given_at")?.ok_or(BAD)?, time("until")?, time("ended_at")?)?;
    Ok((CustomerId(row.try_get("customer")?), given))
}
