//! One aggregate as it was at a moment.

use aggregates::Aggregate;
use journal::{Journal, Positioned, Subject};

use super::{Horizon, Moment, ReplayError};
use crate::projection::events_of;

/// A state from the past.
#[derive(Debug, Clone)]
pub struct Past<A> {
    pub state: A,
    /// The last commit that made it; 0 if there was none by then.
    pub position: u64,
}

impl<A: Default> Default for Past<A> {
    fn default() -> Self {
        Past { state: A::default(), position: 0 }
    }
}

impl<A: Aggregate> Past<A> {
    /// Takes in the aggregate's next commit; gives its events.
    ///
    /// # Errors
    /// [`ReplayError::Unreadable`]
    pub fn take_in(&mut self, commit: &Positioned) -> Result<Vec<A::Event>, ReplayError> {
        let events = events_of::<A::Event>(commit)?;
        for event in &events {
            self.state.apply(event, &commit.recorded());
        }
        self.position = commit.position;
        Ok(events)
    }
}

/// The aggregate as of a moment.
///
/// # Errors
/// [`ReplayError`]
pub async fn as_of<A: Aggregate>(journal: &Journal, subject: Subject, moment: Moment) -> Result<Past<A>, ReplayError> {
    let commits = journal.read(&subject, 0).await?;
    let mut horizon = Horizon::of(moment);
    let mut past = Past::default();
    for commit in commits.iter().take_while(|commit| horizon.sees(commit)) {
        past.take_in(commit)?;
    }
    Ok(past)
}
