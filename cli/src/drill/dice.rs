//! Chance that can be repeated: the same seed gives the same choices.

use std::{ops::Range, time::Duration};

/// SplitMix64: one multiplication chain over a counter. Good enough for choices, useless for secrets.
#[derive(Debug, Clone)]
pub struct Dice(u64);

impl Dice {
    pub fn of(seed: u64) -> Self {
        Dice(seed)
    }

    pub fn roll(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut word = self.0;
        word = (word ^ (word >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        word = (word ^ (word >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        word ^ (word >> 31)
    }

    /// From 0 up to, not including, `limit`, which is not 0. The tiny bias does not matter here.
    pub fn below(&mut self, limit: u64) -> u64 {
        self.roll() % limit
    }

    pub fn one_in(&mut self, chances: u64) -> bool {
        self.below(chances) == 0
    }

    pub fn millis(&mut self, range: Range<u64>) -> Duration {
        Duration::from_millis(range.start + self.below(range.end - range.start))
    }

    /// Every one of them once, in an order of chance.
    pub fn shuffled<T, const N: usize>(&mut self, them: [T; N]) -> Vec<T> {
        let mut shuffled: Vec<(u64, T)> = them.into_iter().map(|one| (self.roll(), one)).collect();
        shuffled.sort_by_key(|(roll, _)| *roll);
        shuffled.into_iter().map(|(_, one)| one).collect()
    }
}
