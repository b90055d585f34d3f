//! What a read model has to say about itself.

use std::sync::Arc;

use aggregates::{Context, event::Undecodable};
use journal::Positioned;
use sqlx::PgConnection;

use crate::generation::bulk::Bulk;

/// Why a batch could not be taken in.
#[derive(Debug, thiserror::Error)]
pub enum ProjectionError {
    /// Worth trying again: the batch was not applied.
    #[error("database: {0}")]
    Database(#[from] sqlx::Error),
    /// A commit that cannot be taken in, now or when it is tried again. Nothing is skipped: its aggregate is parked, or the
    /// projection stands still.
    #[error("commit at position {position}: {cause}")]
    BadCommit { position: u64, cause: Unfit },
    /// A row this version cannot read; rebuild the read model.
    #[error("a stored row of {0} cannot be read")]
    BadRow(&'static str),
}

/// Why a commit cannot be taken in.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unfit {
    /// An event this version cannot read.
    #[error(transparent)]
    Undecodable(#[from] Undecodable),
    /// The commit begins with this event; see [`crate::refused`].
    #[error("the database does not take what event {name} version {version} says")]
    Refused { name: String, version: u8 },
}

impl Unfit {
    /// Name and version of the event.
    pub fn event(&self) -> (&str, u8) {
        match self {
            Unfit::Undecodable(Undecodable::Unknown { name, version } | Undecodable::Malformed { name, version })
            | Unfit::Refused { name, version } => (name, *version),
        }
    }
}

/// Which tables a projection writes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tables {
    /// These, with the schema in which readers find them, and nothing else. Its statements name them without a schema:
    /// then it can be filled again beside what is read.
    Own(&'static [&'static str]),
    /// It cannot, for this reason.
    Fixed(&'static str),
}

/// A read model. `apply` folds commits into rows inside the runner's transaction: a pure computation on the commits and
/// the rows they touch, then SQL. It must not look at anything else, or rebuilding would give something else.
pub trait Projection: Send + Sync + 'static {
    const NAME: &'static str;

    /// Commits of other contexts are not shown to it.
    const CONTEXTS: &'static [Context];

    const TABLES: Tables = Tables::Fixed("it does not say which tables are its own");

    /// `batch` is in journal order and holds only commits of `CONTEXTS`.
    fn apply(
        &self,
        transaction: &mut PgConnection,
        batch: &[Arc<Positioned>],
    ) -> impl Future<Output = Result<(), ProjectionError>> + Send;

    /// A faster way to fill its tables from the beginning of the log, if there is one.
    fn bulk(&self) -> Option<Box<dyn Bulk>> {
        None
    }
}

/// The events of a commit, read as those of one aggregate.
pub fn events_of<E: aggregates::event::Event>(commit: &Positioned) -> Result<Vec<E>, ProjectionError> {
    commit
        .commit
        .events
        .iter()
        .map(|stored| E::decode(&stored.name, stored.version, &stored.bytes))
        .collect::<Result<_, _>>()
        .map_err(|cause| ProjectionError::BadCommit { position: commit.position, cause: cause.into() })
}
