//! Answers kept for a bounded time and in bounded number. What was destroyed elsewhere is noticed when its lease ends.

use std::{hash::Hash, time::Duration};

use quick_cache::sync::Cache;
use tokio::time::Instant;

/// Longest time for which a key may be used without asking again whether it still exists. Erasure waits this long
/// before it calls a key gone from every process.
pub const KEY_LEASE: Duration = Duration::from_secs(60);

/// A bounded cache whose entries end.
pub(crate) struct Leases<K, V> {
    entries: Cache<K, Leased<V>>,
    /// Before any question whose answer is still good.
    origin: Instant,
    lease: Millis,
}

/// Milliseconds since the cache's origin, or between two of these. They wrap around after seven weeks, which is not
/// seen in differences: entries are swept long before. An instant would take four times the room, in very many entries.
type Millis = u32;

#[derive(Clone)]
struct Leased<V> {
    value: V,
    since: Millis,
}

/// When the question was asked. A lease counts from here: the answer may be as old as that.
#[derive(Clone, Copy)]
pub(crate) struct AskedAt(Instant);

impl AskedAt {
    pub(crate) fn now() -> Self {
        AskedAt(Instant::now())
    }
}

impl<K: Hash + Eq + Clone, V: Clone> Leases<K, V> {
    /// At most `most` entries, each for `lease`, capped by [`KEY_LEASE`].
    pub(crate) fn new(most: usize, lease: Duration) -> Self {
        let now = Instant::now();
        let origin = now.checked_sub(KEY_LEASE).unwrap_or(now);
        Leases { entries: Cache::new(most), origin, lease: millis(lease.min(KEY_LEASE)) }
    }

    pub(crate) fn get(&self, key: &K) -> Option<V> {
        self.entries.get(key).filter(|leased| self.runs(leased)).map(|leased| leased.value)
    }

    pub(crate) fn put(&self, key: K, value: V, asked: AskedAt) {
        self.entries.insert(key, Leased { value, since: self.at(asked.0) });
    }

    /// Lets go of one before its time.
    pub(crate) fn remove(&self, key: &K) {
        self.entries.remove(key);
    }

    /// Lets go of everything that does not fit.
    pub(crate) fn retain(&self, fits: impl Fn(&K, &V) -> bool) {
        self.entries.retain(|key, leased| fits(key, &leased.value));
    }

    /// Lets go of what has ended, so that unused keys do not stay in memory.
    pub(crate) fn sweep(&self) {
        self.entries.retain(|_, leased| self.runs(leased));
    }

    /// Both instants are rounded down, so the true age is less than a millisecond above this one, and below the lease
    /// if this one is.
    fn runs(&self, leased: &Leased<V>) -> bool {
        self.at(Instant::now()).wrapping_sub(leased.since) < self.lease
    }

    fn at(&self, instant: Instant) -> Millis {
        millis(instant.saturating_duration_since(self.origin))
    }
}

fn millis(duration: Duration) -> Millis {
    const WRAPS_AT: u128 = 1 << Millis::BITS;
    Millis::try_from(duration.as_millis() % WRAPS_AT).expect("a remainder is smaller than what was divided by")
}

#[cfg(test)]
mod tests;
