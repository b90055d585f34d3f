//! Several aggregates in one atomic commit: all of it, or none.

use std::sync::Arc;

use aggregates::Aggregate;
use tokio::sync::OwnedMutexGuard;

use crate::append::{Append, AppendError};
use crate::connection::Journal;
use crate::subject::Subject;

use super::aggregates::Aggregates;
use super::error::{LoadError, TogetherError};
use super::slot::Slot;
use super::{CommandContext, Ids, RandomIds, Versioned, decision};

/// Collects what is to be written together. Lock each aggregate, decide on its state, stage the events, commit.
///
/// Two of these that want the same aggregates do not wait for each other in a circle: aggregates are waited for only
/// in the order of their subjects; [`Together::lock_both`] sees to it for two. One asked for out of order, while somebody else has it, is a
/// [`TogetherError::Conflict`]: drop everything, pause, start over.
pub struct Together<'a> {
    journal: &'a Journal,
    context: &'a CommandContext,
    ids: Arc<dyn Ids>,
    locked: Vec<Subject>,
    staged: Vec<Box<dyn Staged>>,
}

/// An aggregate in our hands: nobody else in this process decides on it meanwhile.
pub struct Held<A: Aggregate> {
    aggregates: Aggregates<A>,
    subject: Subject,
    slot: Arc<Slot<A>>,
    current: Arc<Versioned<A>>,
    _turn: OwnedMutexGuard<()>,
}

impl<A: Aggregate> Held<A> {
    /// The newest state; confirmed by the leader after it was locked.
    pub fn state(&self) -> &A {
        &self.current.state
    }

    /// The state and where it stands.
    pub fn versioned(&self) -> &Arc<Versioned<A>> {
        &self.current
    }

    pub fn subject(&self) -> Subject {
        self.subject
    }

    /// Whether nobody, in any process, has written since: to be asked before an answer that depends on this state is
    /// given away and nothing is written on it.
    ///
    /// # Errors
    /// [`LoadError::Unavailable`]
    pub async fn is_newest(&self) -> Result<bool, LoadError> {
        Ok(self.aggregates.journal().is_last(&self.subject, self.current.position).await?)
    }
}

impl<'a> Together<'a> {
    pub fn new(journal: &'a Journal, context: &'a CommandContext) -> Self {
        Together { journal, context, ids: Arc::new(RandomIds), locked: Vec::new(), staged: Vec::new() }
    }

    /// The same, with another source of commit ids.
    #[must_use]
    pub fn with_ids(mut self, ids: Arc<dyn Ids>) -> Self {
        self.ids = ids;
        self
    }

    /// Takes an aggregate in hand, at its newest state.
    ///
    /// # Errors
    /// [`TogetherError::Conflict`] if it is asked for out of order and somebody has it; [`TogetherError::Load`].
    pub async fn lock<A: Aggregate>(
        &mut self,
        aggregates: &Aggregates<A>,
        subject: Subject,
    ) -> Result<Held<A>, TogetherError> {
        if self.locked.contains(&subject) {
            return Err(AppendError::NotTogether("one subject is locked twice").into());
        }
        let slot = aggregates.slot(subject);
        let turn = aggregates.turn(&slot);
        let turn = if self.locked.iter().all(|locked| *locked < subject) {
            turn.lock_owned().await
        } else {
            turn.try_lock_owned().map_err(|_| TogetherError::Conflict)?
        };
        self.locked.push(subject);
        let current = aggregates.newest(&slot, subject).await?;
        Ok(Held { aggregates: aggregates.clone(), subject, slot, current, _turn: turn })
    }

    /// Takes two aggregates in hand, in the order that never makes anybody wait in a circle.
    ///
    /// # Errors
    /// As [`Together::lock`]; a conflict only if others were locked before.
    pub async fn lock_both<A: Aggregate, B: Aggregate>(
        &mut self,
        (first, first_subject): (&Aggregates<A>, Subject),
        (second, second_subject): (&Aggregates<B>, Subject),
    ) -> Result<(Held<A>, Held<B>), TogetherError> {
        if first_subject <= second_subject {
            let held = self.lock(first, first_subject).await?;
            Ok((held, self.lock(second, second_subject).await?))
        } else {
            let held = self.lock(second, second_subject).await?;
            Ok((self.lock(first, first_subject).await?, held))
        }
    }

    /// Adds what was decided on an aggregate. Without events it is let go, and not guarded by the commit.
    pub fn stage<A: Aggregate>(&mut self, held: Held<A>, events: Vec<A::Event>) {
        if !events.is_empty() {
            self.staged.push(Box::new(Decided { held, events }));
        }
    }

    /// Writes everything that was staged in one atomic commit, and gives the positions in the order of staging: the last
    /// one of each.
    ///
    /// # Errors
    /// [`TogetherError::Conflict`] if one of them has moved; all states in memory are forgotten, and nothing was
    /// written. [`TogetherError::Append`] for everything else.
    pub async fn commit(self) -> Result<Vec<u64>, TogetherError> {
        let staged: Vec<Vec<Append>> =
            self.staged.iter().map(|staged| staged.appends(self.context, self.ids.as_ref())).collect();
        let lengths: Vec<Vec<usize>> =
            staged.iter().map(|appends| appends.iter().map(|append| append.commit.events.len()).collect()).collect();
        match self.journal.append_together(staged.into_iter().flatten().collect()).await {
            Ok(positions) => Ok(self.written(&lengths, &positions)),
            Err(error) => {
                self.staged.iter().for_each(|staged| staged.failed());
                Err(error.into())
            }
        }
    }

    /// `lengths` says, for each that was staged, how many events are in each of its commits.
    fn written(self, lengths: &[Vec<usize>], mut positions: &[u64]) -> Vec<u64> {
        let mut last = Vec::with_capacity(lengths.len());
        for (staged, lengths) in self.staged.into_iter().zip(lengths) {
            let (own, rest) = positions.split_at(lengths.len());
            positions = rest;
            staged.written(self.context, lengths, own);
            last.extend(own.last());
        }
        last
    }
}

/// Events decided on one aggregate, whatever its type.
trait Staged: Send {
    fn appends(&self, context: &CommandContext, ids: &dyn Ids) -> Vec<Append>;
    fn written(self: Box<Self>, context: &CommandContext, lengths: &[usize], positions: &[u64]);
    fn failed(&self);
}

struct Decided<A: Aggregate> {
    held: Held<A>,
    events: Vec<A::Event>,
}

impl<A: Aggregate> Staged for Decided<A> {
    fn appends(&self, context: &CommandContext, ids: &dyn Ids) -> Vec<Append> {
        decision::appends(context, self.held.subject, &self.held.current, ids, &self.events)
    }

    fn written(self: Box<Self>, context: &CommandContext, lengths: &[usize], positions: &[u64]) {
        let Decided { held, events } = *self;
        let runs = decision::runs(context, &events, lengths, positions);
        held.aggregates.take_in(&held.slot, held.subject, held.current, &runs);
    }

    fn failed(&self) {
        self.held.slot.evict();
    }
}
