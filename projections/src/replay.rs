//! Any past state, computed from the log alone by the code that decides. Balances as of a moment, explanations, replays
//! and the tests of read models all go this way; none of them looks at a table.
//!
//! - [`Moment`]: what somebody asks about; [`Horizon`]: which commits had been recorded by then.
//! - [`past`]: one aggregate as it was; [`merchant`]: all of a merchant's.
//! - [`whatif`]: what another programme would have made of it.

pub mod events;
pub mod merchant;
mod moment;
pub mod past;
pub mod whatif;

pub use moment::{Horizon, Moment, NotAMoment};
pub use past::{Past, as_of};

use journal::JournalError;

use crate::projection::ProjectionError;

/// Why a past state is not known.
#[derive(Debug, thiserror::Error)]
pub enum ReplayError {
    /// Worth trying again, unless it is a commit that cannot be read.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// An event this version cannot read: a newer version wrote it.
    #[error(transparent)]
    Unreadable(#[from] ProjectionError),
    /// The log ended before the place it had told of.
    #[error("the log ended early")]
    Cut,
}
