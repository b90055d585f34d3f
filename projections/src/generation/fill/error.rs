//! Why a generation is not filled, and when it is worth trying again.

use journal::{JournalError, executor::LoadError};

use crate::{generation::switch::SwitchError, projection::ProjectionError};

/// Why a generation is not filled.
#[derive(Debug, thiserror::Error)]
pub enum FillError {
    #[error(transparent)]
    Journal(#[from] JournalError),
    #[error(transparent)]
    Projection(#[from] ProjectionError),
    #[error("database: {0}")]
    Database(#[from] sqlx::Error),
    /// What is on record about commits that cannot be read.
    #[error(transparent)]
    Record(#[from] LoadError),
    #[error("it cannot be filled beside what is read: {0}")]
    Fixed(&'static str),
    /// Another process fills it at this moment.
    #[error("generation {0} is being filled by another process")]
    Busy(i32),
    /// Workers do not take in what is new.
    #[error("the generation that is read stands at {live_at}, behind {at}: do workers run?")]
    LiveBehind { at: u64, live_at: u64 },
    #[error("generation {0} was begun on another log: drop it")]
    OtherLog(i32),
    /// It was dropped, or the log was adopted anew.
    #[error("the generation is gone")]
    Gone,
    /// Told to stop; what was done is kept.
    #[error("stopped at position {0}; calling again goes on from there")]
    Stopped(u64),
    #[error(transparent)]
    Switch(#[from] SwitchError),
}

impl FillError {
    /// Whether it is worth trying again, because a server was away.
    pub fn is_passing(&self) -> bool {
        match self {
            FillError::Journal(error) => matches!(error, JournalError::Unavailable(_) | JournalError::Interrupted),
            FillError::Database(error) | FillError::Projection(ProjectionError::Database(error)) => is_away(error),
            FillError::Switch(SwitchError::Database(error)) => is_away(error),
            FillError::Record(error) => matches!(error, LoadError::Unavailable(_)),
            _ => false,
        }
    }
}

fn is_away(error: &sqlx::Error) -> bool {
    // Class 57: the server is going down or coming up.
    let going = |error: &dyn sqlx::error::DatabaseError| error.code().is_some_and(|code| code.starts_with("57P"));
    match error {
        sqlx::Error::Io(_) | sqlx::Error::PoolTimedOut | sqlx::Error::Protocol(_) => true,
        sqlx::Error::Database(error) => going(error.as_ref()),
        _ => false,
    }
}
