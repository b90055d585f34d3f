//! Which log this is. A checkpoint is a position in one particular log, and means nothing in another.

use aggregates::time::Timestamp;

use crate::connection::{Journal, JournalError, STREAM};
use crate::positioned::micros;

/// Tells one stream from another of the same name: one that was deleted and made anew has another birthday. For whoever
/// reads on, to see that it still reads the same.
///
/// Whether it is the log that somebody knew before is told by the commits alone: one whose files were copied back keeps its
/// birthday and gives positions out again that were lost; one that was moved to other servers has a new birthday and every
/// commit. Therefore a checkpoint keeps the hash of the commit it stands at ([`crate::commit_hash`]).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StreamIdentity {
    pub name: String,
    pub created_at: Timestamp,
}

impl std::fmt::Display for StreamIdentity {
    /// As checkpoints keep it: stored, and compared by its letters.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} of {}", self.name, self.created_at)
    }
}

impl Journal {
    /// Asks the leader which log this is.
    ///
    /// # Errors
    /// [`JournalError::Unavailable`], [`JournalError::NoStream`].
    pub async fn identity(&self) -> Result<StreamIdentity, JournalError> {
        let info = self.shared.log.info().await?;
        let created_at = micros(info.created.unix_timestamp_nanos());
        Ok(StreamIdentity { name: STREAM.to_owned(), created_at })
    }
}
