//! One hot aggregate: its state, and whose turn it is.

use std::sync::{Arc, Mutex, PoisonError};

use aggregates::Aggregate;
use tokio::sync::Mutex as Turn;

use super::Versioned;
use super::decision::Run;
use super::snapshot::SNAPSHOT_EVERY;

/// Commands on the same aggregate take turns, so that one process does not conflict with itself. Reading needs no turn.
pub struct Slot<A> {
    pub turn: Arc<Turn<()>>,
    hot: Mutex<Hot<A>>,
}

struct Hot<A> {
    current: Option<Arc<Versioned<A>>>,
    /// How many commits the newest snapshot holds.
    set_aside: u64,
}

impl<A: Aggregate> Slot<A> {
    pub fn empty() -> Arc<Self> {
        let hot = Mutex::new(Hot { current: None, set_aside: 0 });
        Arc::new(Slot { turn: Arc::new(Turn::new(())), hot })
    }

    pub fn current(&self) -> Option<Arc<Versioned<A>>> {
        self.hot().current.clone()
    }

    /// Puts a state read from the log in.
    pub fn put(&self, versioned: Versioned<A>) -> Arc<Versioned<A>> {
        let versioned = Arc::new(versioned);
        self.hot().current = Some(Arc::clone(&versioned));
        versioned
    }

    /// Takes in the commits of a decision that was written on top of `current`: nobody sees some of them without the
    /// others. If the slot was emptied meanwhile it stays empty.
    pub fn take_in(&self, mut current: Arc<Versioned<A>>, runs: &[Run<'_, A>]) -> Arc<Versioned<A>> {
        let mut hot = self.hot();
        let was_here = hot.current.take().is_some();
        // Copies the state only if somebody is still reading the old one.
        let after = Arc::make_mut(&mut current);
        runs.iter().for_each(|(events, recorded)| after.take_in(events, recorded));
        hot.current = was_here.then(|| Arc::clone(&current));
        current
    }

    pub fn evict(&self) {
        self.hot().current = None;
    }

    /// Whether enough has happened since this aggregate was last set aside.
    pub fn is_due(&self, versioned: &Versioned<A>) -> bool {
        versioned.commits >= self.hot().set_aside + SNAPSHOT_EVERY
    }

    /// The newest snapshot holds this many commits.
    pub fn was_set_aside(&self, commits: u64) {
        self.hot().set_aside = commits;
    }

    fn hot(&self) -> std::sync::MutexGuard<'_, Hot<A>> {
        // A panic while folding leaves half an event applied.
        self.hot.lock().unwrap_or_else(|poisoned: PoisonError<_>| {
            let mut hot = poisoned.into_inner();
            hot.current = None;
            hot
        })
    }
}
