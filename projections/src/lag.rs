//! How far read models are behind the log, in commits and in time.

use aggregates::time::Timestamp;
use journal::{Journal, JournalError};
use sqlx::PgPool;

use crate::checkpoint::{self, Checkpoint};

/// Why it is not known.
#[derive(Debug, thiserror::Error)]
pub enum LagError {
    #[error(transparent)]
    Journal(#[from] JournalError),
    #[error("database: {0}")]
    Database(#[from] sqlx::Error),
}

/// A generation, and what it has not taken in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Behind {
    pub checkpoint: Checkpoint,
    /// Newest position of the log.
    pub head: u64,
    /// Commits that follow the checkpoint.
    pub events: u64,
    /// How long ago the first of them was written; 0 if there is none.
    pub seconds: u64,
}

/// Every generation of every read model, by name and number. `now` is this machine's time.
///
/// # Errors
/// [`LagError`]
pub async fn of_all(journal: &Journal, db: &PgPool, now: Timestamp) -> Result<Vec<Behind>, LagError> {
    // Asked first: what is written meanwhile counts for nobody.
    let head = journal.last_position().await?;
    let mut all = Vec::new();
    for checkpoint in checkpoint::list_generations(db).await? {
        let events = head.saturating_sub(checkpoint.position);
        let seconds = if events == 0 { 0 } else { seconds_since(journal, &checkpoint, now).await? };
        all.push(Behind { checkpoint, head, events, seconds });
    }
    Ok(all)
}

/// How long the first commit has waited that a read model has not taken in; 0 if there is none.
///
/// # Errors
/// [`JournalError`]
pub async fn waiting_seconds(journal: &Journal, position: u64, now: Timestamp) -> Result<u64, JournalError> {
    let waiting = journal.at(position + 1).await?;
    Ok(waiting.map_or(0, |waiting| seconds_between(waiting.stored_at, now)))
}

async fn seconds_since(journal: &Journal, checkpoint: &Checkpoint, now: Timestamp) -> Result<u64, JournalError> {
    match waiting_seconds(journal, checkpoint.position, now).await {
        // It cannot be read, and that may be why nobody gets past it.
        Err(JournalError::Poison(_)) => Ok(seconds_between(checkpoint.recorded_at, now)),
        known => known,
    }
}

fn seconds_between(from: Timestamp, to: Timestamp) -> u64 {
    u64::try_from(to.0.saturating_sub(from.0) / 1_000_000).unwrap_or(0)
}
