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
    lease: Duration,
}

#[derive(Clone)]
struct Leased<V> {
    value: V,
    since: Instant,
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
        Leases { entries: Cache::new(most), lease: lease.min(KEY_LEASE) }
    }

    pub(crate) fn get(&self, key: &K) -> Option<V> {
        self.entries.get(key).filter(|leased| self.runs(leased)).map(|leased| leased.value)
    }

    pub(crate) fn put(&self, key: K, value: V, asked: AskedAt) {
        self.entries.insert(key, Leased { value, since: asked.0 });
    }

    /// Lets go of what has ended, so that unused keys do not stay in memory.
    pub(crate) fn sweep(&self) {
        self.entries.retain(|_, leased| self.runs(leased));
    }

    fn runs(&self, leased: &Leased<V>) -> bool {
        leased.since.elapsed() < self.lease
    }
}

#[cfg(test)]
mod tests;
