//! How much of the machine a filling takes: after each piece of work it rests in proportion.

use std::time::Duration;

/// The longest rest at once, so that progress is seen and a call to stop is heard.
const REST_MAX: Duration = Duration::from_secs(2);

/// How much of one processor's time is taken, in percent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Share(u32);

impl Share {
    pub const ALL: Share = Share(100);
    /// What a rebuild takes unless told otherwise: commands are to notice it by less than a fifth, on two processors which they
    /// keep busy themselves. At 50 they were slowed down by a third.
    pub const DEFAULT: Share = Share(Share::DEFAULT_PERCENT);
    pub const DEFAULT_PERCENT: u32 = 15;

    /// None unless it is 1 to 100.
    pub fn percent(percent: u32) -> Option<Share> {
        (1..=100).contains(&percent).then_some(Share(percent))
    }

    pub(super) fn rest_after(self, work: Duration) -> Duration {
        (work * (100 - self.0) / self.0).min(REST_MAX)
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
        assert_eq!((Share::percent(0), Share::percent(101)), (None, None));
    }
}
