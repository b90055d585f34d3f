//! How much of the machine a filling takes: after each piece of work it rests in proportion.

use std::time::Duration;

/// The longest rest at once, so that progress is seen and a call to stop is heard.
const REST_MAX: Duration = Duration::from_secs(2);

/// How much of one processor's time is taken, in percent. Above a hundred it is that of several: so many lanes fold at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Share(u32);

impl Share {
    pub const ALL: Share = Share(100);
    /// More lanes than this would wait for whoever reads the log.
    pub const PERCENT_MAX: u32 = 800;

    /// None unless it is 1 to [`Share::PERCENT_MAX`].
    pub fn percent(percent: u32) -> Option<Share> {
        (1..=Share::PERCENT_MAX).contains(&percent).then_some(Share(percent))
    }

    /// How many fold at once.
    pub fn lanes(self) -> u32 {
        self.0.div_ceil(100)
    }

    /// All lanes work, and all rest.
    pub(super) fn rest_after(self, work: Duration) -> Duration {
        (work * (self.lanes() * 100 - self.0) / self.0).min(REST_MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn half_a_processor_rests_as_long_as_it_works_and_nobody_rests_for_long() {
        let rests = |percent| {
            let share = Share::percent(percent).unwrap();
            [10, 1_000, 60_000].map(|millis| share.rest_after(Duration::from_millis(millis)).as_millis())
        };
        assert_eq!(rests(50), [10, 1_000, 2_000]);
        assert_eq!(rests(100), [0, 0, 0]);
        assert_eq!(rests(1), [990, 2_000, 2_000]);
        assert_eq!((Share::percent(0), Share::percent(801)), (None, None));
    }

    #[test]
    fn more_than_one_processor_is_taken_in_lanes_that_rest_together() {
        let share = |percent| Share::percent(percent).unwrap();
        assert_eq!([1, 100, 101, 150, 200, 800].map(|percent| share(percent).lanes()), [1, 1, 2, 2, 2, 8]);
        let rests = [150, 200, 400].map(|percent| share(percent).rest_after(Duration::from_millis(300)).as_millis());
        assert_eq!(rests, [100, 0, 0]);
    }
}
