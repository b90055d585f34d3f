//! Why a command was not done, each a thing its caller can act on.

use aggregates::event::Undecodable;

use crate::append::AppendError;
use crate::connection::JournalError;
use crate::positioned::PoisonCommit;

/// Why a state could not be had.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// Try again later.
    #[error("the log does not answer: {0}")]
    Unavailable(String),
    /// The aggregate's own history holds something this version cannot read. It needs an operator, or a newer version.
    #[error("position {position} of the aggregate cannot be read: {cause}")]
    Unreadable { position: u64, cause: Unreadable },
}

/// What is wrong with a commit in an aggregate's history.
#[derive(Debug, thiserror::Error)]
pub enum Unreadable {
    #[error(transparent)]
    Commit(Box<PoisonCommit>),
    #[error(transparent)]
    Event(#[from] Undecodable),
}

impl From<JournalError> for LoadError {
    fn from(error: JournalError) -> Self {
        match error {
            JournalError::Poison(poison) => {
                LoadError::Unreadable { position: poison.position, cause: Unreadable::Commit(poison) }
            }
            other => LoadError::Unavailable(other.to_string()),
        }
    }
}

/// Why a command was not done. `R` is the aggregate's own refusal.
#[derive(Debug, thiserror::Error)]
pub enum ExecuteError<R: std::error::Error + 'static> {
    /// The aggregate says no, and the state it said so on was the newest.
    #[error(transparent)]
    Refused(R),
    /// Others were always faster. Nothing was written; try again later.
    #[error("too many others write the same aggregate")]
    Contended,
    /// Nothing was written; try again later.
    #[error("the log does not answer")]
    Unavailable,
    /// Nothing was written.
    #[error("a commit of {bytes} bytes is over the limit")]
    TooLarge { bytes: usize },
    /// Nothing was written, and trying again does not help, such as with a full disk.
    #[error("the log refused the commit: {code} {description}")]
    Rejected { code: u64, description: String },
    /// It may have been written. Repeat it with the same command id.
    #[error("the outcome is unknown")]
    Unknown,
    /// Nothing was written. See [`LoadError::Unreadable`].
    #[error("position {position} of the aggregate cannot be read: {cause}")]
    Unreadable { position: u64, cause: Unreadable },
}

impl<R: std::error::Error + 'static> From<LoadError> for ExecuteError<R> {
    fn from(error: LoadError) -> Self {
        match error {
            LoadError::Unavailable(_) => ExecuteError::Unavailable,
            LoadError::Unreadable { position, cause } => ExecuteError::Unreadable { position, cause },
        }
    }
}

impl<R: std::error::Error + 'static> From<JournalError> for ExecuteError<R> {
    fn from(error: JournalError) -> Self {
        LoadError::from(error).into()
    }
}

impl<R: std::error::Error + 'static> From<AppendError> for ExecuteError<R> {
    fn from(error: AppendError) -> Self {
        match error {
            AppendError::Conflict => ExecuteError::Contended,
            AppendError::TooLarge { bytes } => ExecuteError::TooLarge { bytes },
            AppendError::Unavailable => ExecuteError::Unavailable,
            AppendError::Unknown => ExecuteError::Unknown,
            AppendError::NotTogether(reason) => ExecuteError::Rejected { code: 0, description: reason.to_owned() },
            AppendError::Rejected { code, description } => ExecuteError::Rejected { code, description },
        }
    }
}

/// Why several aggregates were not committed together.
#[derive(Debug, thiserror::Error)]
pub enum TogetherError {
    /// One of them has moved, or is in somebody else's hands. Nothing was written; start over with a new
    /// [`Together`](super::Together), after a [`Retry::pause`](super::Retry::pause).
    #[error("one of the aggregates has moved")]
    Conflict,
    #[error(transparent)]
    Load(#[from] LoadError),
    /// Anything but a conflict.
    #[error(transparent)]
    Append(AppendError),
}

impl From<AppendError> for TogetherError {
    fn from(error: AppendError) -> Self {
        match error {
            AppendError::Conflict => TogetherError::Conflict,
            other => TogetherError::Append(other),
        }
    }
}

impl<R: std::error::Error + 'static> From<TogetherError> for ExecuteError<R> {
    fn from(error: TogetherError) -> Self {
        match error {
            TogetherError::Conflict => ExecuteError::Contended,
            TogetherError::Load(error) => error.into(),
            TogetherError::Append(error) => error.into(),
        }
    }
}
