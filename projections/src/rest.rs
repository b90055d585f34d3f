//! How long the database rests between two transactions of one projection: all of them together would otherwise keep a
//! busy database busy with small ones. Whoever was quiet for longer writes at once.

use std::time::Duration;

use tokio::time::Instant;

/// A projection writes for at most a third of the time: the busier the database, the fewer and larger the transactions.
const REST_PER_WORK: u32 = 2;
/// However quick the database.
const REST_MIN: Duration = Duration::from_millis(10);
/// However slow it is: readers wait for this.
const REST_MAX: Duration = Duration::from_millis(40);
/// When there are no rows to write, only the checkpoint.
const REST_OF_OTHERS: Duration = Duration::from_millis(100);

/// The rest after a transaction.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Rest {
    since: Instant,
    long: Duration,
}

impl Rest {
    pub fn after_work(began: Instant, ended: Instant) -> Self {
        let long = (ended - began).saturating_mul(REST_PER_WORK).clamp(REST_MIN, REST_MAX);
        Rest { since: ended, long }
    }

    /// When the next transaction may begin, if it has rows to write, or else if it has not.
    pub fn is_over_at(&self, has_rows: bool) -> Instant {
        self.since + if has_rows { self.long } else { REST_OF_OTHERS }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rest_after(work: Duration, has_rows: bool) -> Duration {
        let began = Instant::now();
        Rest::after_work(began, began + work).is_over_at(has_rows) - (began + work)
    }

    #[test]
    fn the_longer_the_work_the_longer_the_rest_within_bounds() {
        let millis = Duration::from_millis;
        let rests = [0, 1, 5, 12, 20, 1_000].map(|work| rest_after(millis(work), true));
        assert_eq!(rests, [10, 10, 10, 24, 40, 40].map(millis));
    }

    #[test]
    fn a_checkpoint_alone_can_wait() {
        assert_eq!(rest_after(Duration::from_secs(1), false), REST_OF_OTHERS);
        assert!(REST_OF_OTHERS > REST_MAX);
    }
}
