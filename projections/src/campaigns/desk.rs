//! What is decided on, and what is to be done: one consistent view of somebody's earlier actions; rewards that are not
//! granted yet; members who have just signed up.

use aggregates::{
    campaign::Done,
    id::{BonusId, CampaignId, CustomerId, MerchantId, Token},
    time::Timestamp,
};
use chrono::{DateTime, Utc};
use sqlx::{PgPool, Row};
use uuid::Uuid;

use crate::{
    projection::ProjectionError,
    sql::{bigint, position, timestamp, timestamptz},
};

/// Somebody's earlier actions, and the position of the last commit of their shard that this view knows.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Desk {
    pub position: u64,
    pub done: Done,
    /// What the very action that is asked about has earned already.
    pub same: Vec<(CampaignId, i64)>,
}

/// The view for one action. `tokens` are the action's under every link key that the customer's account has.
///
/// # Errors
/// [`ProjectionError::Database`]
pub async fn open(
    db: &PgPool,
    merchant: MerchantId,
    shard: u8,
    customer: CustomerId,
    tokens: &[Token],
) -> Result<Desk, ProjectionError> {
    let mut transaction = db.begin().await?;
    sqlx::query("set transaction isolation level repeatable read, read only").execute(&mut *transaction).await?;
    let known: Option<i64> =
        sqlx::query_scalar("select position from read.campaign_shards where merchant = $1 and shard = $2")
            .bind(merchant.0)
            .bind(i16::from(shard))
            .fetch_optional(&mut *transaction)
            .await?;
    let rows = sqlx::query(
        "select campaign, taken_at, points, token = any($3::bytea[]) as same from read.campaign_actions
          where merchant = $1 and customer = $2",
    )
    .bind(merchant.0)
    .bind(customer.0)
    .bind(tokens.iter().map(|token| token.0.to_vec()).collect::<Vec<_>>())
    .fetch_all(&mut *transaction)
    .await?;
    let mut desk = Desk { position: known.map_or(0, position), ..Desk::default() };
    for row in &rows {
        let campaign = CampaignId(row.try_get("campaign")?);
        desk.done.rewards.push((campaign, timestamp(row.try_get::<DateTime<Utc>, _>("taken_at")?)));
        if row.try_get("same")? {
            desk.done.same = true;
            desk.same.push((campaign, row.try_get("points")?));
        }
    }
    Ok(desk)
}

/// A reward that is on record and not granted yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pending {
    pub campaign: CampaignId,
    pub version: u32,
    pub bonus: BonusId,
    pub customer: CustomerId,
    pub points: i64,
    pub taken_at: Timestamp,
}

/// What is to be granted in one shop, oldest first; to one customer only, if one is named. Nothing is granted any more to
/// whoever is being forgotten.
///
/// # Errors
/// [`ProjectionError::Database`]
pub async fn pending(
    db: &PgPool,
    merchant: MerchantId,
    only: Option<CustomerId>,
    limit: i64,
) -> Result<Vec<Pending>, ProjectionError> {
    let rows = sqlx::query(
        "select campaign, version, bonus, customer, points, taken_at from read.campaign_actions as taken
          where merchant = $1 and not granted and ($2::uuid is null or customer = $2)
            and not exists (select from read.customers as gone
                             where gone.merchant = taken.merchant and gone.customer = taken.customer
                               and gone.state in ('erasing', 'erased'))
          order by position limit $3",
    )
    .bind(merchant.0)
    .bind(only.map(|customer| customer.0))
    .bind(limit)
    .fetch_all(db)
    .await?;
    let pending = |row: &sqlx::postgres::PgRow| {
        let version: i64 = row.try_get("version")?;
        Ok(Pending {
            campaign: CampaignId(row.try_get("campaign")?),
            version: u32::try_from(version).map_err(|_| ProjectionError::BadRow("read.campaign_actions"))?,
            bonus: BonusId(row.try_get("bonus")?),
            customer: CustomerId(row.try_get("customer")?),
            points: row.try_get("points")?,
            taken_at: timestamp(row.try_get::<DateTime<Utc>, _>("taken_at")?),
        })
    };
    rows.iter().map(pending).collect()
}

/// Shops that have something to be granted, or reward an action that nobody tells us of.
///
/// # Errors
/// [`ProjectionError::Database`]
pub async fn merchants(db: &PgPool) -> Result<Vec<MerchantId>, ProjectionError> {
    let merchants: Vec<Uuid> = sqlx::query_scalar(
        "select merchant from read.campaign_actions where not granted
          union
         select merchant from read.campaigns where withdrawn_at is null and kind in ('sign_up', 'birthday')",
    )
    .fetch_all(db)
    .await?;
    Ok(merchants.into_iter().map(MerchantId).collect())
}

/// Somebody who became a member.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SignedUp {
    pub customer: CustomerId,
    pub at: Timestamp,
    pub position: u64,
}

/// Members of a shop who signed up from an instant on, without a reward for it, about whom something was recorded after a
/// position; in the order of those positions.
///
/// # Errors
/// [`ProjectionError::Database`]
pub async fn signed_up(
    db: &PgPool,
    merchant: MerchantId,
    from: Timestamp,
    after: u64,
    limit: i64,
) -> Result<Vec<SignedUp>, ProjectionError> {
    let rows: Vec<(Uuid, DateTime<Utc>, i64)> = sqlx::query_as(
        "select customer, enrolled_at, position from read.customers as member
          where merchant = $1 and position > $2 and enrolled_at >= $3 and state = 'member'
            and not exists (select from read.campaign_actions as taken
                             where taken.merchant = $1 and taken.customer = member.customer and taken.action = 'sign_up')
          order by position limit $4",
    )
    .bind(merchant.0)
    .bind(bigint(after))
    .bind(timestamptz(from))
    .bind(limit)
    .fetch_all(db)
    .await?;
    let of = |(customer, at, place): (Uuid, DateTime<Utc>, i64)| SignedUp {
        customer: CustomerId(customer),
        at: timestamp(at),
        position: position(place),
    };
    Ok(rows.into_iter().map(of).collect())
}
