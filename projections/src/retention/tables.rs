//! Tables of which something may go, and what has to stay of them.

use aggregates::time::Timestamp;
use sqlx::PgConnection;

use crate::{books::Day, daily_totals::Month, generation::tables::bare, sql::timestamptz};

/// A table whose axis is time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Table {
    /// In schema `read`, and the word of the setting.
    pub name: &'static str,
    /// Which rows are older than the time in `$1`.
    pub(super) older: &'static str,
    pub(super) manner: Manner,
}

/// How old rows go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Manner {
    /// Row by row.
    Rows { key: &'static str },
    /// Days of months that are rolled up, and not the newest month of a merchant: it may still change.
    DaysOfMonths,
    /// All but the last before the horizon of each customer, which becomes the first: whoever counts how many came into a
    /// segment and left it since counts the same.
    FoldedByCustomer,
}

pub(crate) const TABLES: [Table; 4] = [
    Table {
        name: "audit_logs",
        older: "recorded_at < $1",
        manner: Manner::Rows { key: "merchant, recorded_at, position, line" },
    },
    Table { name: "daily_totals", older: "day < ($1 at time zone 'UTC')::date", manner: Manner::DaysOfMonths },
    Table {
        name: "points_transactions",
        older: "recorded_at < $1",
        manner: Manner::Rows { key: "merchant, customer, recorded_at, position, line" },
    },
    Table { name: "rfm_score_history", older: "recorded_at < $1", manner: Manner::FoldedByCustomer },
];

impl Table {
    /// From when on rows are kept, if they need not be from before `from`: whole days, or whole months.
    pub(super) fn horizon(&self, from: Timestamp) -> Timestamp {
        match self.manner {
            Manner::DaysOfMonths => Month::of(Day::of(from)).first_day().start(),
            Manner::Rows { .. } | Manner::FoldedByCustomer => Day::of(from).start(),
        }
    }
}

/// The condition on rows of a table (with schema) that are kept for certain, for comparisons; none if all are.
pub(crate) async fn kept_condition(db: &mut PgConnection, table: &str) -> Result<Option<String>, sqlx::Error> {
    let Some(table) = TABLES.iter().find(|known| known.name == bare(table)) else { return Ok(None) };
    let from = super::kept_from(db, table.name).await?;
    let literal = |from: Timestamp| format!("'{}'::timestamptz", timestamptz(from).to_rfc3339());
    Ok(from.map(|from| format!("not ({})", table.older.replace("$1", &literal(from)))))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_go_by_whole_months_and_other_rows_by_whole_days() {
        let noon: Timestamp = Timestamp::parse("2026-11-23T12:00:00Z").unwrap();
        let horizon = |name: &str| {
            let table = TABLES.iter().find(|table| table.name == name).unwrap();
            table.horizon(noon).to_rfc3339()
        };
        assert!(horizon("daily_totals").starts_with("2026-11-01T00:00:00"));
        assert!(horizon("audit_logs").starts_with("2026-11-23T00:00:00"));
    }
}
