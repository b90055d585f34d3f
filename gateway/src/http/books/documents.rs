//! The books in the words of the API.

use aggregates::{
    books::{Flow, PeriodClosed, Rate},
    event::Recorded,
    id::MerchantId,
    money::Currency,
    time::Timestamp,
};
use chrono::{Datelike, Months, NaiveDate};
use projections::books::{Day, DayEntry};
use serde::Serialize;
use utoipa::ToSchema;

use crate::{commands::books::Between, http::AsOf};

/// `opening + issued + restored − redeemed − expired − reversed − forfeited = closing`, in points. In a period a figure
/// may be negative where it corrects one of an earlier period.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
pub struct Figures {
    /// Points that customers held, less what they owed.
    pub opening: i64,
    pub issued: i64,
    /// Given back: spending undone, reversals that turned out too large.
    pub restored: i64,
    pub redeemed: i64,
    pub expired: i64,
    /// Taken back: refunds, cancellations, corrections.
    pub reversed: i64,
    /// Given up when their owner was erased.
    pub forfeited: i64,
    /// The sum of all lots, less all debt.
    pub closing: i64,
}

impl Figures {
    fn new(opening: i64, flow: &Flow) -> Figures {
        Figures {
            opening,
            issued: flow.issued,
            restored: flow.restored,
            redeemed: flow.redeemed,
            expired: flow.expired,
            reversed: flow.reversed,
            forfeited: flow.forfeited,
            closing: opening + flow.net(),
        }
    }

    fn valued_at(&self, rate: &Rate) -> Figures {
        Figures {
            opening: rate.value_of(self.opening),
            issued: rate.value_of(self.issued),
            restored: rate.value_of(self.restored),
            redeemed: rate.value_of(self.redeemed),
            expired: rate.value_of(self.expired),
            reversed: rate.value_of(self.reversed),
            forfeited: rate.value_of(self.forfeited),
            closing: rate.value_of(self.closing),
        }
    }
}

/// What points are worth: the programme's redemption rate as of the end.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct RateDocument {
    pub points: i64,
    pub amount_minor: i64,
    /// As the shop's orders state it; `null` before the first order.
    pub currency: Option<String>,
    pub program_version: u32,
}

impl RateDocument {
    fn of(rate: &Rate) -> Self {
        RateDocument {
            points: rate.points,
            amount_minor: rate.amount_minor,
            currency: rate.currency.as_ref().map(Currency::as_str).map(str::to_owned),
            program_version: rate.program_version,
        }
    }
}

#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = Books)]
pub struct BooksDocument {
    /// The first day; `null` for the beginning of the books.
    pub from: Option<String>,
    /// The day after the last.
    pub to: String,
    pub points: Figures,
    pub rate: RateDocument,
    /// The same figures in minor units at that rate, each rounded towards zero: their sums may differ by a unit.
    pub value_minor: Figures,
    /// With `by`: each day or month in which something came or went, the oldest first.
    pub entries: Vec<EntryDocument>,
    pub as_of: AsOf,
    /// Something of this merchant cannot be read, and is not in these figures.
    pub incomplete: bool,
}

impl BooksDocument {
    pub fn new(from: Option<Day>, to: Day, between: &Between, entries: Vec<EntryDocument>, as_of: AsOf) -> Self {
        let points = Figures::new(between.opening, &between.flow);
        BooksDocument {
            from: from.as_ref().map(Day::to_string),
            to: to.to_string(),
            points,
            rate: RateDocument::of(&between.rate),
            value_minor: points.valued_at(&between.rate),
            entries,
            as_of,
            incomplete: false,
        }
    }
}

/// A day or a month.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = BooksEntry)]
pub struct EntryDocument {
    pub from: String,
    pub to: String,
    pub points: Figures,
}

/// What entries are gathered by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    Day,
    Month,
}

impl Step {
    fn around(self, day: Day) -> (NaiveDate, NaiveDate) {
        let date = day.date();
        match self {
            Step::Day => (date, date.succ_opt().unwrap_or(NaiveDate::MAX)),
            Step::Month => {
                let first = date.with_day(1).unwrap_or(date);
                (first, first.checked_add_months(Months::new(1)).unwrap_or(NaiveDate::MAX))
            }
        }
    }
}

/// Entries of the days, each with what it began and ended with.
pub fn entries(between: &Between, days: &[DayEntry], step: Option<Step>) -> Vec<EntryDocument> {
    let Some(step) = step else { return Vec::new() };
    // Days before the first one listed are in its opening.
    let listed: Flow = days.iter().map(|entry| entry.flow).sum();
    let mut opening = between.closing() - listed.net();
    let mut entries = Vec::new();
    for group in days.chunk_by(|one, next| step.around(one.day) == step.around(next.day)) {
        let flow: Flow = group.iter().map(|entry| entry.flow).sum();
        let (from, to) = step.around(group[0].day);
        let points = Figures::new(opening, &flow);
        opening = points.closing;
        entries.push(EntryDocument { from: from.to_string(), to: to.to_string(), points });
    }
    entries
}

/// A closed period.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = BooksPeriod)]
pub struct PeriodDocument {
    /// From 1, without gaps.
    pub period: u32,
    /// `null` for the beginning of the books.
    pub from: Option<String>,
    pub until: String,
    pub points: Figures,
    pub rate: RateDocument,
    pub value_minor: Figures,
    /// Where in the journal the line was drawn: everything of the period stands before.
    pub line_position: u64,
    pub closed_at: String,
    pub position: u64,
    /// What was signed: plain text.
    pub statement: String,
    /// Ed25519, hexadecimal.
    pub signature: String,
    pub public_key: String,
}

impl PeriodDocument {
    pub fn new(merchant: MerchantId, recorded: &Recorded, closed: &PeriodClosed, key: &[u8; 32]) -> Self {
        let statement = &closed.statement;
        let points = Figures::new(statement.opening, &statement.flow);
        PeriodDocument {
            period: statement.period,
            from: statement.from.map(Timestamp::to_rfc3339),
            until: statement.until.to_rfc3339(),
            points,
            rate: RateDocument::of(&statement.rate),
            value_minor: points.valued_at(&statement.rate),
            line_position: statement.line,
            closed_at: recorded.at.to_rfc3339(),
            position: recorded.position,
            statement: statement.text(merchant),
            signature: closed.signature.to_string(),
            public_key: hex::encode(key),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn months_begin_where_the_one_before_ended_and_the_first_with_what_was_there() {
        let entry = |date: &str, issued| DayEntry {
            day: Day::of_date(date.parse().unwrap()),
            flow: Flow { issued, ..Flow::default() },
        };
        let days = [entry("2026-01-30", 5), entry("2026-01-31", 1), entry("2026-03-02", 7)];
        let rate = Rate { program_version: 1, points: 100, amount_minor: 100, currency: None };
        let between = Between { opening: 10, flow: Flow { issued: 13, ..Flow::default() }, rate };
        let months = entries(&between, &days, Some(Step::Month));
        let told: Vec<_> =
            months.iter().map(|month| (month.from.as_str(), month.points.opening, month.points.closing)).collect();
        assert_eq!(told, [("2026-01-01", 10, 16), ("2026-03-01", 16, 23)]);
        assert_eq!(months[1].to, "2026-04-01");
    }
}
