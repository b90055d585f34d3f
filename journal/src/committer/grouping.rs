//! When to publish singly, when to share a batch, when to wait.
//!
//! A batch costs a few milliseconds on one node, however small: it makes and removes a staging file. A single publish
//! costs one sync of the disk, a fraction of a millisecond. So a batch pays from some forty commits on, and a quiet
//! system must never pay for one, nor wait for company.
//!
//! When it is busy, what counts is how full batches are. Those whom a batch has just answered come back within
//! milliseconds, while others have gathered: a batch that left at once would take the few that are there, and its
//! fixed cost would meet the next few. So commits gather until half of all commands under way have theirs ready, and the
//! other half prepares while they are written; but for no longer than [`LINGER`].

use std::time::Duration;

use super::MAX_BATCH_MESSAGES;

/// Single publishes in flight. Up to this load nothing is grouped: about what a disk syncs in ten milliseconds.
pub const SINGLES_WINDOW: usize = 100;
/// The fewest units that start a batch.
pub const GROUP_MIN: usize = 64;
/// Batches in flight. The server works on one after the other; a second one on its way would be smaller, not sooner.
pub const MAX_BATCHES_IN_FLIGHT: usize = 1;
/// How long commits gather at most while nothing is in flight: what it takes to write a full batch. It is reached only
/// when most commands under way are held up by something else.
pub const LINGER: Duration = Duration::from_millis(20);

/// The share of the peak that one answered shipment makes us forget: one in so many.
const PEAK_FORGETS: usize = 16;

/// What could go, in units, and what is on its way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Load {
    pub singles_ready: usize,
    pub groups_ready: usize,
    pub alone_ready: usize,
    pub singles_in_flight: usize,
    pub batches_in_flight: usize,
    /// The most commits that were outstanding lately.
    pub peak: usize,
    /// Commands that have begun, those with commits here among them.
    pub commands: usize,
    /// What is ready has gathered for [`LINGER`].
    pub lingered: bool,
}

/// What to send next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// The first of those that travel alone.
    Alone,
    /// The first single commit, by itself.
    Single,
    /// Units of several commits share a batch among themselves.
    Groups,
    /// As many of all as fit share a batch.
    Everything,
    /// Nothing: something in flight will make room.
    Wait,
}

impl Load {
    pub fn step(self) -> Step {
        let may_batch = self.batches_in_flight < MAX_BATCHES_IN_FLIGHT;
        let may_publish = self.singles_in_flight < SINGLES_WINDOW;
        if self.alone_ready > 0 {
            return if may_batch && may_publish { Step::Alone } else { Step::Wait };
        }
        let ready = self.singles_ready + self.groups_ready;
        let worthwhile = if self.lingered { GROUP_MIN } else { self.half_of_all() };
        if self.is_busy() && may_batch && ready >= worthwhile {
            Step::Everything
        } else if self.is_busy() && !(self.lingered && self.is_idle()) {
            Step::Wait
        } else if self.groups_ready > 0 && may_batch {
            Step::Groups
        } else if self.singles_ready > 0 && may_publish {
            Step::Single
        } else {
            Step::Wait
        }
    }

    /// Something gathers that nothing in flight will let go: time has to.
    pub fn lingers(self) -> bool {
        let ready = self.singles_ready + self.groups_ready;
        self.is_busy() && self.is_idle() && ready > 0 && !self.lingered
    }

    fn is_busy(self) -> bool {
        self.peak > SINGLES_WINDOW
    }

    fn is_idle(self) -> bool {
        self.singles_in_flight + self.batches_in_flight == 0
    }

    fn half_of_all(self) -> usize {
        (self.commands / 2).clamp(GROUP_MIN, MAX_BATCH_MESSAGES)
    }
}

/// The most commits that were outstanding lately. It forgets a little with every answer, not with time: callers whom a
/// batch has just answered come back in a moment, and are better met by the next batch than one by one.
#[derive(Debug, Clone, Copy, Default)]
pub struct Peak(usize);

impl Peak {
    pub fn note(&mut self, outstanding: usize) {
        self.0 = self.0.max(outstanding);
    }

    pub fn forget_a_little(&mut self) {
        self.0 -= self.0.div_ceil(PEAK_FORGETS);
    }

    pub fn commits(self) -> usize {
        self.0
    }
}

#[cfg(test)]
mod tests;
