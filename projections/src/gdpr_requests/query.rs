//! What is asked of the read model of privacy requests.

use aggregates::{
    gdpr::DUE_SOON_DAYS,
    id::{CustomerId, GdprRequestId, MerchantId},
    installation::ImportedHistories,
    time::Timestamp,
};
use chrono::{DateTime, Utc};
use sqlx::{PgPool, Row, postgres::PgRow};
use uuid::Uuid;

use crate::sql::{position, timestamp, timestamptz};

/// Requests that are not closed.
const OPEN: &str = "state in ('received', 'verified', 'held', 'executing')";

#[derive(Debug, Clone)]
pub struct RequestRow {
    pub id: GdprRequestId,
    pub merchant: MerchantId,
    pub kind: String,
    pub source: String,
    pub state: String,
    pub customer: Option<CustomerId>,
    pub received_at: Timestamp,
    pub due_at: Timestamp,
    pub rests_until: Option<Timestamp>,
    pub outcome: Option<String>,
    pub closed_at: Option<Timestamp>,
}

/// Open requests of all merchants, by how near they are to the day they are due.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Counts {
    pub open: i64,
    pub due_soon: i64,
    pub overdue: i64,
}

/// The most urgent first, at most `limit`, after the one given; all of them, or those that are not closed.
pub async fn list(
    db: &PgPool,
    merchant: MerchantId,
    only_open: bool,
    after: Option<(Timestamp, GdprRequestId)>,
    limit: i64,
) -> Result<Vec<RequestRow>, sqlx::Error> {
    let (due_at, request) = after.unwrap_or((Timestamp(0), GdprRequestId(Uuid::nil())));
    let open = if only_open { OPEN } else { "true" };
    let statement = format!(
        "select * from read.gdpr_requests where merchant = $1 and (due_at, request) > ($2, $3) and {open}
          order by due_at, request limit $4"
    );
    let rows = sqlx::query(sqlx::AssertSqlSafe(statement))
        .bind(merchant.0)
        .bind(timestamptz(due_at))
        .bind(request.0)
        .bind(limit)
        .fetch_all(db)
        .await?;
    rows.iter().map(from_row).collect()
}

/// Of every merchant, open ones first, then the most urgent, at most `limit`.
pub async fn list_everywhere(db: &PgPool, limit: i64) -> Result<Vec<RequestRow>, sqlx::Error> {
    let statement = format!("select * from read.gdpr_requests order by ({OPEN}) desc, due_at, request limit $1");
    let rows = sqlx::query(sqlx::AssertSqlSafe(statement)).bind(limit).fetch_all(db).await?;
    rows.iter().map(from_row).collect()
}

/// One, of whichever merchant.
pub async fn find(db: &PgPool, request: GdprRequestId) -> Result<Option<RequestRow>, sqlx::Error> {
    let row =
        sqlx::query("select * from read.gdpr_requests where request = $1").bind(request.0).fetch_optional(db).await?;
    row.as_ref().map(from_row).transpose()
}

/// Everything that the shop ever asked about a person.
pub async fn asked_by_shop_about(
    db: &PgPool,
    merchant: MerchantId,
    customer: CustomerId,
) -> Result<Vec<GdprRequestId>, sqlx::Error> {
    sqlx::query_scalar(
        "select request from read.gdpr_requests
          where merchant = $1 and customer = $2 and source = 'shop' order by request",
    )
    .bind(merchant.0)
    .bind(customer.0)
    .fetch_all(db)
    .await
    .map(|requests: Vec<Uuid>| requests.into_iter().map(GdprRequestId).collect())
}

/// Redacts that somebody else than the shop asked for and that were closed in this time.
pub async fn closed_between(
    db: &PgPool,
    from: Timestamp,
    until: Timestamp,
) -> Result<Vec<(MerchantId, GdprRequestId)>, sqlx::Error> {
    let rows: Vec<(Uuid, Uuid)> = sqlx::query_as(
        "select merchant, request from read.gdpr_requests
          where source <> 'shop' and type = 'customers/redact' and closed_at > $1 and closed_at <= $2",
    )
    .bind(timestamptz(from))
    .bind(timestamptz(until))
    .fetch_all(db)
    .await?;
    Ok(rows.into_iter().map(|(merchant, request)| (MerchantId(merchant), GdprRequestId(request))).collect())
}

/// Merchants with requests that something is still to be done about.
pub async fn merchants_with_open(db: &PgPool) -> Result<Vec<MerchantId>, sqlx::Error> {
    sqlx::query_scalar("select distinct merchant from read.gdpr_requests where state in ('verified', 'executing')")
        .fetch_all(db)
        .await
        .map(|merchants: Vec<Uuid>| merchants.into_iter().map(MerchantId).collect())
}

/// Requests of a merchant that are being executed, or whose rest is over at `now`; the most urgent first, at most `limit`.
pub async fn open_of(
    db: &PgPool,
    merchant: MerchantId,
    now: Timestamp,
    limit: i64,
) -> Result<Vec<GdprRequestId>, sqlx::Error> {
    sqlx::query_scalar(
        "select request from read.gdpr_requests
          where merchant = $1 and type <> 'customers/data_request'
            and (state = 'executing' or (state = 'verified' and rests_until <= $2))
          order by due_at, request limit $3",
    )
    .bind(merchant.0)
    .bind(timestamptz(now))
    .bind(limit)
    .fetch_all(db)
    .await
    .map(|requests: Vec<Uuid>| requests.into_iter().map(GdprRequestId).collect())
}

/// How many open requests there are, and how urgent: each by its own merchant's clock, where `now` is ours.
pub async fn counts(db: &PgPool, now: Timestamp) -> Result<Counts, sqlx::Error> {
    let statement = format!(
        "with open as (
            select due_at - make_interval(secs => coalesce(clock.ahead_micros, 0) / 1000000.0) as due_at
              from read.gdpr_requests left join read.queue_clocks clock using (merchant) where {OPEN})
         select count(*) as open, count(*) filter (where due_at <= $2 and due_at > $1) as due_soon,
                count(*) filter (where due_at <= $1) as overdue
           from open"
    );
    let row = sqlx::query(sqlx::AssertSqlSafe(statement))
        .bind(timestamptz(now))
        .bind(timestamptz(now.plus_days(DUE_SOON_DAYS)))
        .fetch_one(db)
        .await?;
    Ok(Counts { open: row.try_get("open")?, due_soon: row.try_get("due_soon")?, overdue: row.try_get("overdue")? })
}

/// The highest entry of the deletion journal that this read model knows of; 0 if none. What was recorded elsewhere names entries
/// of another one.
pub async fn highest_deletion(db: &PgPool, imported: &ImportedHistories) -> Result<u64, sqlx::Error> {
    let (merchants, until): (Vec<Uuid>, Vec<i64>) =
        imported.iter().map(|(merchant, until)| (merchant.0, i64::try_from(until).unwrap_or(i64::MAX))).unzip();
    let highest: Option<i64> = sqlx::query_scalar(
        "select max(deletion) from read.gdpr_requests r where deletion is not null and not exists (
             select from unnest($1::uuid[], $2::bigint[]) as imported (merchant, until)
              where imported.merchant = r.merchant and r.deletion_position <= imported.until)",
    )
    .bind(merchants)
    .bind(until)
    .fetch_one(db)
    .await?;
    Ok(highest.map_or(0, position))
}

fn from_row(row: &PgRow) -> Result<RequestRow, sqlx::Error> {
    let time = |column: &str| Ok::<_, sqlx::Error>(row.try_get::<Option<DateTime<Utc>>, _>(column)?.map(timestamp));
    Ok(RequestRow {
        id: GdprRequestId(row.try_get("request")?),
        merchant: MerchantId(row.try_get("merchant")?),
        kind: row.try_get("type")?,
        source: row.try_get("source")?,
        state: row.try_get("state")?,
        customer: row.try_get::<Option<Uuid>, _>("customer")?.map(CustomerId),
        received_at: timestamp(row.try_get::<DateTime<Utc>, _>("received_at")?),
        due_at: timestamp(row.try_get::<DateTime<Utc>, _>("due_at")?),
        rests_until: time("rests_until")?,
        outcome: row.try_get("outcome")?,
        closed_at: time("closed_at")?,
    })
}
