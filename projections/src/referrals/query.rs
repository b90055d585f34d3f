//! What is asked of the read model of referrals.

use aggregates::{
    id::{CustomerId, MerchantId, ReferralId, ReferralLinkId},
    time::Timestamp,
};
use chrono::{DateTime, Utc};
use sqlx::{AssertSqlSafe, PgPool, Row, postgres::PgRow};
use uuid::Uuid;

use crate::sql::{position, timestamp, timestamptz};

/// A referral as the read model has it.
#[derive(Debug, Clone)]
pub struct ReferralRow {
    pub id: ReferralId,
    /// By now, after merges.
    pub friend: CustomerId,
    pub advocate: CustomerId,
    pub link: ReferralLinkId,
    pub source: String,
    pub status: String,
    pub cause: Option<String>,
    pub signals: Vec<String>,
    pub program_version: i64,
    pub identified_at: Timestamp,
    pub order_by: Timestamp,
    pub ordered_at: Option<Timestamp>,
    pub hold_until: Option<Timestamp>,
    pub advocate_points: i64,
    pub friend_points: i64,
    pub paid_at: Option<Timestamp>,
    pub position: u64,
}

#[derive(Debug, Clone)]
pub struct LinkRow {
    pub id: ReferralLinkId,
    pub customer: CustomerId,
    pub issued_at: Timestamp,
    pub expires_at: Option<Timestamp>,
    /// Its owner was forgotten.
    pub ended: bool,
    pub clicks: i64,
    pub position: u64,
}

/// What a link has brought.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Tally {
    pub referrals: i64,
    pub completed: i64,
    pub advocate_points: i64,
}

/// Which referrals of a merchant.
#[derive(Debug, Clone, Copy, Default)]
pub struct Filter<'a> {
    pub status: Option<&'a str>,
    pub advocate: Option<CustomerId>,
    pub friend: Option<CustomerId>,
    /// As advocate or as friend.
    pub customer: Option<CustomerId>,
    pub link: Option<ReferralLinkId>,
}

/// A referral that something is to be done about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Due {
    pub merchant: MerchantId,
    pub referral: ReferralId,
    /// Up to where the log concerns it.
    pub touched: u64,
}

/// Newest first, at most `limit`, before the one given.
pub async fn list(
    db: &PgPool,
    merchant: MerchantId,
    filter: Filter<'_>,
    before: Option<(Timestamp, ReferralId)>,
    limit: i64,
) -> Result<Vec<ReferralRow>, sqlx::Error> {
    let (at, referral) = before.unwrap_or((Timestamp(i64::MAX), ReferralId(Uuid::max())));
    let rows = sqlx::query(
        "select * from read.referrals
          where merchant = $1 and (identified_at, referral) < ($2, $3)
            and ($4::text is null or status = $4) and ($5::uuid is null or advocate = $5)
            and ($6::uuid is null or customer = $6) and ($7::uuid is null or customer = $7 or advocate = $7)
            and ($8::uuid is null or link = $8)
          order by identified_at desc, referral desc limit $9",
    )
    .bind(merchant.0)
    .bind(timestamptz(at))
    .bind(referral.0)
    .bind(filter.status)
    .bind(filter.advocate.map(|customer| customer.0))
    .bind(filter.friend.map(|customer| customer.0))
    .bind(filter.customer.map(|customer| customer.0))
    .bind(filter.link.map(|link| link.0))
    .bind(limit)
    .fetch_all(db)
    .await?;
    rows.iter().map(from_row).collect()
}

pub async fn find(db: &PgPool, merchant: MerchantId, referral: ReferralId) -> Result<Option<ReferralRow>, sqlx::Error> {
    let row = sqlx::query("select * from read.referrals where merchant = $1 and referral = $2")
        .bind(merchant.0)
        .bind(referral.0)
        .fetch_optional(db)
        .await?;
    row.as_ref().map(from_row).transpose()
}

pub async fn find_link(
    db: &PgPool,
    merchant: MerchantId,
    link: ReferralLinkId,
) -> Result<Option<LinkRow>, sqlx::Error> {
    let row = sqlx::query("select * from read.referral_links where merchant = $1 and link = $2")
        .bind(merchant.0)
        .bind(link.0)
        .fetch_optional(db)
        .await?;
    row.as_ref().map(link_from_row).transpose()
}

/// All links of a customer, newest first: a few, and those of profiles that were merged into theirs.
pub async fn links_of(db: &PgPool, merchant: MerchantId, customer: CustomerId) -> Result<Vec<LinkRow>, sqlx::Error> {
    let rows = sqlx::query(
        "select * from read.referral_links where merchant = $1 and customer = $2 order by issued_at desc, link desc",
    )
    .bind(merchant.0)
    .bind(customer.0)
    .fetch_all(db)
    .await?;
    rows.iter().map(link_from_row).collect()
}

/// Links of a merchant after the one given, for exports; at most `limit`.
pub async fn links_of_merchant(
    db: &PgPool,
    merchant: MerchantId,
    after: ReferralLinkId,
    limit: i64,
) -> Result<Vec<LinkRow>, sqlx::Error> {
    let rows =
        sqlx::query("select * from read.referral_links where merchant = $1 and link > $2 order by link limit $3")
            .bind(merchant.0)
            .bind(after.0)
            .bind(limit)
            .fetch_all(db)
            .await?;
    rows.iter().map(link_from_row).collect()
}

/// What a link has brought by now.
pub async fn tally_of(db: &PgPool, merchant: MerchantId, link: &LinkRow) -> Result<Tally, sqlx::Error> {
    let row = sqlx::query(
        "select count(*) as referrals, count(*) filter (where status = 'completed') as completed,
                coalesce(sum(advocate_points), 0)::bigint as points
           from read.referrals where merchant = $1 and advocate = $2 and link = $3",
    )
    .bind(merchant.0)
    .bind(link.customer.0)
    .bind(link.id.0)
    .fetch_one(db)
    .await?;
    Ok(Tally {
        referrals: row.try_get("referrals")?,
        completed: row.try_get("completed")?,
        advocate_points: row.try_get("points")?,
    })
}

/// How many others an advocate has brought from `since` on, before this one. Of the same moment those with smaller ids.
pub async fn recent(
    db: &PgPool,
    merchant: MerchantId,
    advocate: CustomerId,
    since: Timestamp,
    (at, referral): (Timestamp, ReferralId),
) -> Result<u32, sqlx::Error> {
    let recent: i64 = sqlx::query_scalar(
        "select count(*) from read.referrals
          where merchant = $1 and advocate = $2 and identified_at >= $3 and (identified_at, referral) < ($4, $5)",
    )
    .bind(merchant.0)
    .bind(advocate.0)
    .bind(timestamptz(since))
    .bind(timestamptz(at))
    .bind(referral.0)
    .fetch_one(db)
    .await?;
    Ok(u32::try_from(recent).unwrap_or(u32::MAX))
}

const IS_DUE: &str = "(touched > considered or due_at <= $1)";

/// Of every merchant, by the clock of this process; whatever has waited longest first.
pub async fn due(db: &PgPool, now: Timestamp, limit: i64) -> Result<Vec<Due>, sqlx::Error> {
    let statement =
        format!("select merchant, referral, touched from read.referrals where {IS_DUE} order by position limit $2");
    let rows = sqlx::query(AssertSqlSafe(statement)).bind(timestamptz(now)).bind(limit).fetch_all(db).await?;
    rows.iter().map(due_from_row).collect()
}

/// Of one merchant, by its clock, after the one given.
pub async fn due_of(
    db: &PgPool,
    merchant: MerchantId,
    now: Timestamp,
    after: Option<ReferralId>,
    limit: i64,
) -> Result<Vec<Due>, sqlx::Error> {
    let statement = format!(
        "select merchant, referral, touched from read.referrals
          where {IS_DUE} and merchant = $2 and referral > $3 order by referral limit $4"
    );
    let rows = sqlx::query(AssertSqlSafe(statement))
        .bind(timestamptz(now))
        .bind(merchant.0)
        .bind(after.map_or(Uuid::nil(), |after| after.0))
        .bind(limit)
        .fetch_all(db)
        .await?;
    rows.iter().map(due_from_row).collect()
}

fn due_from_row(row: &PgRow) -> Result<Due, sqlx::Error> {
    Ok(Due {
        merchant: MerchantId(row.try_get("merchant")?),
        referral: ReferralId(row.try_get("referral")?),
        touched: position(row.try_get("touched")?),
    })
}

fn from_row(row: &PgRow) -> Result<ReferralRow, sqlx::Error> {
    let time = |column: &str| Ok::<_, sqlx::Error>(row.try_get::<Option<DateTime<Utc>>, _>(column)?.map(timestamp));
    Ok(ReferralRow {
        id: ReferralId(row.try_get("referral")?),
        friend: CustomerId(row.try_get("customer")?),
        advocate: CustomerId(row.try_get("advocate")?),
        link: ReferralLinkId(row.try_get("link")?),
        source: row.try_get("source")?,
        status: row.try_get("status")?,
        cause: row.try_get("cause")?,
        signals: row.try_get("signals")?,
        program_version: row.try_get("program_version")?,
        identified_at: timestamp(row.try_get::<DateTime<Utc>, _>("identified_at")?),
        order_by: timestamp(row.try_get::<DateTime<Utc>, _>("order_by")?),
        ordered_at: time("order_processed_at")?,
        hold_until: time("hold_until")?,
        advocate_points: row.try_get("advocate_points")?,
        friend_points: row.try_get("friend_points")?,
        paid_at: time("paid_at")?,
        position: position(row.try_get("position")?),
    })
}

fn link_from_row(row: &PgRow) -> Result<LinkRow, sqlx::Error> {
    Ok(LinkRow {
        id: ReferralLinkId(row.try_get("link")?),
        customer: CustomerId(row.try_get("customer")?),
        issued_at: timestamp(row.try_get::<DateTime<Utc>, _>("issued_at")?),
        expires_at: row.try_get::<Option<DateTime<Utc>>, _>("expires_at")?.map(timestamp),
        ended: row.try_get("ended")?,
        clicks: row.try_get("clicks")?,
        position: position(row.try_get("position")?),
    })
}
