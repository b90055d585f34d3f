//! Days of a shop's own calendar. A daily window is due at one in the morning by the shop's clock; how long ago somebody
//! bought is counted in its days, not in hours.

use std::{fmt, str::FromStr};

use jiff::{civil, tz};
use serde::{Deserialize, Serialize};

use crate::time::Timestamp;

/// The hour of the shop's day at which its window is due.
const WINDOW_HOUR: u8 = 1;
const SECONDS_PER_DAY: i64 = 86_400;
const EPOCH: civil::Date = civil::date(1970, 1, 1);

/// A day of a shop's calendar: days since 1970-01-01.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Day(pub i32);

/// Text that is not a date such as `2026-11-22`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a date such as 2026-11-22")]
pub struct NotADay;

impl Day {
    /// Whole days from `earlier` until this day; none if it is the later one.
    pub fn days_since(self, earlier: Day) -> u32 {
        u32::try_from(i64::from(self.0) - i64::from(earlier.0)).unwrap_or(0)
    }

    pub const fn next(self) -> Day {
        Day(self.0.saturating_add(1))
    }

    /// The day so many days before this one.
    pub const fn minus(self, days: i32) -> Day {
        Day(self.0.saturating_sub(days))
    }

    /// The day of a date.
    pub(crate) fn of(date: civil::Date) -> Day {
        Day(date.since(EPOCH).map_or(0, |span| span.get_days()))
    }

    /// Days outside of the years that have a date are the nearest that has one.
    pub(crate) fn date(self) -> civil::Date {
        let edge = if self.0 < 0 { civil::Date::MIN } else { civil::Date::MAX };
        EPOCH.checked_add(jiff::Span::new().try_days(self.0).unwrap_or_default()).unwrap_or(edge)
    }
}

impl FromStr for Day {
    type Err = NotADay;

    fn from_str(text: &str) -> Result<Self, NotADay> {
        let date: civil::Date = text.parse().map_err(|_| NotADay)?;
        let day = Day(date.since(EPOCH).map_err(|_| NotADay)?.get_days());
        // One spelling for each day: the parser knows others.
        if day.to_string() == text { Ok(day) } else { Err(NotADay) }
    }
}

impl fmt::Display for Day {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.date())
    }
}

/// The name of a time zone, such as `Europe/Berlin`. Settings accept only those that [`Calendar::of`] knows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct TimeZoneName(pub String);

/// A name that the database of time zones does not have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not the name of a time zone such as Europe/Berlin")]
pub struct UnknownTimeZone;

/// What day it is in one time zone.
#[derive(Debug, Clone)]
pub struct Calendar(tz::TimeZone);

impl Calendar {
    pub fn utc() -> Self {
        Calendar(tz::TimeZone::UTC)
    }

    pub fn of(name: &TimeZoneName) -> Result<Self, UnknownTimeZone> {
        if name.0 == "UTC" {
            return Ok(Calendar::utc());
        }
        tz::TimeZoneDatabase::bundled().get(&name.0).map(Calendar).map_err(|_| UnknownTimeZone)
    }

    /// The day that an instant falls on.
    pub fn day_of(&self, instant: Timestamp) -> Day {
        let offset = jiff::Timestamp::from_microsecond(instant.0).map_or(0, |at| self.0.to_offset(at).seconds());
        let local = instant.0.div_euclid(Timestamp::MICROS_PER_SECOND) + i64::from(offset);
        let days = local.div_euclid(SECONDS_PER_DAY);
        Day(i32::try_from(days).unwrap_or(if days < 0 { i32::MIN } else { i32::MAX }))
    }

    /// The last instant of a day.
    pub fn end_of(&self, day: Day) -> Timestamp {
        let next = self.0.to_ambiguous_timestamp(day.next().date().at(0, 0, 0, 0)).compatible();
        next.map_or(Timestamp(i64::MAX), |next| Timestamp(next.as_microsecond() - 1))
    }

    /// The first instant of the day that an instant falls into.
    pub fn start_of_day(&self, instant: Timestamp) -> Timestamp {
        self.instant_of(self.day_of(instant).date().at(0, 0, 0, 0))
    }

    /// The first instant of the month that an instant falls into.
    pub fn start_of_month(&self, instant: Timestamp) -> Timestamp {
        self.instant_of(self.day_of(instant).date().first_of_month().at(0, 0, 0, 0))
    }

    /// The first instant of the year that an instant falls into.
    pub fn start_of_year(&self, instant: Timestamp) -> Timestamp {
        self.instant_of(self.day_of(instant).date().first_of_year().at(0, 0, 0, 0))
    }

    /// The first instant of the year after the one that an instant falls into.
    pub fn next_year(&self, instant: Timestamp) -> Timestamp {
        let year = self.day_of(instant).date().year();
        let first = civil::Date::new(year.saturating_add(1), 1, 1).map(|date| date.at(0, 0, 0, 0));
        first.map_or(Timestamp(i64::MAX), |first| self.instant_of(first))
    }

    /// The same time of day so many months later; where the month has no such day, on its last.
    pub fn months_later(&self, instant: Timestamp, months: u32) -> Timestamp {
        let Ok(at) = jiff::Timestamp::from_microsecond(instant.0) else { return instant };
        let local = self.0.to_datetime(at);
        let later = jiff::Span::new().try_months(months).and_then(|span| local.checked_add(span));
        later.map_or(Timestamp(i64::MAX), |later| self.instant_of(later))
    }

    /// An hour that the clocks skip is the hour after it, one that they repeat its first.
    fn instant_of(&self, local: civil::DateTime) -> Timestamp {
        let at = self.0.to_ambiguous_timestamp(local).compatible();
        at.map_or(Timestamp(i64::MAX), |at| Timestamp(at.as_microsecond()))
    }

    /// When the window of a day is due. An hour that the clocks skip is the hour after it, one that they repeat its first.
    pub fn window_at(&self, day: Day) -> Timestamp {
        self.at_hour(day, WINDOW_HOUR)
    }

    /// When an hour of a day begins, from 0 to 23. One that the clocks skip is the hour after it, one that they repeat its first.
    pub fn at_hour(&self, day: Day, hour: u8) -> Timestamp {
        let hour = i8::try_from(hour.min(23)).unwrap_or(0);
        let begins = self.0.to_ambiguous_timestamp(day.date().at(hour, 0, 0, 0)).compatible();
        begins.map_or(Timestamp(i64::MAX), |begins| Timestamp(begins.as_microsecond()))
    }

    /// The newest day whose window is due at an instant.
    pub fn newest_due(&self, now: Timestamp) -> Day {
        let today = self.day_of(now);
        if self.window_at(today) <= now { today } else { today.minus(1) }
    }
}
