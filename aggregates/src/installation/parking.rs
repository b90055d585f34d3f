//! Aggregates that a read model has set aside, because it cannot read one of their commits: on record, so that every making
//! of the read model does the same, and whoever decides about them decides for all.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::AdoptionNote;
use crate::{event::Recorded, id::MerchantId, sealed::Sealed};

/// Commits on record for one read model, at most. Whoever cannot read so many should not go on.
pub const PARKED_MAX: usize = 100;

/// A read model goes on without this aggregate, from a commit on that it cannot read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AggregateParked {
    pub read_model: String,
    /// Of the commit that cannot be read.
    pub position: u64,
    pub merchant: MerchantId,
    /// Its subject in the journal: what it is, and which. Names nobody.
    pub aggregate: String,
    /// Stored name of the event that cannot be read.
    pub event: String,
    pub version: u8,
}

/// It is to be tried again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ParkingRetried {
    pub read_model: String,
    pub position: u64,
}

/// The read model goes on as if this one commit were not there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CommitDiscarded {
    pub read_model: String,
    pub position: u64,
    pub note: Sealed<AdoptionNote>,
}

/// What was decided about a commit that a read model could not read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Parking {
    pub parked: AggregateParked,
    pub recorded: Recorded,
    pub discarded: Option<CommitDiscarded>,
}

/// All that are on record, by read model and position.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Parkings(BTreeMap<(String, u64), Parking>);

impl Parkings {
    pub fn iter(&self) -> impl Iterator<Item = &Parking> {
        self.0.values()
    }

    pub fn of(&self, read_model: &str, position: u64) -> Option<&Parking> {
        self.0.get(&(read_model.to_owned(), position))
    }

    /// Whether a read model may park one more.
    pub(super) fn has_room_for(&self, read_model: &str) -> bool {
        self.iter().filter(|parking| parking.parked.read_model == read_model).count() < PARKED_MAX
    }

    pub(super) fn park(&mut self, parked: &AggregateParked, recorded: Recorded) {
        let key = (parked.read_model.clone(), parked.position);
        self.0.insert(key, Parking { parked: parked.clone(), recorded, discarded: None });
    }

    pub(super) fn retry(&mut self, retried: &ParkingRetried) {
        self.0.remove(&(retried.read_model.clone(), retried.position));
    }

    pub(super) fn discard(&mut self, discarded: &CommitDiscarded) {
        if let Some(parking) = self.0.get_mut(&(discarded.read_model.clone(), discarded.position)) {
            parking.discarded = Some(discarded.clone());
        }
    }
}
