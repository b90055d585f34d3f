//! Days rolled up into months.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
    str::FromStr,
};

use chrono::{Datelike, NaiveDate};
use sqlx::PgConnection;
use uuid::Uuid;

use super::days::Days;
use crate::books::Day;

/// A calendar month, UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Month(NaiveDate);

/// Text that is no month such as `2026-11`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("no month such as 2026-11")]
pub struct NotAMonth;

impl Month {
    /// The month of a day.
    pub fn of(day: Day) -> Month {
        Month(day.date().with_day(1).expect("every month has a first day"))
    }

    pub fn first_day(self) -> Day {
        Day::of_date(self.0)
    }

    #[must_use]
    pub fn next(self) -> Month {
        Month(self.0.checked_add_months(chrono::Months::new(1)).unwrap_or(self.0))
    }
}

impl fmt::Display for Month {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0.format("%Y-%m"))
    }
}

impl FromStr for Month {
    type Err = NotAMonth;

    fn from_str(text: &str) -> Result<Month, NotAMonth> {
        NaiveDate::parse_from_str(&format!("{text}-01"), "%Y-%m-%d").map(Month).map_err(|_| NotAMonth)
    }
}

/// Sums up the months of the days that have changed. All days of such a month are there: it is the merchant's newest, or a
/// newer one, and retention lets only go of months before that.
pub(super) async fn roll_up(transaction: &mut PgConnection, days: &BTreeMap<Uuid, Days>) -> Result<(), sqlx::Error> {
    let months: BTreeSet<(Uuid, Month)> = days
        .iter()
        .flat_map(|(merchant, days)| days.changed().map(|standing| (*merchant, Month::of(standing.day))))
        .collect();
    if months.is_empty() {
        return Ok(());
    }
    let (merchants, firsts): (Vec<Uuid>, Vec<NaiveDate>) =
        months.into_iter().map(|(merchant, Month(first))| (merchant, first)).unzip();
    sqlx::query(
        "insert into monthly_totals
            (merchant, month, issued, restored, redeemed, expired, reversed, forfeited, outstanding, rate_points,
             rate_amount_minor, currency, liability_minor, position)
         select changed.merchant, changed.month, flow.*, standing.*
           from unnest($1::uuid[], $2::date[]) as changed (merchant, month)
          cross join lateral (
                select sum(issued)::bigint, sum(restored)::bigint, sum(redeemed)::bigint, sum(expired)::bigint,
                       sum(reversed)::bigint, sum(forfeited)::bigint
                  from daily_totals
                 where merchant = changed.merchant
                   and day >= changed.month and day < changed.month + interval '1 month') as flow
          cross join lateral (
                select outstanding, rate_points, rate_amount_minor, currency, liability_minor, position
                  from daily_totals
                 where merchant = changed.merchant
                   and day >= changed.month and day < changed.month + interval '1 month'
                 order by day desc limit 1) as standing
         on conflict (merchant, month) do update
            set issued = excluded.issued, restored = excluded.restored, redeemed = excluded.redeemed,
                expired = excluded.expired, reversed = excluded.reversed, forfeited = excluded.forfeited,
                outstanding = excluded.outstanding, rate_points = excluded.rate_points,
                rate_amount_minor = excluded.rate_amount_minor, currency = excluded.currency,
                liability_minor = excluded.liability_minor, position = excluded.position",
    )
    .bind(merchants)
    .bind(firsts)
    .execute(transaction)
    .await
    .map(drop)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn months_are_read_as_they_are_written() {
        let november: Month = "2026-11".parse().unwrap();
        assert_eq!((november.to_string(), november.next().to_string()), ("2026-11".to_owned(), "2026-12".to_owned()));
        assert_eq!(november.next().next().to_string(), "2027-01");
        assert_eq!(Month::of(november.first_day()), november);
        for nonsense in ["2026", "2026-13", "2026-11-01", "november"] {
            assert_eq!(nonsense.parse::<Month>(), Err(NotAMonth), "{nonsense}");
        }
    }
}
