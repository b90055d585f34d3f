//! How often a task is tried, and when again.

/// Before the second attempt, unless a kind says otherwise.
pub const FIRST_PAUSE_SECONDS: i64 = 5;
/// However often it has failed, unless a kind says otherwise.
pub const LONGEST_PAUSE_SECONDS: i64 = 3_600;

/// A kind's patience.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RetryPolicy {
    /// Attempts before a task is dead; at least 1.
    pub attempts_max: u16,
    pub first_pause_seconds: i64,
    pub longest_pause_seconds: i64,
}

impl Default for RetryPolicy {
    /// Twelve attempts over about eight hours.
    fn default() -> Self {
        RetryPolicy {
            attempts_max: 12,
            first_pause_seconds: FIRST_PAUSE_SECONDS,
            longest_pause_seconds: LONGEST_PAUSE_SECONDS,
        }
    }
}

impl RetryPolicy {
    /// Seconds until the attempt after this one (from 1): twice as long each time, up to the longest. Between half of it and
    /// all of it, as `jitter` decides, so that tasks which failed together do not come back together.
    pub fn pause_seconds(&self, attempt: u16, jitter: u8) -> i64 {
        let doublings = u32::from(attempt.saturating_sub(1)).min(40);
        let whole = self.first_pause_seconds.saturating_mul(1_i64 << doublings).min(self.longest_pause_seconds);
        let half = whole / 2;
        half + (whole - half) * i64::from(jitter) / i64::from(u8::MAX)
    }

    pub const fn is_last(&self, attempt: u16) -> bool {
        attempt >= self.attempts_max
    }
}
