//! Reading the books.

use aggregates::{books::Flow, id::MerchantId, money::Currency, time::Timestamp};
use chrono::{DateTime, NaiveDate, Utc};
use sqlx::{PgPool, Row, postgres::PgRow};

use super::Day;
use crate::sql::{position, timestamp};

/// How far a merchant's books have come.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Standing {
    /// Book time.
    pub latest: Timestamp,
    pub currency: Option<Currency>,
    pub position: u64,
}

/// A day on which something came or went.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DayEntry {
    pub day: Day,
    pub flow: Flow,
}

/// The standing of a merchant's books; none before the first entry.
pub async fn standing(db: &PgPool, merchant: MerchantId) -> Result<Option<Standing>, sqlx::Error> {
    let row = sqlx::query("select latest, currency, position from read.books_time where merchant = $1")
        .bind(merchant.0)
        .fetch_optional(db)
        .await?;
    row.as_ref().map(standing_from).transpose()
}

pub(super) fn standing_from(row: &PgRow) -> Result<Standing, sqlx::Error> {
    let currency: Option<String> = row.try_get("currency")?;
    Ok(Standing {
        latest: timestamp(row.try_get::<DateTime<Utc>, _>("latest")?),
        currency: currency.and_then(|code| Currency::parse(&code).ok()),
        position: position(row.try_get("position")?),
    })
}

/// What came and went before `day`: one row is read for each day that has an entry.
pub async fn until(db: &PgPool, merchant: MerchantId, day: Day) -> Result<Flow, sqlx::Error> {
    let row = sqlx::query(
        "select coalesce(sum(issued), 0)::bigint as issued, coalesce(sum(restored), 0)::bigint as restored,
                coalesce(sum(redeemed), 0)::bigint as redeemed, coalesce(sum(expired), 0)::bigint as expired,
                coalesce(sum(reversed), 0)::bigint as reversed, coalesce(sum(forfeited), 0)::bigint as forfeited
           from read.books_days where merchant = $1 and day < $2",
    )
    .bind(merchant.0)
    .bind(day.date())
    .fetch_one(db)
    .await?;
    flow_from(&row)
}

/// Days with entries, from `from` up to `to`, that day excluded; the oldest first.
pub async fn days(db: &PgPool, merchant: MerchantId, from: Day, to: Day) -> Result<Vec<DayEntry>, sqlx::Error> {
    let rows = sqlx::query(
        "select day, issued, restored, redeemed, expired, reversed, forfeited
           from read.books_days where merchant = $1 and day >= $2 and day < $3 order by day",
    )
    .bind(merchant.0)
    .bind(from.date())
    .bind(to.date())
    .fetch_all(db)
    .await?;
    let entry =
        |row: &PgRow| Ok(DayEntry { day: Day::of_date(row.try_get::<NaiveDate, _>("day")?), flow: flow_from(row)? });
    rows.iter().map(entry).collect()
}

fn flow_from(row: &PgRow) -> Result<Flow, sqlx::Error> {
    Ok(Flow {
        issued: row.try_get("issued")?,
        restored: row.try_get("restored")?,
        redeemed: row.try_get("redeemed")?,
        expired: row.try_get("expired")?,
        reversed: row.try_get("reversed")?,
        forfeited: row.try_get("forfeited")?,
    })
}
