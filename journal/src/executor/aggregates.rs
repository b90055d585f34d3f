//! All aggregates of one kind, and commands on one of them.

use std::sync::Arc;

use aggregates::Aggregate;
use futures::{StreamExt, TryStreamExt, stream};
use quick_cache::sync::Cache;
use quick_cache::{DefaultHashBuilder, Lifecycle, UnitWeighter};
use serde::Serialize;
use serde::de::DeserializeOwned;
use tokio::sync::Mutex as Turn;

use crate::append::AppendError;
use crate::connection::Journal;
use crate::reading::{Linked, NewestOfEach};
use crate::subject::Subject;

use super::decision::Run;
use super::error::{ExecuteError, LoadError};
use super::idle::{AWAKE_MOST, Packing, Wakefulness};
use super::pause::Retry;
use super::rehydrate;
use super::slot::Slot;
use super::snapshot::{Shelf, Snapshot, SnapshotSeal, Snapshots};
use super::{CommandContext, Executed, Ids, RandomIds, Versioned, decision};

/// Of many aggregates that are loaded together, those whose history is being read at the same time.
const LOADS_AT_ONCE: usize = 128;

/// How many aggregates stay in memory, of one kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Capacity(pub usize);

impl Default for Capacity {
    fn default() -> Self {
        Capacity(131_072)
    }
}

type Slots<A> = Cache<Subject, Arc<Slot<A>>, UnitWeighter, DefaultHashBuilder, Pinned>;

/// All aggregates of one kind: the hot ones in memory, the others in the log. Cheap to clone.
pub struct Aggregates<A: Aggregate> {
    shared: Arc<Shared<A>>,
}

struct Shared<A: Aggregate> {
    journal: Journal,
    slots: Slots<A>,
    wakefulness: Wakefulness<A>,
    shelf: Option<Box<dyn Shelf<A>>>,
    ids: Arc<dyn Ids>,
}

impl<A: Aggregate> Clone for Aggregates<A> {
    fn clone(&self) -> Self {
        Aggregates { shared: Arc::clone(&self.shared) }
    }
}

impl<A: Aggregate> Aggregates<A> {
    /// Without snapshots: for aggregates with short histories.
    pub fn new(journal: Journal, capacity: Capacity) -> Self {
        Self::build(journal, capacity, None, None)
    }

    /// The same, for a kind of which there are very many: packed while they are idle.
    pub fn packed(journal: Journal, capacity: Capacity) -> Self
    where
        A: Serialize + DeserializeOwned,
    {
        Self::build(journal, capacity, Some(Packing::serialised()), None)
    }

    /// With snapshots, sealed by `seal`; what can be set aside can also be packed while it is idle.
    pub fn with_snapshots(journal: Journal, capacity: Capacity, seal: Arc<dyn SnapshotSeal>) -> Self
    where
        A: Snapshot,
    {
        let shelf: Box<dyn Shelf<A>> = Box::new(Snapshots::new(journal.clone(), seal));
        Self::build(journal, capacity, Some(Packing::serialised()), Some(shelf))
    }

    /// The same, with another source of commit ids. Call before the first clone.
    #[must_use]
    pub fn with_ids(mut self, ids: Arc<dyn Ids>) -> Self {
        if let Some(shared) = Arc::get_mut(&mut self.shared) {
            shared.ids = ids;
        }
        self
    }

    fn build(
        journal: Journal,
        capacity: Capacity,
        packing: Option<Packing<A>>,
        shelf: Option<Box<dyn Shelf<A>>>,
    ) -> Self {
        let weight = u64::try_from(capacity.0).unwrap_or(u64::MAX);
        let slots = Cache::with(capacity.0, weight, UnitWeighter, DefaultHashBuilder::default(), Pinned);
        let wakefulness = Wakefulness::new(packing, AWAKE_MOST);
        Aggregates { shared: Arc::new(Shared { journal, slots, wakefulness, shelf, ids: Arc::new(RandomIds) }) }
    }

    pub fn journal(&self) -> &Journal {
        &self.shared.journal
    }

    pub(super) fn ids(&self) -> &dyn Ids {
        self.shared.ids.as_ref()
    }

    /// The state in memory, or from the log. Another process may have written since: see
    /// [`Aggregates::load_confirmed`].
    ///
    /// # Errors
    /// [`LoadError`]
    pub async fn load(&self, subject: Subject) -> Result<Arc<Versioned<A>>, LoadError> {
        let slot = self.slot(subject);
        if let Some(current) = slot.current(&self.shared.wakefulness) {
            return Ok(current);
        }
        let turn = self.turn(&slot);
        let _turn = turn.lock().await;
        self.current(&slot, subject).await
    }

    /// Whether the state is in memory: at least as new as anything this process has written to it.
    pub fn is_in_memory(&self, subject: Subject) -> bool {
        self.shared.slots.get(&subject).is_some_and(|slot| slot.position().is_some())
    }

    /// The state in memory, if that is newer than `position`.
    pub fn newer_in_memory(&self, subject: Subject, position: u64) -> Option<Arc<Versioned<A>>> {
        let slot = self.shared.slots.get(&subject)?;
        slot.position().filter(|here| *here > position)?;
        slot.current(&self.shared.wakefulness)
    }

    /// The newest state there is: confirmed by the leader after the call was made.
    ///
    /// # Errors
    /// [`LoadError`]
    pub async fn load_confirmed(&self, subject: Subject) -> Result<Arc<Versioned<A>>, LoadError> {
        let slot = self.slot(subject);
        if let Some(current) = slot.current(&self.shared.wakefulness)
            && self.journal().is_last(&subject, current.position).await?
        {
            return Ok(current);
        }
        let turn = self.turn(&slot);
        let _turn = turn.lock().await;
        self.newest(&slot, subject).await
    }

    /// Decides a command on the newest state and writes what follows from it.
    ///
    /// A refusal, or that nothing is to be done, is answered only after the leader has confirmed the state it was
    /// decided on. A conflict is decided again on the newer state, a bounded number of times.
    ///
    /// # Errors
    /// [`ExecuteError`]; only `Unknown` leaves open whether something was written.
    pub async fn execute(
        &self,
        subject: Subject,
        context: &CommandContext,
        command: &A::Command,
    ) -> Result<Executed<A>, ExecuteError<A::Refusal>> {
        let slot = self.slot(subject);
        let turn = self.turn(&slot);
        let _turn = turn.lock().await;
        let mut current = self.current(&slot, subject).await?;
        let mut retry = Retry::new(self.ids());
        let mut confirmed = false;
        loop {
            let decision = current.state.decide(command);
            let events = match decision {
                Ok(events) if !events.is_empty() => events,
                nothing if confirmed || self.journal().is_last(&subject, current.position).await? => {
                    return match nothing {
                        Err(refusal) => Err(ExecuteError::Refused(refusal)),
                        Ok(events) => Ok(Executed { state: current, events, position: None }),
                    };
                }
                _ => {
                    current = self.catch_up(&slot, subject, current).await?;
                    confirmed = true;
                    continue;
                }
            };
            match self.write(&slot, subject, context, current, events).await {
                Err(AppendError::Conflict) if retry.pause().await => {
                    current = self.newest(&slot, subject).await?;
                    confirmed = true;
                }
                written => return Ok(written?),
            }
        }
    }

    /// The newest state of each of these, in their order: as [`Aggregates::load_confirmed`], with one question for all of them where
    /// each stands. A decision on one that writes nothing may be given away as it is.
    ///
    /// # Errors
    /// [`LoadError`]
    pub async fn load_each_confirmed(&self, subjects: &[Subject]) -> Result<Vec<Arc<Versioned<A>>>, LoadError> {
        let newest = self.journal().shared.log.newest_of_each(subjects).await?;
        let newest = newest.as_ref();
        let subjects = subjects.to_vec();
        stream::iter(subjects)
            .map(|subject| self.load_among(subject, newest))
            .buffered(LOADS_AT_ONCE)
            .try_collect()
            .await
    }

    async fn load_among(
        &self,
        subject: Subject,
        newest: Option<&NewestOfEach>,
    ) -> Result<Arc<Versioned<A>>, LoadError> {
        match newest {
            Some(newest) => self.load_up_to(subject, newest.messages.get(&subject.to_string())).await,
            None => self.load_confirmed(subject).await,
        }
    }

    /// The state at its newest commit, which the leader has confirmed; none if there is no commit.
    async fn load_up_to(&self, subject: Subject, newest: Option<&Linked>) -> Result<Arc<Versioned<A>>, LoadError> {
        let position = newest.map_or(0, |newest| newest.stored.position);
        let slot = self.slot(subject);
        if let Some(current) = slot.current(&self.shared.wakefulness)
            && current.position == position
        {
            return Ok(current);
        }
        let turn = self.turn(&slot);
        let _turn = turn.lock().await;
        if slot.current(&self.shared.wakefulness).is_some() {
            // It has been written to, here or elsewhere, since it was read.
            return self.newest(&slot, subject).await;
        }
        let loaded = rehydrate::cold_up_to(self.journal(), self.shared.shelf.as_deref(), &subject, newest).await?;
        slot.was_set_aside(loaded.set_aside);
        Ok(slot.put(loaded.versioned))
    }

    async fn write(
        &self,
        slot: &Arc<Slot<A>>,
        subject: Subject,
        context: &CommandContext,
        current: Arc<Versioned<A>>,
        events: Vec<A::Event>,
    ) -> Result<Executed<A>, AppendError> {
        let appends = decision::appends(context, subject, &current, self.ids(), &events);
        let lengths: Vec<usize> = appends.iter().map(|append| append.commit.events.len()).collect();
        let positions = self.journal().append_together(appends).await.inspect_err(|error| {
            // A conflict is caught up with from where the state stands; anything else leaves too many doubts.
            if *error != AppendError::Conflict {
                slot.evict();
            }
        })?;
        let runs = decision::runs(context, &events, &lengths, &positions);
        let state = self.take_in(slot, subject, current, &runs);
        Ok(Executed { state, events, position: positions.last().copied() })
    }

    /// Puts what was written on top of `current`, commit by commit, and a snapshot on the shelf when it is time.
    pub(super) fn take_in(
        &self,
        slot: &Slot<A>,
        subject: Subject,
        current: Arc<Versioned<A>>,
        runs: &[Run<'_, A>],
    ) -> Arc<Versioned<A>> {
        let after = slot.take_in(current, runs);
        if let Some(shelf) = &self.shared.shelf
            && slot.is_due(&after)
            && shelf.set_aside(subject, Arc::clone(&after))
        {
            slot.was_set_aside(after.commits);
        }
        after
    }

    /// Forgets the state in memory; the log has it. Part of erasing a person.
    pub fn evict(&self, subject: Subject) {
        if let Some(slot) = self.shared.slots.get(&subject) {
            slot.evict();
        }
        self.shared.slots.remove(&subject);
    }

    /// How many aggregates are in memory.
    pub fn hot(&self) -> usize {
        self.shared.slots.len()
    }

    pub(super) fn slot(&self, subject: Subject) -> Arc<Slot<A>> {
        let made = self.shared.slots.get_or_insert_with(&subject, || Ok::<_, std::convert::Infallible>(Slot::empty()));
        match made {
            Ok(slot) => slot,
            Err(never) => match never {},
        }
    }

    /// Whose turn it is on the aggregate of this slot.
    pub(super) fn turn(&self, slot: &Arc<Slot<A>>) -> Arc<Turn<()>> {
        slot.turn(&self.shared.wakefulness)
    }

    /// The state in memory, or else from the log. Needs the turn.
    async fn current(&self, slot: &Arc<Slot<A>>, subject: Subject) -> Result<Arc<Versioned<A>>, LoadError> {
        if let Some(current) = slot.current(&self.shared.wakefulness) {
            return Ok(current);
        }
        let loaded = rehydrate::cold(self.journal(), self.shared.shelf.as_deref(), &subject).await?;
        slot.was_set_aside(loaded.set_aside);
        Ok(slot.put(loaded.versioned))
    }

    async fn catch_up(
        &self,
        slot: &Slot<A>,
        subject: Subject,
        current: Arc<Versioned<A>>,
    ) -> Result<Arc<Versioned<A>>, LoadError> {
        slot.evict();
        let newest = rehydrate::catch_up(self.journal(), &subject, Arc::unwrap_or_clone(current)).await?;
        Ok(slot.put(newest))
    }

    /// The newest state there is. Needs the turn.
    pub(super) async fn newest(&self, slot: &Arc<Slot<A>>, subject: Subject) -> Result<Arc<Versioned<A>>, LoadError> {
        let current = self.current(slot, subject).await?;
        self.catch_up(slot, subject, current).await
    }
}

/// An aggregate that somebody works with is not thrown out: a second slot beside it would make a second turn.
#[derive(Debug, Clone, Copy, Default)]
pub struct Pinned;

impl<A: Aggregate> Lifecycle<Subject, Arc<Slot<A>>> for Pinned {
    type RequestState = ();

    fn is_pinned(&self, _subject: &Subject, slot: &Arc<Slot<A>>) -> bool {
        Arc::strong_count(slot) > 1
    }
}
