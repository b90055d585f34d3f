//! Filling tables that have no indexes yet: fold in memory, copy in.
//!
//! A read model that offers this is filled so from the beginning of the log, until everything is in or it has outgrown the
//! memory that it may take. Then its tables get their indexes, and what follows is applied like anywhere else.
//!
//! Several lanes may fold at once ([`super::lanes`]). What belongs to one aggregate is folded by one of them, in its order.

use futures::future::BoxFuture;
use journal::Positioned;
use sqlx::PgConnection;
use uuid::Uuid;

use crate::projection::ProjectionError;

/// Which of how many lanes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lane {
    index: u32,
    of: u32,
}

impl Lane {
    /// There is no other.
    pub const ONLY: Lane = Lane { index: 0, of: 1 };

    /// So many, at least one.
    pub fn several(of: u32) -> impl Iterator<Item = Lane> {
        let of = of.max(1);
        (0..of).map(move |index| Lane { index, of })
    }

    /// The first of them writes first.
    pub fn is_first(self) -> bool {
        self.index == 0
    }

    /// Whether what belongs to this aggregate is folded here.
    pub fn has(self, aggregate: Uuid) -> bool {
        // Ids are random at their end.
        let (_, random) = aggregate.as_u64_pair();
        random % u64::from(self.of) == u64::from(self.index)
    }

    /// This lane's part of what all may take together.
    pub fn part_of(self, whole: usize) -> usize {
        whole / usize::try_from(self.of).unwrap_or(1)
    }
}

/// What a lane has folded so far.
pub trait Bulk: Send {
    /// Reads back what this lane, or others in its place, had written before an interruption.
    fn resume<'a>(&'a mut self, db: &'a mut PgConnection) -> BoxFuture<'a, Result<(), ProjectionError>>;

    /// The next commit of the projection's contexts, of an aggregate that this lane has; those of contexts that have one aggregate for a
    /// merchant are shown to every lane.
    ///
    /// # Errors
    /// [`ProjectionError::BadCommit`]
    fn take_in(&mut self, commit: &Positioned) -> Result<(), ProjectionError>;

    /// It is time to write, for the sake of memory.
    fn is_full(&self) -> bool;

    /// It cannot go on in memory after what is in it has been written.
    fn has_outgrown(&self) -> bool;

    /// Writes everything that is not in the tables yet, in the caller's transaction, which also moves the checkpoint. Lanes
    /// write one after the other, the first of them first.
    fn write<'a>(&'a mut self, db: &'a mut PgConnection) -> BoxFuture<'a, Result<(), ProjectionError>>;

    /// What is left to do when the tables have their indexes, in the same transaction: once, whatever lanes there were.
    fn finish<'a>(&'a mut self, db: &'a mut PgConnection) -> BoxFuture<'a, Result<(), ProjectionError>>;
}
