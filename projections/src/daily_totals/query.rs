//! Reading totals.

use std::collections::BTreeMap;

use aggregates::{books::Flow, id::MerchantId, money::Currency};
use chrono::NaiveDate;
use sqlx::{PgConnection, PgPool, Row, postgres::PgRow};
use uuid::Uuid;

use super::{
    days::{Days, Standing, Worth},
    months::Month,
};
use crate::{books::Day, sql::position};

/// A day's totals as stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DayTotals {
    pub standing: Standing,
    pub liability_minor: i64,
}

/// Where each merchant's newest day stands, for whoever writes the next.
pub(super) async fn newest(
    transaction: &mut PgConnection,
    merchants: &[Uuid],
) -> Result<BTreeMap<Uuid, Days>, sqlx::Error> {
    let rows = sqlx::query(
        "select row.* from unnest($1::uuid[]) as asked (merchant)
          cross join lateral (
                select * from daily_totals where merchant = asked.merchant order by day desc limit 1) as row",
    )
    .bind(merchants)
    .fetch_all(transaction)
    .await?;
    rows.iter().map(|row| Ok((row.try_get("merchant")?, Days::going_on_at(from_row(row)?)))).collect()
}

/// Days from `from` up to `to`, that day excluded, newest first, at most so many.
///
/// # Errors
/// Those of the database.
pub async fn list(
    db: &PgPool,
    merchant: MerchantId,
    (from, to): (Day, Day),
    limit: i64,
) -> Result<Vec<DayTotals>, sqlx::Error> {
    let rows = sqlx::query(
        "select * from read.daily_totals where merchant = $1 and day >= $2 and day < $3 order by day desc limit $4",
    )
    .bind(merchant.0)
    .bind(from.date())
    .bind(to.date())
    .bind(limit)
    .fetch_all(db)
    .await?;
    let totals =
        |row: &PgRow| Ok(DayTotals { standing: from_row(row)?, liability_minor: row.try_get("liability_minor")? });
    rows.iter().map(totals).collect()
}

/// A month's totals as stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MonthTotals {
    pub month: Month,
    /// The month's flow, and how its last day stands.
    pub standing: Standing,
    pub liability_minor: i64,
}

/// Months from `from` up to `to`, that month excluded, newest first, at most so many.
///
/// # Errors
/// Those of the database.
pub async fn list_months(
    db: &PgPool,
    merchant: MerchantId,
    (from, to): (Month, Month),
    limit: i64,
) -> Result<Vec<MonthTotals>, sqlx::Error> {
    let rows = sqlx::query(
        "select *, month as day from read.monthly_totals
          where merchant = $1 and month >= $2 and month < $3 order by month desc limit $4",
    )
    .bind(merchant.0)
    .bind(from.first_day().date())
    .bind(to.first_day().date())
    .bind(limit)
    .fetch_all(db)
    .await?;
    let totals = |row: &PgRow| {
        let standing = from_row(row)?;
        let liability_minor = row.try_get("liability_minor")?;
        Ok(MonthTotals { month: Month::of(standing.day), standing, liability_minor })
    };
    rows.iter().map(totals).collect()
}

fn from_row(row: &PgRow) -> Result<Standing, sqlx::Error> {
    let currency: Option<&str> = row.try_get("currency")?;
    Ok(Standing {
        day: Day::of_date(row.try_get::<NaiveDate, _>("day")?),
        flow: Flow {
            issued: row.try_get("issued")?,
            restored: row.try_get("restored")?,
            redeemed: row.try_get("redeemed")?,
            expired: row.try_get("expired")?,
            reversed: row.try_get("reversed")?,
            forfeited: row.try_get("forfeited")?,
        },
        outstanding: row.try_get("outstanding")?,
        worth: Worth {
            points: row.try_get("rate_points")?,
            amount_minor: row.try_get("rate_amount_minor")?,
            currency: currency.and_then(|code| Currency::parse(code).ok()),
        },
        position: position(row.try_get("position")?),
    })
}
