//! One aggregate in memory: its state, and whose turn it is.
//!
//! It is *awake* while somebody works with it and for a while after, and *idle* then: without a turn, and with its state
//! packed, if its kind can be. When that happens [`Wakefulness`] decides.

use std::mem;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use aggregates::Aggregate;
use tokio::sync::Mutex as Turn;

use super::Versioned;
use super::decision::Run;
use super::idle::{Packing, Wakefulness};
use super::snapshot::SNAPSHOT_EVERY;

pub struct Slot<A> {
    hot: Mutex<Hot<A>>,
}

struct Hot<A> {
    state: State<A>,
    /// Commands on the same aggregate take turns, so that one process does not conflict with itself. Reading needs no
    /// turn. Made for whoever asks, and gone only when nobody has it: never are there two.
    turn: Option<Arc<Turn<()>>>,
    /// Known to [`Wakefulness`], which will let it go idle.
    awake: bool,
    /// How many commits the newest snapshot holds. Not eight bytes: with them, slots would be one size class larger.
    set_aside: u32,
}

enum State<A> {
    Absent,
    Ready(Arc<Versioned<A>>),
    Packed(Box<[u8]>),
}

impl<A: Aggregate> Slot<A> {
    pub fn empty() -> Arc<Self> {
        let hot = Mutex::new(Hot { state: State::Absent, turn: None, awake: false, set_aside: 0 });
        Arc::new(Slot { hot })
    }

    /// Whose turn it is: to be locked by whoever decides on this aggregate.
    pub fn turn(self: &Arc<Self>, wakefulness: &Wakefulness<A>) -> Arc<Turn<()>> {
        let mut hot = self.hot();
        let turn = Arc::clone(hot.turn.get_or_insert_with(|| Arc::new(Turn::new(()))));
        self.wake(hot, wakefulness);
        turn
    }

    pub fn current(self: &Arc<Self>, wakefulness: &Wakefulness<A>) -> Option<Arc<Versioned<A>>> {
        let mut hot = self.hot();
        let packed = match &hot.state {
            State::Absent => return None,
            State::Ready(current) => return Some(Arc::clone(current)),
            State::Packed(packed) => packed,
        };
        // What cannot be unpacked is in the log.
        let current = wakefulness.packing()?.unpack(packed).map(Arc::new);
        hot.state = current.clone().map_or(State::Absent, State::Ready);
        self.wake(hot, wakefulness);
        current
    }

    /// Where the state stands, if it is here. Wakes nobody.
    pub fn position(&self) -> Option<u64> {
        match &self.hot().state {
            State::Absent => None,
            State::Ready(current) => Some(current.position),
            State::Packed(packed) => Packing::<A>::position(packed),
        }
    }

    /// Puts a state read from the log in. Needs the turn.
    pub fn put(&self, versioned: Versioned<A>) -> Arc<Versioned<A>> {
        let versioned = Arc::new(versioned);
        self.hot().state = State::Ready(Arc::clone(&versioned));
        versioned
    }

    /// Takes in the commits of a decision that was written on top of `current`: nobody sees some of them without the
    /// others. If the slot was emptied meanwhile it stays empty. Needs the turn.
    pub fn take_in(&self, mut current: Arc<Versioned<A>>, runs: &[Run<'_, A>]) -> Arc<Versioned<A>> {
        let mut hot = self.hot();
        let was_here = !matches!(mem::replace(&mut hot.state, State::Absent), State::Absent);
        // Copies the state only if somebody is still reading the old one.
        let after = Arc::make_mut(&mut current);
        runs.iter().for_each(|(events, recorded)| after.take_in(events, recorded));
        if was_here {
            hot.state = State::Ready(Arc::clone(&current));
        }
        current
    }

    pub fn evict(&self) {
        self.hot().state = State::Absent;
    }

    /// Whether enough has happened since this aggregate was last set aside.
    pub fn is_due(&self, versioned: &Versioned<A>) -> bool {
        versioned.commits >= u64::from(self.hot().set_aside) + SNAPSHOT_EVERY
    }

    /// The newest snapshot holds this many commits.
    pub fn was_set_aside(&self, commits: u64) {
        self.hot().set_aside = u32::try_from(commits).unwrap_or(u32::MAX);
    }

    /// Goes idle, unless it is somebody's turn.
    pub fn rest(&self, packing: Option<Packing<A>>) -> Result<(), InUse> {
        let mut hot = self.hot();
        // Turns are handed out under the lock that is held here: one that nobody else has stays so.
        if hot.turn.as_ref().is_some_and(|turn| Arc::strong_count(turn) > 1) {
            return Err(InUse);
        }
        if let (Some(packing), State::Ready(current)) = (packing, &hot.state) {
            hot.state = State::Packed(packing.pack(current));
        }
        hot.turn = None;
        hot.awake = false;
        Ok(())
    }

    fn wake(self: &Arc<Self>, mut hot: MutexGuard<'_, Hot<A>>, wakefulness: &Wakefulness<A>) {
        let was_awake = mem::replace(&mut hot.awake, true);
        drop(hot);
        if !was_awake {
            wakefulness.woken(self);
        }
    }

    fn hot(&self) -> MutexGuard<'_, Hot<A>> {
        // A panic while folding leaves half an event applied.
        self.hot.lock().unwrap_or_else(|poisoned: PoisonError<_>| {
            let mut hot = poisoned.into_inner();
            hot.state = State::Absent;
            hot
        })
    }
}

/// Somebody has the turn, or waits for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct InUse;

#[cfg(test)]
mod tests;
