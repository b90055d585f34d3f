//! What is on its way: one commit, or a few that stand or fall together.

use std::sync::Arc;

use tokio::sync::oneshot;
use tokio::time::Instant;

use crate::append::{AppendError, Parcel};

/// How often a unit is sent before it is given up as [`AppendError::Unavailable`].
pub const MAX_ATTEMPTS: u8 = 4;
/// In how many failed batches a unit may ride before it has to travel alone.
const MAX_FAILED_RIDES: u8 = 2;

/// Commits that are written together or not at all, and the one who waits for them.
#[derive(Debug)]
pub struct Unit {
    pub parcels: Arc<[Parcel]>,
    pub accepted_at: Instant,
    /// How often it was sent by itself.
    pub attempts: u8,
    /// How many shared batches it was in that failed.
    pub failed_rides: u8,
    /// It was sent and the outcome is not known: before it counts as failed, somebody has to look.
    pub suspect: bool,
    answer: oneshot::Sender<Result<Vec<u64>, AppendError>>,
}

impl Unit {
    pub fn new(parcels: Vec<Parcel>, answer: oneshot::Sender<Result<Vec<u64>, AppendError>>) -> Self {
        let accepted_at = Instant::now();
        Unit { parcels: parcels.into(), accepted_at, attempts: 0, failed_rides: 0, suspect: false, answer }
    }

    pub fn messages(&self) -> usize {
        self.parcels.len()
    }

    /// One for each subject: the commit that its guard is on.
    pub fn guarded(&self) -> impl Iterator<Item = &Parcel> {
        self.parcels.iter().filter(|parcel| !parcel.continues)
    }

    pub fn bytes(&self) -> usize {
        self.parcels.iter().map(|parcel| parcel.payload.len()).sum()
    }

    /// Repeat offenders and suspects do not ride with others: each publish of theirs is a clear answer.
    pub fn travels_alone(&self) -> bool {
        self.suspect || self.attempts > 0 || self.failed_rides >= MAX_FAILED_RIDES
    }

    pub fn answer(self, outcome: Result<Vec<u64>, AppendError>) {
        // Nobody listens if the caller gave up; the commit stands all the same.
        let _ = self.answer.send(outcome);
    }
}
