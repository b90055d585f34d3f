//! Most aggregates in memory are idle at any moment. Those that were used lately are kept ready; the others are packed,
//! into a fraction of the room.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use aggregates::Aggregate;
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::Versioned;
use super::slot::{InUse, Slot};

/// Aggregates of one kind that are kept ready: more than have commands under way at the same time, as each of these
/// looks at its aggregate several times.
pub const AWAKE_MOST: usize = 1_024;
/// Two, so that there are not too many for ever after a moment in which all of them were in use.
const GO_IDLE_FOR_ONE_THAT_WAKES: usize = 2;
/// Room for a state while it is packed; one that needs more makes more.
const PACKED_BYTES_FORESEEN: usize = 1_024;

/// How states of one kind are packed: as postcard bytes, the position before the rest. Never leaves the process.
pub struct Packing<A> {
    pack: fn(&Versioned<A>) -> Box<[u8]>,
    unpack: fn(&[u8]) -> Option<Versioned<A>>,
}

impl<A> Clone for Packing<A> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<A> Copy for Packing<A> {}

impl<A> Packing<A> {
    pub fn serialised() -> Self
    where
        A: Serialize + DeserializeOwned,
    {
        Packing { pack: to_bytes, unpack: from_bytes }
    }

    pub fn pack(self, versioned: &Versioned<A>) -> Box<[u8]> {
        (self.pack)(versioned)
    }

    pub fn unpack(self, packed: &[u8]) -> Option<Versioned<A>> {
        (self.unpack)(packed)
    }

    /// Where a packed state stands, without unpacking it.
    pub fn position(packed: &[u8]) -> Option<u64> {
        postcard::take_from_bytes(packed).ok().map(|(position, _)| position)
    }
}

fn to_bytes<A: Serialize>(Versioned { state, position, commits }: &Versioned<A>) -> Box<[u8]> {
    let room = Vec::with_capacity(PACKED_BYTES_FORESEEN);
    let bytes = postcard::to_extend(&(position, commits, state), room).expect("states are plain values");
    // A copy of its own, and not `into_boxed_slice`: shrinking in place would leave the room's size class behind.
    Box::from(bytes.as_slice())
}

fn from_bytes<A: DeserializeOwned>(packed: &[u8]) -> Option<Versioned<A>> {
    let (position, commits, state) = postcard::from_bytes(packed).ok()?;
    Some(Versioned { state, position, commits })
}

/// Who of one kind is awake, and who has to go idle next: whoever woke first, as long as nobody works with it.
pub struct Wakefulness<A> {
    packing: Option<Packing<A>>,
    /// First woken first. An entry does not keep its aggregate in memory.
    awake: Mutex<VecDeque<Weak<Slot<A>>>>,
    most: usize,
}

impl<A: Aggregate> Wakefulness<A> {
    /// Without `packing`, the idle only lose their turn.
    pub fn new(packing: Option<Packing<A>>, most: usize) -> Self {
        Wakefulness { packing, awake: Mutex::default(), most }
    }

    pub fn packing(&self) -> Option<Packing<A>> {
        self.packing
    }

    /// This one has woken up; others have to go idle, if there are too many.
    pub fn woken(&self, slot: &Arc<Slot<A>>) {
        self.awake().push_back(Arc::downgrade(slot));
        for _ in 0..GO_IDLE_FOR_ONE_THAT_WAKES {
            let Some(first) = self.first_too_many() else { return };
            if let Some(first) = first.upgrade()
                && first.rest(self.packing) == Err(InUse)
            {
                self.awake().push_back(Arc::downgrade(&first));
            }
        }
    }

    fn first_too_many(&self) -> Option<Weak<Slot<A>>> {
        let mut awake = self.awake();
        if awake.len() > self.most { awake.pop_front() } else { None }
    }

    fn awake(&self) -> MutexGuard<'_, VecDeque<Weak<Slot<A>>>> {
        // A queue of pointers is whole whenever somebody panics.
        self.awake.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
