//! What an aggregate forgets and the log does not: versions before the one that counts, and what was ended.

use aggregates::event::{Event, Recorded};
use journal::Subject;
use projections::projection::events_of;

use super::error::CommandError;
use crate::gateway::Gateway;

impl Gateway {
    /// All events of an aggregate, oldest first: for documents that are few and short.
    ///
    /// # Errors
    /// That the log does not answer, or cannot be read.
    pub(super) async fn history_of<E: Event>(&self, subject: &Subject) -> Result<Vec<(Recorded, E)>, CommandError> {
        let mut history = Vec::new();
        for commit in self.journal.read(subject, 0).await? {
            let events = events_of::<E>(&commit).map_err(|error| CommandError::Internal(error.to_string()))?;
            history.extend(events.into_iter().map(|event| (commit.recorded(), event)));
        }
        Ok(history)
    }
}
