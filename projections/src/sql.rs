//! Our values in Postgres' types.

use aggregates::time::Timestamp;
use chrono::{DateTime, Utc};

/// Journal times fit: chrono spans a quarter of a million years around ours.
pub(crate) fn timestamptz(at: Timestamp) -> DateTime<Utc> {
    DateTime::from_timestamp_micros(at.0).unwrap_or(DateTime::<Utc>::MAX_UTC)
}

pub(crate) fn timestamp(at: DateTime<Utc>) -> Timestamp {
    Timestamp(at.timestamp_micros())
}

/// Positions in the journal start at 1 and stay far below the limits of a bigint.
pub(crate) fn bigint(position: u64) -> i64 {
    i64::try_from(position).unwrap_or(i64::MAX)
}

pub(crate) fn position(bigint: i64) -> u64 {
    u64::try_from(bigint).unwrap_or(0)
}
