//! How long to wait before trying again.

use std::time::Duration;

use super::Ids;

/// How often a command is decided before it is given up as contended.
pub const MAX_ATTEMPTS: u32 = 10;
/// The longest first pause; doubles with each attempt.
const FIRST_PAUSE: Duration = Duration::from_millis(2);
/// No pause is longer.
const LONGEST_PAUSE: Duration = Duration::from_millis(250);

/// Counts attempts, and spreads those who lost the same race.
pub struct Retry<'a> {
    ids: &'a dyn Ids,
    attempts: u32,
}

impl<'a> Retry<'a> {
    pub fn new(ids: &'a dyn Ids) -> Self {
        Retry { ids, attempts: 0 }
    }

    /// Waits a random time, longer with each attempt. `false`, at once, when all attempts are used up.
    pub async fn pause(&mut self) -> bool {
        self.attempts += 1;
        if self.attempts >= MAX_ATTEMPTS {
            return false;
        }
        let longest = (FIRST_PAUSE * 2_u32.saturating_pow(self.attempts - 1)).min(LONGEST_PAUSE);
        let share = u32::from(self.ids.next().as_bytes()[0]);
        tokio::time::sleep(longest * share / u32::from(u8::MAX)).await;
        true
    }
}
