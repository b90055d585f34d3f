//! The one place where the program looks at the clock and makes identities. Everything below is handed both.

use aggregates::time::{Clock, Timestamp};
use uuid::Uuid;

/// Real time.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "this is where time enters")]
    fn now(&self) -> Timestamp {
        let since_epoch = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
        Timestamp(i64::try_from(since_epoch.as_micros()).unwrap_or(i64::MAX))
    }
}

/// A random identity. Random, because an id must neither tell when it was made nor be guessed.
#[expect(clippy::disallowed_methods, reason = "this is where identities enter")]
pub fn new_id() -> Uuid {
    Uuid::new_v4()
}
