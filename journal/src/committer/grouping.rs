//! When to publish singly, when to share a batch, when to wait.
//!
//! A batch costs a few milliseconds on one node, however small: it makes and removes a staging file. A single publish
//! costs one sync of the disk, a fraction of a millisecond. So a batch pays from some forty commits on, and a quiet
//! system must never pay for one. Nothing here waits for time to pass: while something is in flight others gather,
//! and its acknowledgement lets them go.

/// Single publishes in flight. Up to this load nothing is grouped: about what a disk syncs in ten milliseconds.
pub const SINGLES_WINDOW: usize = 100;
/// The fewest units that start a batch when none is in flight.
pub const GROUP_MIN: usize = 64;
/// The fewest units that start a batch beside one in flight: a full one. Until then gathering longer gains: the server
/// works on one batch after the other, and each costs it as much as a few hundred messages.
pub const GROUP_BESIDE: usize = super::MAX_BATCH_MESSAGES;
/// Batches in flight: one that the server works on, and the next.
pub const MAX_BATCHES_IN_FLIGHT: usize = 2;

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
        let quiet = self.peak <= SINGLES_WINDOW;
        let idle = self.singles_in_flight + self.batches_in_flight == 0;
        let enough = if self.batches_in_flight == 0 { GROUP_MIN } else { GROUP_BESIDE };
        if !quiet && may_batch && ready >= enough {
            Step::Everything
        } else if !quiet && !idle {
            Step::Wait
        } else if self.groups_ready > 0 && may_batch {
            Step::Groups
        } else if self.singles_ready > 0 && may_publish {
            Step::Single
        } else {
            Step::Wait
        }
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
