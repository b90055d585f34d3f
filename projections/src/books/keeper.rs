//! Keeping a merchant's books: commits in, days out. The projection and every replay do it with this.

use std::{collections::BTreeMap, str::FromStr};

use aggregates::{Context, books::Flow, points::PointsEvent, time::Timestamp};
use chrono::{DateTime, NaiveDate};
use journal::Positioned;

use super::query::Standing;
use crate::projection::{ProjectionError, events_of};

/// A day of 86,400 seconds, UTC: days since 1970-01-01.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Day(pub i64);

impl Day {
    pub fn of(instant: Timestamp) -> Day {
        Day(instant.0.div_euclid(Timestamp::MICROS_PER_DAY))
    }

    /// Its first instant.
    pub const fn start(self) -> Timestamp {
        Timestamp(self.0.saturating_mul(Timestamp::MICROS_PER_DAY))
    }

    pub fn date(self) -> NaiveDate {
        DateTime::from_timestamp_micros(self.start().0).map_or(NaiveDate::MAX, |start| start.date_naive())
    }

    pub fn of_date(date: NaiveDate) -> Day {
        Day::of(Timestamp(date.and_time(chrono::NaiveTime::MIN).and_utc().timestamp_micros()))
    }
}

/// Text that is not a day like `2026-11-01`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a day like 2026-11-01")]
pub struct NotADay;

impl FromStr for Day {
    type Err = NotADay;

    fn from_str(text: &str) -> Result<Self, NotADay> {
        NaiveDate::parse_from_str(text, "%Y-%m-%d").map(Day::of_date).map_err(|_| NotADay)
    }
}

impl std::fmt::Display for Day {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.date().fmt(f)
    }
}

/// Somebody who has the books up to a commit, and goes on with the next.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct BookKeeper {
    standing: Standing,
    days: BTreeMap<Day, Flow>,
}

impl BookKeeper {
    /// Days written so far are somewhere else; new entries are to be added to them.
    pub(super) fn going_on_at(standing: Standing) -> Self {
        BookKeeper { standing, days: BTreeMap::new() }
    }

    /// The merchant's next commit. Those that say nothing about points or books are passed over.
    ///
    /// # Errors
    /// [`ProjectionError::BadCommit`]
    pub fn take_in(&mut self, commit: &Positioned) -> Result<(), ProjectionError> {
        if !matches!(commit.subject.context, Context::Points | Context::Books) {
            return Ok(());
        }
        self.standing.position = commit.position;
        self.standing.latest = self.standing.latest.max(commit.commit.recorded_at);
        if commit.subject.context == Context::Books {
            return Ok(());
        }
        for event in events_of::<PointsEvent>(commit)? {
            let flow = Flow::of(&event);
            if flow != Flow::default() {
                *self.days.entry(Day::of(self.standing.latest)).or_default() += flow;
            }
            if let PointsEvent::OrderAssessed(event) = &event
                && let Some(body) = &event.body
            {
                self.standing.currency = Some(body.currency);
            }
        }
        Ok(())
    }

    pub fn standing(&self) -> Standing {
        self.standing
    }

    /// Entries by day.
    pub fn days(&self) -> &BTreeMap<Day, Flow> {
        &self.days
    }

    /// What came and went before this day.
    pub fn until(&self, day: Day) -> Flow {
        self.days.range(..day).map(|(_, flow)| *flow).sum()
    }
}

#[cfg(test)]
mod tests;
