//! What leads to mails, as the read models have it.

use aggregates::{
    id::{CustomerId, MerchantId},
    points::Purse,
    time::Timestamp,
};
use chrono::{DateTime, Utc};
use sqlx::PgPool;
use uuid::Uuid;

use crate::{
    projection::ProjectionError,
    sql::{bigint, position, timestamp, timestamptz},
};

/// Shops that send any mail.
pub async fn shops(db: &PgPool) -> Result<Vec<MerchantId>, sqlx::Error> {
    sqlx::query_scalar("select merchant from read.mail_shops where sends order by merchant")
        .fetch_all(db)
        .await
        .map(|merchants: Vec<Uuid>| merchants.into_iter().map(MerchantId).collect())
}

/// Whether this shop does.
pub async fn sends_mail(db: &PgPool, merchant: MerchantId) -> Result<bool, sqlx::Error> {
    sqlx::query_scalar("select exists (select from read.mail_shops where merchant = $1 and sends)")
        .bind(merchant.0)
        .fetch_one(db)
        .await
}

/// Somebody who has become a member.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Member {
    pub customer: CustomerId,
    pub at: Timestamp,
    /// Of the last commit about them.
    pub position: u64,
}

/// Members who enrolled since an instant, and of whom something was recorded after a position, in the journal's order.
pub async fn members_since(
    db: &PgPool,
    merchant: MerchantId,
    since: Timestamp,
    after: u64,
    limit: i64,
) -> Result<Vec<Member>, sqlx::Error> {
    let rows: Vec<(Uuid, DateTime<Utc>, i64)> = sqlx::query_as(
        "select customer, enrolled_at, position from read.customers
          where merchant = $1 and enrolled_at > $2 and position > $3 and state = 'member'
          order by position limit $4",
    )
    .bind(merchant.0)
    .bind(timestamptz(since))
    .bind(bigint(after))
    .bind(limit)
    .fetch_all(db)
    .await?;
    let member =
        |(customer, at, place)| Member { customer: CustomerId(customer), at: timestamp(at), position: position(place) };
    Ok(rows.into_iter().map(member).collect())
}

/// A line of the ledger by which somebody has earned points.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EarnedLine {
    /// Of the line: the same after every rebuild.
    pub id: Uuid,
    pub customer: CustomerId,
    pub points: i64,
    pub at: Timestamp,
    pub position: u64,
}

/// Points that were earned, and recorded, since an instant, after a position, in the journal's order.
pub async fn earned_since(
    db: &PgPool,
    merchant: MerchantId,
    since: Timestamp,
    after: u64,
    limit: i64,
) -> Result<Vec<EarnedLine>, sqlx::Error> {
    let rows: Vec<(Uuid, Uuid, i64, DateTime<Utc>, i64)> = sqlx::query_as(
        "select id, customer, points, recorded_at, position from read.points_transactions
          where merchant = $1 and type = 'earn' and points > 0 and recorded_at > $2 and occurred_at > $2 and position > $3
          order by position limit $4",
    )
    .bind(merchant.0)
    .bind(timestamptz(since))
    .bind(bigint(after))
    .bind(limit)
    .fetch_all(db)
    .await?;
    let line = |(id, customer, points, at, place)| EarnedLine {
        id,
        customer: CustomerId(customer),
        points,
        at: timestamp(at),
        position: position(place),
    };
    Ok(rows.into_iter().map(line).collect())
}

/// Points that somebody is about to lose, and when.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Expiring {
    pub customer: CustomerId,
    pub points: i64,
    pub at: Timestamp,
}

/// Accounts of one pass.
#[derive(Debug, Clone, Default)]
pub struct ExpiringAccounts {
    pub expiring: Vec<Expiring>,
    /// The last account that was looked at; none at the end.
    pub last: Option<CustomerId>,
}

/// Accounts, in the order of their ids after one, whose next expiry is between `now` and `until`. Time changes something in
/// each of them by then, so they are found by that.
pub async fn expiring_until(
    db: &PgPool,
    merchant: MerchantId,
    now: Timestamp,
    until: Timestamp,
    after: CustomerId,
    limit: i64,
) -> Result<ExpiringAccounts, ProjectionError> {
    let rows: Vec<(Uuid, Vec<u8>)> = sqlx::query_as(
        "select customer, purse from read.balances
          where merchant = $1 and next_due_at <= $2 and customer > $3 order by customer limit $4",
    )
    .bind(merchant.0)
    .bind(timestamptz(until))
    .bind(after.0)
    .bind(limit)
    .fetch_all(db)
    .await?;
    let mut accounts = ExpiringAccounts { last: rows.last().map(|row| CustomerId(row.0)), ..Default::default() };
    for (customer, purse) in rows {
        let purse: Purse = postcard::from_bytes(&purse).map_err(|_| ProjectionError::BadRow("read.balances"))?;
        let next = purse.balance_at(now).next_expiry.filter(|next| now < next.at && next.at <= until);
        let expiring = |next: aggregates::points::NextExpiry| Expiring {
            customer: CustomerId(customer),
            points: next.points,
            at: next.at,
        };
        accounts.expiring.extend(next.map(expiring));
    }
    Ok(accounts)
}
