//! A moment in the past, and which commits belong to it.

use std::{collections::HashMap, str::FromStr};

use aggregates::time::Timestamp;
use journal::{Journal, JournalError, Positioned, Subject};

/// A moment that somebody asks about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Moment {
    /// By recorded time.
    Time(Timestamp),
    /// Of the journal; inside a group of commits that were written together it means the group's start.
    Position(u64),
}

/// Text that is neither a position nor an RFC 3339 time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("neither a position nor an RFC 3339 time")]
pub struct NotAMoment;

impl FromStr for Moment {
    type Err = NotAMoment;

    fn from_str(text: &str) -> Result<Self, NotAMoment> {
        if let Ok(position) = text.parse() {
            return Ok(Moment::Position(position));
        }
        // In a query, the `+` of an offset arrives as a space.
        Timestamp::parse(&text.replace(' ', "+")).map(Moment::Time).map_err(|_| NotAMoment)
    }
}

impl Moment {
    /// The instant for which a state at this moment is computed; `now` is the present by the clock of the merchant who
    /// asks. The position need not be one of theirs: positions are shared, contents are not. `None`: the log has no such
    /// position, and never will.
    ///
    /// # Errors
    /// [`JournalError`]
    pub async fn instant(
        self,
        journal: &Journal,
        merchant: aggregates::id::MerchantId,
        now: Timestamp,
    ) -> Result<Option<Timestamp>, JournalError> {
        let position = match self {
            Moment::Time(time) => return Ok(Some(time)),
            Moment::Position(0) => return Ok(Some(Timestamp(0))),
            Moment::Position(position) => position,
        };
        if position >= journal.last_position().await? {
            return Ok(Some(now));
        }
        let commit = journal.at(position).await?;
        Ok(commit.map(
            |commit| {
                if commit.subject.merchant == merchant { commit.commit.recorded_at } else { commit.stored_at }
            },
        ))
    }
}

/// Decides commit by commit what a moment sees. Commits of one aggregate must be shown in the order of the log; those of
/// several may be mixed.
#[derive(Debug, Clone)]
pub struct Horizon {
    moment: Moment,
    /// Recorded time of each aggregate, made monotone by its running maximum: clocks of several gateways differ, and what
    /// came later in the log is never seen before what came earlier.
    latest: HashMap<Subject, Timestamp>,
}

impl Horizon {
    pub fn of(moment: Moment) -> Self {
        Horizon { moment, latest: HashMap::new() }
    }

    /// Whether the commit had been recorded. Commits that were written together are all seen by position, or none is.
    pub fn sees(&mut self, commit: &Positioned) -> bool {
        match self.moment {
            Moment::Position(position) => commit.end_of_group() <= position,
            Moment::Time(time) => {
                let latest = self.latest.entry(commit.subject).or_insert(commit.commit.recorded_at);
                *latest = commit.commit.recorded_at.max(*latest);
                *latest <= time
            }
        }
    }
}
