//! Which stretch of time a leaderboard is of.

use std::fmt;

use aggregates::{
    badge::{Month, Week},
    rfm::{Calendar, Day},
    time::Timestamp,
};

const ALL_TIME: &str = "all_time";

/// Prints as `2026-W47`, `2026-11` or `all_time`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Board {
    Week(Week),
    Month(Month),
    AllTime,
}

/// Text that names no leaderboard.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not `week`, `month`, `all_time`, a week such as 2026-W47 or a month such as 2026-11")]
pub struct NotABoard;

impl Board {
    /// Those that something on this day belongs to.
    pub(super) fn of(day: Day) -> [Board; 3] {
        [Board::Week(Week::of(day)), Board::Month(Month::of(day)), Board::AllTime]
    }

    /// `week` and `month` are today's.
    ///
    /// # Errors
    /// [`NotABoard`]
    pub fn parse(text: &str, today: Day) -> Result<Board, NotABoard> {
        match text {
            "week" => Ok(Board::Week(Week::of(today))),
            "month" => Ok(Board::Month(Month::of(today))),
            ALL_TIME => Ok(Board::AllTime),
            _ => {
                let week = text.parse().map(Board::Week);
                week.or_else(|_| text.parse().map(Board::Month)).map_err(|_| NotABoard)
            }
        }
    }

    /// From the first instant to the last one; none for all time.
    pub fn span(self, calendar: &Calendar) -> Option<(Timestamp, Timestamp)> {
        let (first, last) = match self {
            Board::Week(week) => week.days(),
            Board::Month(month) => month.days(),
            Board::AllTime => return None,
        };
        let begins = Timestamp(calendar.end_of(first.minus(1)).0.saturating_add(1));
        Some((begins, calendar.end_of(last)))
    }
}

impl fmt::Display for Board {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Board::Week(week) => week.fmt(f),
            Board::Month(month) => month.fmt(f),
            Board::AllTime => f.write_str(ALL_TIME),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        Timestamp::parse(text).expect("a time")
    }

    #[test]
    fn boards_are_found_by_their_names_and_by_todays() {
        let today: Day = "2026-11-25".parse().expect("a day");
        for (text, name) in [
            ("week", "2026-W48"),
            ("month", "2026-11"),
            ("all_time", "all_time"),
            ("2026-W01", "2026-W01"),
            ("2025-12", "2025-12"),
        ] {
            assert_eq!(Board::parse(text, today).map(|board| board.to_string()).as_deref(), Ok(name));
        }
        for text in ["", "year", "2026", "2026-W54", "2026-13"] {
            assert_eq!(Board::parse(text, today), Err(NotABoard), "{text}");
        }
    }

    #[test]
    fn a_month_begins_and_ends_by_the_shops_clock() {
        let berlin = Calendar::of(&aggregates::rfm::TimeZoneName("Europe/Berlin".to_owned())).expect("a time zone");
        let month = Board::parse("2026-10", Day(0)).expect("a month");
        // The clocks change in between.
        let span = (at("2026-09-30T22:00:00Z"), at("2026-10-31T22:59:59.999999Z"));
        assert_eq!(month.span(&berlin), Some(span));
        assert_eq!(Board::AllTime.span(&berlin), None);
    }
}
