//! Filling tables that have no indexes yet: fold in memory, copy in.
//!
//! A read model that offers this is filled so from the beginning of the log, until everything is in or it has outgrown the
//! memory that it may take. Then its tables get their indexes, and what follows is applied like anywhere else.

use futures::future::BoxFuture;
use journal::Positioned;
use sqlx::PgConnection;

use crate::projection::ProjectionError;

/// What is folded so far.
pub trait Bulk: Send {
    /// Reads back what was written before an interruption.
    fn resume<'a>(&'a mut self, db: &'a mut PgConnection) -> BoxFuture<'a, Result<(), ProjectionError>>;

    /// The next commit of the projection's contexts.
    ///
    /// # Errors
    /// [`ProjectionError::BadCommit`]
    fn take_in(&mut self, commit: &Positioned) -> Result<(), ProjectionError>;

    /// It is time to write, for the sake of memory.
    fn is_full(&self) -> bool;

    /// It cannot go on in memory after what is in it has been written.
    fn has_outgrown(&self) -> bool;

    /// Writes everything that is not in the tables yet, in the caller's transaction, which also moves the checkpoint.
    fn write<'a>(&'a mut self, db: &'a mut PgConnection) -> BoxFuture<'a, Result<(), ProjectionError>>;

    /// What is left to do when the tables have their indexes, in the same transaction.
    fn finish<'a>(&'a mut self, db: &'a mut PgConnection) -> BoxFuture<'a, Result<(), ProjectionError>>;
}
