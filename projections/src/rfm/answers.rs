//! How buyers stand, now and as of any past moment; how many are where, and how many went from where to where.

use aggregates::{
    id::{CustomerId, MerchantId},
    rfm::{Day, Purchases, Standing},
    time::Timestamp,
};
use chrono::{DateTime, NaiveDate, Utc};
use sqlx::{PgPool, Row, postgres::PgRow};

use super::cell;
use crate::{
    moves,
    projection::ProjectionError,
    replay::Moment,
    rfm_segments::{date, day_of},
    sql::{bigint, position, timestamp, timestamptz},
};

/// Up to where in the log, or in recorded time, an answer looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Bound {
    Position(u64),
    Time(Timestamp),
}

impl Bound {
    /// Highest position and latest time that are still inside.
    pub(crate) fn limits(self) -> (i64, DateTime<Utc>) {
        match self {
            Bound::Position(position) => (bigint(position), DateTime::<Utc>::MAX_UTC),
            Bound::Time(time) => (i64::MAX, timestamptz(time)),
        }
    }
}

impl From<Bound> for Moment {
    fn from(bound: Bound) -> Self {
        match bound {
            Bound::Position(position) => Moment::Position(position),
            Bound::Time(time) => Moment::Time(time),
        }
    }
}

impl From<Moment> for Bound {
    fn from(moment: Moment) -> Self {
        match moment {
            Moment::Position(position) => Bound::Position(position),
            Moment::Time(time) => Bound::Time(time),
        }
    }
}

/// A standing on record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Held {
    /// None for somebody who is a prospect again.
    pub standing: Option<Standing>,
    pub segment: String,
    /// The day as of which recency was counted.
    pub as_of: Day,
    pub recorded_at: Timestamp,
    pub position: u64,
}

/// How somebody stands; none if nothing was ever recorded, or nothing is left.
pub async fn standing(
    db: &PgPool,
    merchant: MerchantId,
    customer: CustomerId,
) -> Result<Option<Held>, ProjectionError> {
    let row = sqlx::query("select * from read.customer_segments where merchant = $1 and customer = $2")
        .bind(merchant.0)
        .bind(customer.0)
        .fetch_optional(db)
        .await?;
    row.as_ref().map(held).transpose()
}

/// How somebody stood.
pub async fn standing_at(
    db: &PgPool,
    merchant: MerchantId,
    customer: CustomerId,
    bound: Bound,
) -> Result<Option<Held>, ProjectionError> {
    let (position, time) = bound.limits();
    let row = sqlx::query(
        "select * from read.rfm_score_history
          where merchant = $1 and customer = $2 and position <= $3 and recorded_at <= $4
          order by recorded_at desc, position desc limit 1",
    )
    .bind(merchant.0)
    .bind(customer.0)
    .bind(position)
    .bind(time)
    .fetch_optional(db)
    .await?;
    row.as_ref().map(held).transpose()
}

/// How somebody stood, newest first, at most `limit`, before the one given by its time and position; as far back as it is kept.
///
/// # Errors
/// [`ProjectionError::Database`], [`ProjectionError::BadRow`]
pub async fn history(
    db: &PgPool,
    merchant: MerchantId,
    customer: CustomerId,
    before: Option<(Timestamp, u64)>,
    limit: i64,
) -> Result<Vec<Held>, ProjectionError> {
    let rows = moves::newest_first(db, "read.rfm_score_history", (merchant, customer), before, limit).await?;
    rows.iter().map(held).collect()
}

fn held(row: &PgRow) -> Result<Held, ProjectionError> {
    let standing = match row.try_get::<Option<i16>, _>("scores")? {
        None => None,
        Some(scores) => Some(Standing {
            cell: cell(scores)?,
            purchases: Purchases {
                last_order_day: day_of(row.try_get::<NaiveDate, _>("last_order_day")?),
                orders: u32::try_from(row.try_get::<i64, _>("orders")?).unwrap_or(u32::MAX),
                spend_minor: row.try_get("spend_minor")?,
            },
        }),
    };
    Ok(Held {
        standing,
        segment: row.try_get("segment")?,
        as_of: day_of(row.try_get::<NaiveDate, _>("as_of")?),
        recorded_at: timestamp(row.try_get::<DateTime<Utc>, _>("recorded_at")?),
        position: position(row.try_get("position")?),
    })
}

/// Buyers in each segment at the end of the newest day, or of the newest up to one, on which anything was recorded.
pub async fn counts(
    db: &PgPool,
    merchant: MerchantId,
    up_to: Option<Day>,
) -> Result<Vec<(String, u64)>, ProjectionError> {
    let rows: Vec<(String, i64)> = sqlx::query_as(
        "select segment, customers from read.rfm_segment_counts
          where merchant = $1
            and day = (select max(day) from read.rfm_segment_counts
                        where merchant = $1 and ($2::date is null or day <= $2))
          order by segment",
    )
    .bind(merchant.0)
    .bind(up_to.map(date))
    .fetch_all(db)
    .await?;
    Ok(rows.into_iter().map(|(segment, customers)| (segment, position(customers))).collect())
}

/// Members who are in no segment, of whom `buyers` are in one: they have bought nothing that counts, or must not be profiled.
/// Before a shop's first window, whoever has bought something waits for it and is no prospect.
///
/// # Errors
/// [`ProjectionError::Database`]
pub async fn prospects(
    db: &PgPool,
    merchant: MerchantId,
    buyers: u64,
    has_windows: bool,
) -> Result<u64, ProjectionError> {
    let (members, waiting): (i64, i64) = sqlx::query_as(
        "select (select count(*) from read.customers where merchant = $1 and state = 'member'),
                case when $2 then 0 else (
                    select count(distinct customer) from read.rfm_orders where merchant = $1 and net_minor > 0) end",
    )
    .bind(merchant.0)
    .bind(has_windows)
    .fetch_one(db)
    .await?;
    // Three read models, each as far as it is: one that is behind must not make a number that is none.
    Ok(position(members).saturating_sub(buyers).saturating_sub(position(waiting)))
}

/// Buyers in each segment at a moment: everybody who had come into it, less those who had left it.
pub async fn counts_at(db: &PgPool, merchant: MerchantId, bound: Bound) -> Result<Vec<(String, u64)>, ProjectionError> {
    let (highest, latest) = bound.limits();
    let rows: Vec<(String, i64)> = sqlx::query_as(
        "select moved.segment, sum(moved.by)::bigint
           from read.rfm_score_history as history
          cross join lateral (values (history.segment, 1), (history.from_segment, -1)) as moved (segment, by)
          where history.merchant = $1 and history.position <= $2 and history.recorded_at <= $3
            and moved.segment <> 'prospect'
          group by moved.segment having sum(moved.by) > 0 order by moved.segment",
    )
    .bind(merchant.0)
    .bind(highest)
    .bind(latest)
    .fetch_all(db)
    .await?;
    Ok(rows.into_iter().map(|(segment, customers)| (segment, position(customers))).collect())
}

/// How many went from one segment to another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Move {
    pub from: String,
    pub to: String,
    pub customers: u64,
}

/// Moves on the days after `from` up to and with `to`, the largest first.
pub async fn moves(db: &PgPool, merchant: MerchantId, from: Day, to: Day) -> Result<Vec<Move>, ProjectionError> {
    let rows: Vec<(String, String, i64)> = sqlx::query_as(
        "select from_segment, to_segment, sum(customers)::bigint as customers from read.rfm_segment_deltas
          where merchant = $1 and day > $2 and day <= $3
          group by from_segment, to_segment order by customers desc, from_segment, to_segment",
    )
    .bind(merchant.0)
    .bind(date(from))
    .bind(date(to))
    .fetch_all(db)
    .await?;
    Ok(rows.into_iter().map(|(from, to, customers)| Move { from, to, customers: position(customers) }).collect())
}
