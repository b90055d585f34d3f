//! Aggregates that begin. Their ids were made a moment ago, so nobody looks for them in the log: the guard says that there is
//! nothing yet, and if there is, nothing is written. What a thousand new customers would ask the log one by one is not asked.

use aggregates::Aggregate;

use crate::append::{Append, AppendError};
use crate::connection::Journal;
use crate::subject::Subject;

use super::{CommandContext, RandomIds, Versioned, decision};

/// First commits of a few aggregates, written together or not at all. None of them is put into memory: whoever needs one
/// loads it.
pub struct Beginning<'a> {
    journal: &'a Journal,
    context: &'a CommandContext,
    appends: Vec<Append>,
}

impl<'a> Beginning<'a> {
    pub fn new(journal: &'a Journal, context: &'a CommandContext) -> Self {
        Beginning { journal, context, appends: Vec::new() }
    }

    /// Adds what was decided on the state in which every aggregate begins. Nothing, where there are no events.
    pub fn stage<A: Aggregate>(&mut self, subject: Subject, events: &[A::Event]) {
        let nothing = Versioned::<A>::default();
        self.appends.extend(decision::appends(self.context, subject, &nothing, &RandomIds, events));
    }

    /// Gives the position of the last commit; none where nothing was staged.
    ///
    /// # Errors
    /// [`AppendError::Conflict`] if one of them has begun already: load it, and decide again. Otherwise as
    /// [`Journal::append_together`].
    pub async fn commit(self) -> Result<Option<u64>, AppendError> {
        Ok(self.journal.append_together(self.appends).await?.last().copied())
    }
}
