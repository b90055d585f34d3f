//! Retention: rows of tables whose axis is time may be let go of after so many days. The log keeps everything; a table says
//! less than the log from then on, and [`kept_from`] says since when it says all.
//!
//! Nothing is let go of unless the installation's setting names the table. What other answers are made from stays: a history
//! is folded into how it stood ([`tables::Manner`]), days into the months that were rolled up of them.
//!
//! A rebuild brings every row back, and the next [`pass`] lets go of it again: so comparisons leave out what is older.

mod pass;
mod tables;

use std::{collections::BTreeMap, fmt, str::FromStr, sync::Arc, time::Duration};

use aggregates::time::{Clock, Timestamp};
use chrono::{DateTime, Utc};
use sqlx::{PgExecutor, PgPool};
use tokio_util::sync::CancellationToken;

use crate::sql::timestamp;

pub use pass::{LetGo, pass};
pub(crate) use tables::kept_condition;
use tables::{TABLES, Table};

/// Rows that are younger are never let go of: mails, tiers and people look back so far.
pub const DAYS_MIN: u32 = 90;
/// Time between two passes.
const PASS_EVERY: Duration = Duration::from_secs(6 * 3_600);

/// For how many days which tables keep their rows.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Retention(BTreeMap<&'static str, u32>);

/// Why text is no such setting.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RetentionFault {
    #[error("`{0}` is not TABLE=DAYS")]
    Shape(String),
    #[error("`{0}` keeps all of its rows; those that need not are {names}", names = names())]
    Table(String),
    #[error("{table} keeps its rows for {DAYS_MIN} days at least")]
    TooShort { table: &'static str },
}

fn names() -> String {
    TABLES.map(|table| table.name).join(", ")
}

impl FromStr for Retention {
    type Err = RetentionFault;

    /// `audit_logs=730,points_transactions=3650`; nothing is let go of of tables that it does not name.
    fn from_str(text: &str) -> Result<Self, RetentionFault> {
        let mut days = BTreeMap::new();
        for part in text.split(',').map(str::trim).filter(|part| !part.is_empty()) {
            let shape = || RetentionFault::Shape(part.to_owned());
            let (name, number) = part.split_once('=').ok_or_else(shape)?;
            let table = TABLES.iter().find(|table| table.name == name.trim());
            let table = table.ok_or_else(|| RetentionFault::Table(name.trim().to_owned()))?.name;
            let number: u32 = number.trim().parse().map_err(|_| shape())?;
            if number < DAYS_MIN {
                return Err(RetentionFault::TooShort { table });
            }
            days.insert(table, number);
        }
        Ok(Retention(days))
    }
}

impl fmt::Display for Retention {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let parts: Vec<String> = self.0.iter().map(|(table, days)| format!("{table}={days}")).collect();
        f.write_str(&parts.join(","))
    }
}

impl Retention {
    /// Whether every row is kept.
    pub fn keeps_everything(&self) -> bool {
        self.0.is_empty()
    }

    /// Tables of which something may go, and from when on their rows are kept.
    fn horizons(&self, now: Timestamp) -> impl Iterator<Item = (&'static Table, Timestamp)> {
        TABLES.iter().filter_map(move |table| {
            let days = i64::from(*self.0.get(table.name)?);
            Some((table, table.horizon(Timestamp(now.0.saturating_sub(days * Timestamp::MICROS_PER_DAY)))))
        })
    }
}

/// Since when the live table of this name (without schema) has all that the log tells; none if it always had.
///
/// # Errors
/// Those of the database.
pub async fn kept_from(db: impl PgExecutor<'_>, table: &str) -> Result<Option<Timestamp>, sqlx::Error> {
    let from: Option<DateTime<Utc>> = sqlx::query_scalar("select kept_from from read.retention where table_name = $1")
        .bind(table)
        .fetch_optional(db)
        .await?;
    Ok(from.map(timestamp))
}

/// Passes now and then, until `stop`. Of several workers one does.
pub async fn run(db: PgPool, retention: Retention, clock: Arc<dyn Clock>, stop: CancellationToken) {
    if retention.keeps_everything() {
        return;
    }
    loop {
        match pass(&db, &retention, clock.now()).await {
            Ok(gone) => {
                for LetGo { table, rows } in gone.iter().filter(|gone| gone.rows > 0) {
                    tracing::info!(table, rows, "rows that are old enough were let go of");
                }
            }
            Err(error) => tracing::warn!(%error, "old rows stay for now"),
        }
        tokio::select! {
            () = stop.cancelled() => return,
            () = tokio::time::sleep(PASS_EVERY) => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_setting_is_read_as_it_is_written_and_says_nothing_of_other_tables() {
        let retention: Retention = " points_transactions=3650, audit_logs=730 ,".parse().unwrap();
        assert_eq!(retention.to_string(), "audit_logs=730,points_transactions=3650");
        assert_eq!(retention.to_string().parse(), Ok(retention.clone()));
        let now = Timestamp(4_000 * Timestamp::MICROS_PER_DAY);
        let horizons: Vec<_> = retention.horizons(now).map(|(table, from)| (table.name, from)).collect();
        let days = |days: i64| Timestamp(days * Timestamp::MICROS_PER_DAY);
        assert_eq!(horizons, [("audit_logs", days(3_270)), ("points_transactions", days(350))]);
        assert!("".parse::<Retention>().unwrap().keeps_everything());
    }

    #[test]
    fn a_setting_that_means_nothing_is_refused() {
        let fault = |text: &str| text.parse::<Retention>().unwrap_err();
        assert_eq!(fault("audit_logs"), RetentionFault::Shape("audit_logs".to_owned()));
        assert_eq!(fault("audit_logs=two years"), RetentionFault::Shape("audit_logs=two years".to_owned()));
        assert_eq!(fault("balances=400"), RetentionFault::Table("balances".to_owned()));
        assert_eq!(fault("audit_logs=89"), RetentionFault::TooShort { table: "audit_logs" });
    }
}
