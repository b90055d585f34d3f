//! The smallest aggregate: it counts, up to a limit, and knows which commands it has seen.

use std::collections::BTreeSet;

use aggregates::event::{Event, Recorded, Undecodable};
use aggregates::{Aggregate, Context};
use journal::Snapshot;
use serde::{Deserialize, Serialize};

/// What one large event weighs, about.
pub const LARGE_BYTES: usize = 50_000;

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counter {
    pub total: u64,
    pub seen: BTreeSet<u64>,
    pub last_position: u64,
    pub closed: bool,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Counted {
    Added { order: u64, by: u64 },
    Closed,
    Reopened,
    AddedLarge { order: u64, padding: Vec<u8> },
}

impl Counted {
    pub fn large(order: usize) -> Self {
        Counted::AddedLarge { order: u64::try_from(order).expect("small"), padding: vec![7; LARGE_BYTES] }
    }
}

pub enum Count {
    /// Adds once per order number.
    Add {
        order: u64,
        by: u64,
    },
    /// Adds 1 for each of so many orders, at length.
    AddLarge {
        orders: usize,
    },
    Close,
    Reopen,
}

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the counter is closed")]
pub struct Closed;

impl Event for Counted {
    fn name(&self) -> &'static str {
        match self {
            Counted::Added { .. } => "counter.added",
            Counted::Closed => "counter.closed",
            Counted::Reopened => "counter.reopened",
            Counted::AddedLarge { .. } => "counter.added_large",
        }
    }

    fn version(&self) -> u8 {
        1
    }

    fn encode(&self) -> Vec<u8> {
        postcard::to_stdvec(self).expect("plain values")
    }

    fn decode(name: &str, version: u8, bytes: &[u8]) -> Result<Self, Undecodable> {
        let malformed = || Undecodable::Malformed { name: name.to_owned(), version };
        match name {
            "counter.added" | "counter.closed" | "counter.reopened" | "counter.added_large" => {
                postcard::from_bytes(bytes).map_err(|_| malformed())
            }
            _ => Err(Undecodable::Unknown { name: name.to_owned(), version }),
        }
    }
}

impl Aggregate for Counter {
    const CONTEXT: Context = Context::Points;
    type Event = Counted;
    type Command = Count;
    type Refusal = Closed;

    fn decide(&self, command: &Count) -> Result<Vec<Counted>, Closed> {
        match command {
            Count::Add { order, .. } if self.seen.contains(order) => Ok(Vec::new()),
            Count::Add { .. } if self.closed => Err(Closed),
            Count::Add { order, by } => Ok(vec![Counted::Added { order: *order, by: *by }]),
            Count::AddLarge { orders } => Ok((0..*orders).map(Counted::large).collect()),
            Count::Close if self.closed => Ok(Vec::new()),
            Count::Close => Ok(vec![Counted::Closed]),
            Count::Reopen => Ok(vec![Counted::Reopened]),
        }
    }

    fn apply(&mut self, event: &Counted, at: &Recorded) {
        match event {
            Counted::Added { order, by } => {
                self.total += by;
                self.seen.insert(*order);
            }
            Counted::AddedLarge { order, .. } => {
                self.total += 1;
                self.seen.insert(*order);
            }
            Counted::Closed => self.closed = true,
            Counted::Reopened => self.closed = false,
        }
        self.last_position = at.position;
    }
}

impl Snapshot for Counter {
    const SHAPE: u64 = 1;
}
