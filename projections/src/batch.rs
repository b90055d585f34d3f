//! What is written in one transaction: the commits a projection cares about, and how far it has passed the others.

use std::{borrow::Borrow, sync::Arc};

use aggregates::{Context, time::Timestamp};
use journal::{JournalError, Positioned};

use crate::checkpoint::Checkpoint;

/// How large a batch may grow, unless a group must be kept whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Limits {
    /// Commits of its own that a projection takes in at once.
    pub own: usize,
    /// Commits passed before the checkpoint is moved, whatever they are.
    pub passed: usize,
}

/// Of what is read: nobody waits long for one transaction.
const LIVE: Limits = Limits { own: 2_000, passed: 20_000 };

/// How far commits have been passed, in order and without gaps.
pub(crate) struct Passage<C> {
    reached: u64,
    last: Option<C>,
    /// The server's time, not the merchants': their clocks are nobody else's business.
    recorded_at: Timestamp,
}

impl<C: Borrow<Positioned>> Passage<C> {
    pub fn after(standing: &Checkpoint) -> Self {
        Passage { reached: standing.position, last: None, recorded_at: standing.recorded_at }
    }

    /// What comes next. A source that left something out, or said it twice, is not believed.
    pub fn pass(&mut self, commit: C) -> Result<(), JournalError> {
        let passed: &Positioned = commit.borrow();
        if passed.position != self.reached + 1 {
            return Err(JournalError::Gap { after: self.reached, found: passed.position });
        }
        self.reached = passed.position;
        self.recorded_at = self.recorded_at.max(passed.stored_at);
        self.last = Some(commit);
        Ok(())
    }

    pub fn reached(&self) -> u64 {
        self.reached
    }

    /// Commits that were written together with the last one and are still to come.
    pub fn rest_of_group(&self) -> usize {
        let group = self.last.as_ref().and_then(|commit| commit.borrow().commit.group.as_ref());
        group.map_or(0, |group| usize::from(group.count.saturating_sub(group.index + 1)))
    }

    /// The checkpoint behind the last commit; none if there is none, or if it would cut a group in two.
    pub fn end(&self, standing: &Checkpoint) -> Option<Checkpoint> {
        let last: &Positioned = self.last.as_ref().filter(|_| self.rest_of_group() == 0)?.borrow();
        Some(Checkpoint {
            position: last.position,
            commit_hash: Some(last.hash()),
            recorded_at: self.recorded_at,
            ..standing.clone()
        })
    }
}

/// Commits after a checkpoint. Of those that the projection does not care about only the last is kept.
pub(crate) struct Batch {
    limits: Limits,
    contexts: &'static [Context],
    /// Those that the projection cares about.
    own: Vec<Arc<Positioned>>,
    passed: usize,
    passage: Passage<Arc<Positioned>>,
}

impl Batch {
    pub fn after(standing: &Checkpoint, contexts: &'static [Context]) -> Self {
        Batch::within(LIVE, standing, contexts)
    }

    pub fn within(limits: Limits, standing: &Checkpoint, contexts: &'static [Context]) -> Self {
        Batch { limits, contexts, own: Vec::new(), passed: 0, passage: Passage::after(standing) }
    }

    /// What comes next.
    pub fn extend(&mut self, commits: Vec<Arc<Positioned>>) -> Result<(), JournalError> {
        for commit in commits {
            self.passage.pass(Arc::clone(&commit))?;
            self.passed += 1;
            if self.contexts.contains(&commit.subject.context) {
                self.own.push(commit);
            }
        }
        Ok(())
    }

    pub fn own(&self) -> &[Arc<Positioned>] {
        &self.own
    }

    /// All commits, with those that are not its own.
    pub fn passed(&self) -> usize {
        self.passed
    }

    pub fn reached(&self) -> u64 {
        self.passage.reached()
    }

    /// How many more commits are wanted; none if it is full. A group was written at once: its rest is on the way, and
    /// belongs to it.
    pub fn room(&self) -> usize {
        let Limits { own, passed } = self.limits;
        let room = own.saturating_sub(self.own.len()).min(passed.saturating_sub(self.passed));
        room.max(self.passage.rest_of_group())
    }

    pub fn ends_inside_group(&self) -> bool {
        self.passage.rest_of_group() > 0
    }

    /// The checkpoint behind its last commit; none if there is none, or if it would cut a group in two.
    pub fn end(&self, standing: &Checkpoint) -> Option<Checkpoint> {
        self.passage.end(standing)
    }
}

#[cfg(test)]
mod tests;
