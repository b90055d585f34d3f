//! Months and weeks of a shop's calendar, and the stretch of time that an award is for.

use std::{fmt, str::FromStr};

use jiff::civil::{Date, ISOWeekDate, Weekday};
use serde::{Deserialize, Serialize};

use crate::rfm::Day;

const MONTHS_PER_YEAR: i32 = 12;
/// Years that have four digits: others are not asked for.
const YEARS: std::ops::RangeInclusive<i32> = 1000..=9999;

/// A month of a calendar, counted from the first month of the year 0. Prints as `2026-11`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Month(i32);

/// A week from Monday to Sunday, by the Monday's day. Prints as `2026-W47`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Week(Day);

/// Text that is not a month such as `2026-11`, or a week such as `2026-W47`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a month such as 2026-11, or a week such as 2026-W47")]
pub struct NotAPeriod;

/// For which stretch of time a badge was awarded. Prints as `ever`, `2026-11` or `2026`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Period {
    Ever,
    Month(Month),
    Year(i16),
}

impl Month {
    pub fn of(day: Day) -> Self {
        let date = day.date();
        Month(i32::from(date.year()) * MONTHS_PER_YEAR + i32::from(date.month()) - 1)
    }

    pub fn year(self) -> i16 {
        i16::try_from(self.0.div_euclid(MONTHS_PER_YEAR)).unwrap_or(i16::MAX)
    }

    pub const fn next(self) -> Month {
        Month(self.0 + 1)
    }

    /// First and last day.
    pub fn days(self) -> (Day, Day) {
        (self.first_day(), self.next().first_day().minus(1))
    }

    fn first_day(self) -> Day {
        let month = i8::try_from(self.0.rem_euclid(MONTHS_PER_YEAR) + 1).unwrap_or(1);
        Date::new(self.year(), month, 1).map_or(Day(i32::MAX), Day::of)
    }
}

impl fmt::Display for Month {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}-{:02}", self.0.div_euclid(MONTHS_PER_YEAR), self.0.rem_euclid(MONTHS_PER_YEAR) + 1)
    }
}

impl FromStr for Month {
    type Err = NotAPeriod;

    fn from_str(text: &str) -> Result<Self, NotAPeriod> {
        let (year, month) = text.split_once('-').ok_or(NotAPeriod)?;
        let number = |text: &str| text.parse::<i32>().map_err(|_| NotAPeriod);
        let (year, number) = (number(year)?, number(month)?);
        let month = Month(year.saturating_mul(MONTHS_PER_YEAR).saturating_add(number - 1));
        // One spelling for each month.
        let is_one = YEARS.contains(&year) && (1..=MONTHS_PER_YEAR).contains(&number) && month.to_string() == text;
        is_one.then_some(month).ok_or(NotAPeriod)
    }
}

impl Week {
    pub fn of(day: Day) -> Self {
        Week(day.minus(i32::from(day.date().weekday().to_monday_zero_offset())))
    }

    /// Monday and Sunday.
    pub const fn days(self) -> (Day, Day) {
        (self.0, self.0.minus(-6))
    }
}

impl fmt::Display for Week {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let week = self.0.date().iso_week_date();
        write!(f, "{:04}-W{:02}", week.year(), week.week())
    }
}

impl FromStr for Week {
    type Err = NotAPeriod;

    fn from_str(text: &str) -> Result<Self, NotAPeriod> {
        let (year, week) = text.split_once("-W").ok_or(NotAPeriod)?;
        let (year, number) = (year.parse().map_err(|_| NotAPeriod)?, week.parse().map_err(|_| NotAPeriod)?);
        let monday = ISOWeekDate::new(year, number, Weekday::Monday).map_err(|_| NotAPeriod)?;
        let week = Week(Day::of(monday.date()));
        let is_one = YEARS.contains(&i32::from(year)) && week.to_string() == text;
        is_one.then_some(week).ok_or(NotAPeriod)
    }
}

impl fmt::Display for Period {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Period::Ever => f.write_str("ever"),
            Period::Month(month) => month.fmt(f),
            Period::Year(year) => write!(f, "{year:04}"),
        }
    }
}
