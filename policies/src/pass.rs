//! How far one look at a work list gets.

use projections::Changed;

pub(crate) struct Pass {
    pub through: u64,
    /// There may be more.
    pub is_full: bool,
}

impl Pass {
    /// The list is of one moment, at which everything up to `known` was there, and has `most` entries at most. A merge changes two
    /// customers at one position: a full pass may have cut them apart, so it gets only before its last.
    pub fn of(changed: &[Changed], most: usize, known: u64) -> Pass {
        let is_full = changed.len() >= most;
        let last = changed.last().map_or(0, |changed| changed.position);
        Pass { through: if is_full { last - 1 } else { last.max(known) }, is_full }
    }
}
