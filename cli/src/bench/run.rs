//! One turn of one contestant, and the median of its turns.

use std::time::Duration;

use super::cpu::Spent;

/// What happened in one turn.
#[derive(Debug, Clone)]
pub struct Run {
    pub operations: u64,
    pub took: Duration,
    /// Ascending.
    pub latencies: Vec<Duration>,
    pub spent: Spent,
}

impl Run {
    pub fn new(took: Duration, mut latencies: Vec<Duration>, spent: Spent) -> Run {
        latencies.sort_unstable();
        let operations = u64::try_from(latencies.len()).unwrap_or(u64::MAX);
        Run { operations, took, latencies, spent }
    }

    /// Each operation was so many.
    pub fn times(self, factor: u64) -> Run {
        Run { operations: self.operations * factor, ..self }
    }

    pub fn per_second(&self) -> u64 {
        let nanos = self.took.as_nanos().max(1);
        u64::try_from(u128::from(self.operations) * 1_000_000_000 / nanos).unwrap_or(u64::MAX)
    }

    /// The latency that so many percent of the operations did not exceed.
    pub fn percentile(&self, percent: usize) -> Duration {
        let last = self.latencies.len().saturating_sub(1);
        self.latencies.get(last * percent / 100).copied().unwrap_or_default()
    }

    pub fn cpu(&self) -> String {
        self.spent.per_operation(self.operations)
    }
}

/// The turns of one contestant.
#[derive(Debug, Default)]
pub struct Turns(Vec<Run>);

impl Turns {
    pub fn push(&mut self, run: Run) {
        self.0.push(run);
    }

    /// The turn with the median rate.
    pub fn median(&self) -> &Run {
        self.median_by(Run::per_second)
    }

    /// The turn with the median of some other measure.
    pub fn median_by<K: Ord>(&self, measure: impl Fn(&Run) -> K) -> &Run {
        let mut turns: Vec<&Run> = self.0.iter().collect();
        turns.sort_by_key(|run| measure(run));
        turns[turns.len() / 2]
    }

    /// All turns as one, for percentiles that one turn alone is too short for.
    pub fn together(&self) -> Run {
        let latencies = self.0.iter().flat_map(|run| run.latencies.iter().copied()).collect();
        let took = self.0.iter().map(|run| run.took).sum();
        Run::new(took, latencies, Spent::default())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(millis: &[u64]) -> Run {
        let latencies: Vec<Duration> = millis.iter().copied().map(Duration::from_millis).collect();
        Run::new(latencies.iter().sum(), latencies, Spent::default())
    }

    #[test]
    fn the_median_turn_is_the_middle_one() {
        let mut turns = Turns::default();
        for millis in [&[40][..], &[10], &[20], &[500], &[5]] {
            turns.push(run(millis));
        }
        assert_eq!(turns.median().per_second(), 50);
    }

    #[test]
    fn a_percentile_is_an_operation_that_happened() {
        let millis: Vec<u64> = (1..=101).collect();
        assert_eq!(run(&millis).percentile(50), Duration::from_millis(51));
        assert_eq!(run(&millis).percentile(99), Duration::from_millis(100));
        assert_eq!(run(&[7]).percentile(99), Duration::from_millis(7));
        assert_eq!(run(&[]).percentile(99), Duration::ZERO);
    }
}
