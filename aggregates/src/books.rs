//! The books of one merchant: what was issued, spent, taken back and gone, period by period.
//!
//! A period is closed in two steps. First a line is drawn: whatever is recorded from then on belongs to a later period,
//! also a fact that happened long before. Then the figures of what lies before the line are put on record, signed. They
//! are never restated.
//!
//! **Book time** is the recorded time of the merchant's points and books, made monotone by its running maximum in the
//! order of the log: clocks of several gateways differ, and no entry may slip behind a line.

mod flow;
mod statement;
#[cfg(test)]
mod tests;

use serde::{Deserialize, Serialize};

pub use flow::Flow;
pub use statement::{Rate, Signature, Statement};

use crate::{
    Aggregate, Context,
    event::{Recorded, events},
    time::Timestamp,
};

events! {
    /// What happened to the books.
    BooksEvent {
        /// Nothing recorded from here on belongs to what lies before.
        LineDrawn(LineDrawn) = "books.line_drawn" v 1;
        PeriodClosed(PeriodClosed) = "books.period_closed" v 1;
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct LineDrawn {
    /// The first instant that does not belong to the period: a midnight, UTC.
    pub until: Timestamp,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PeriodClosed {
    pub statement: Statement,
    /// By the installation, over [`Statement::text`].
    pub signature: Signature,
}

#[derive(Debug, Clone)]
pub enum BooksCommand {
    DrawLine { until: Timestamp, now: Timestamp },
    Close(Box<PeriodClosed>),
}

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BooksRefusal {
    #[error("a period ends at midnight, UTC")]
    NotAMidnight,
    #[error("the period is not over")]
    NotOver,
    #[error("the books are closed until {until}")]
    ClosedLater { until: Timestamp },
    /// Somebody has begun to close a period; that one first.
    #[error("closing the period until {until} was begun: complete that first")]
    AnotherLine { until: Timestamp },
    /// The figures are not those of the period that the line ends. Nothing a caller of the door can cause.
    #[error("the figures do not fit: {0}")]
    DoesNotFit(&'static str),
}

/// A line that no figures have followed yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Line {
    pub until: Timestamp,
    /// Where it was drawn: everything of the period stands before.
    pub position: u64,
}

/// Closed periods, the oldest first, and whatever is being closed.
#[derive(Debug, Clone, Default)]
pub struct Books {
    pub closed: Vec<(Recorded, PeriodClosed)>,
    pub line: Option<Line>,
}

impl Books {
    pub fn last(&self) -> Option<&Statement> {
        self.closed.last().map(|(_, closed)| &closed.statement)
    }

    /// The period that ends at this instant.
    pub fn ending_at(&self, until: Timestamp) -> Option<&(Recorded, PeriodClosed)> {
        self.closed.iter().find(|(_, closed)| closed.statement.until == until)
    }

    fn draw_line(&self, until: Timestamp, now: Timestamp) -> Result<Vec<BooksEvent>, BooksRefusal> {
        if until.0.rem_euclid(Timestamp::MICROS_PER_DAY) != 0 {
            return Err(BooksRefusal::NotAMidnight);
        }
        if self.ending_at(until).is_some() {
            return Ok(Vec::new());
        }
        match (self.last(), self.line) {
            (Some(last), _) if last.until > until => Err(BooksRefusal::ClosedLater { until: last.until }),
            (_, Some(line)) if line.until == until => Ok(Vec::new()),
            (_, Some(line)) => Err(BooksRefusal::AnotherLine { until: line.until }),
            (_, None) if until > now => Err(BooksRefusal::NotOver),
            (_, None) => Ok(vec![BooksEvent::LineDrawn(LineDrawn { until })]),
        }
    }

    fn close(&self, closed: &PeriodClosed) -> Result<Vec<BooksEvent>, BooksRefusal> {
        let statement = &closed.statement;
        if self.ending_at(statement.until).is_some() {
            return Ok(Vec::new());
        }
        let line = self.line.ok_or(BooksRefusal::DoesNotFit("no line was drawn"))?;
        let (number, from, opening) =
            self.last().map_or((1, None, 0), |last| (last.period + 1, Some(last.until), last.closing));
        if (statement.until, statement.line) != (line.until, line.position) {
            return Err(BooksRefusal::DoesNotFit("they end at another line"));
        }
        if (statement.period, statement.from, statement.opening) != (number, from, opening) {
            return Err(BooksRefusal::DoesNotFit("they do not begin where the last period ended"));
        }
        if !statement.balances() {
            return Err(BooksRefusal::DoesNotFit("they do not balance"));
        }
        Ok(vec![BooksEvent::PeriodClosed(closed.clone())])
    }
}

impl Aggregate for Books {
    const CONTEXT: Context = Context::Books;
    type Event = BooksEvent;
    type Command = BooksCommand;
    type Refusal = BooksRefusal;

    fn decide(&self, command: &BooksCommand) -> Result<Vec<BooksEvent>, BooksRefusal> {
        match command {
            BooksCommand::DrawLine { until, now } => self.draw_line(*until, *now),
            BooksCommand::Close(closed) => self.close(closed),
        }
    }

    fn apply(&mut self, event: &BooksEvent, recorded: &Recorded) {
        match event {
            BooksEvent::LineDrawn(drawn) => {
                self.line = Some(Line { until: drawn.until, position: recorded.position });
            }
            BooksEvent::PeriodClosed(closed) => {
                self.line = None;
                self.closed.push((*recorded, closed.clone()));
            }
        }
    }
}
