//! Instants and spans. Nothing here reads a clock: whoever decides is told what time it is.

use chrono::{DateTime, SecondsFormat};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::text;

/// Microseconds since 1970-01-01T00:00:00Z.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub struct Timestamp(pub i64);

impl Serialize for Timestamp {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        text::write(serializer, self, &self.0)
    }
}

impl<'de> Deserialize<'de> for Timestamp {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        text::read(deserializer, |text| Timestamp::parse(text).ok(), Timestamp)
    }
}

/// Text that is not an RFC 3339 instant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not an RFC 3339 time")]
pub struct NotATime;

impl Timestamp {
    pub const MICROS_PER_SECOND: i64 = 1_000_000;
    pub const MICROS_PER_DAY: i64 = 86_400 * Self::MICROS_PER_SECOND;

    pub fn parse(text: &str) -> Result<Self, NotATime> {
        DateTime::parse_from_rfc3339(text).map(|time| Timestamp(time.timestamp_micros())).map_err(|_| NotATime)
    }

    /// `2026-11-22T16:00:00.000Z`, in UTC.
    pub fn to_rfc3339(self) -> String {
        DateTime::from_timestamp_micros(self.0).unwrap_or_default().to_rfc3339_opts(SecondsFormat::AutoSi, true)
    }

    /// The second that it falls into.
    pub fn whole_second(self) -> Self {
        Timestamp(self.0 - self.0.rem_euclid(Self::MICROS_PER_SECOND))
    }

    /// Whether this had happened by a time that a shop tells. Shops tell whole seconds: whatever happened within such a second
    /// had happened by then. Otherwise an order right after a click, or after a change of the rules, would seem to have come before.
    pub fn had_happened_by(self, told: Timestamp) -> bool {
        let by_the_second = told == told.whole_second();
        if by_the_second { self.whole_second() <= told } else { self <= told }
    }

    /// Days of 86,400 seconds. Saturates, so that a settings typo cannot wrap into the past.
    pub fn plus_days(self, days: u32) -> Self {
        Timestamp(self.0.saturating_add(i64::from(days) * Self::MICROS_PER_DAY))
    }

    pub fn plus_seconds(self, seconds: i64) -> Self {
        Timestamp(self.0.saturating_add(seconds.saturating_mul(Self::MICROS_PER_SECOND)))
    }
}

impl std::fmt::Display for Timestamp {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.to_rfc3339())
    }
}

/// Where the outermost layer gets the time from. Everything below is told.
pub trait Clock: Send + Sync + 'static {
    fn now(&self) -> Timestamp;
}
