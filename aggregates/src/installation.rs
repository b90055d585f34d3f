//! The installation as a whole: what concerns every merchant at once, and belongs to none of them.

mod imports;
mod parking;

use serde::{Deserialize, Serialize};

pub use imports::{HistoryImportBegun, HistoryImportFinished, ImportedHistories};
pub use parking::{AggregateParked, CommitDiscarded, PARKED_MAX, Parking, ParkingRetried, Parkings};

use crate::{
    Aggregate, Context,
    event::{Recorded, events},
    sealed::Sealed,
};

events! {
    /// What happened to the installation.
    InstallationEvent {
        /// A log that was restored or replaced behind the read models is the truth from now on.
        LogAdopted(LogAdopted) = "installation.log_adopted" v 1;
        AggregateParked(AggregateParked) = "installation.aggregate_parked" v 1;
        ParkingRetried(ParkingRetried) = "installation.parking_retried" v 1;
        CommitDiscarded(CommitDiscarded) = "installation.commit_discarded" v 1;
        HistoryImportBegun(HistoryImportBegun) = "installation.history_import_begun" v 1;
        HistoryImportFinished(HistoryImportFinished) = "installation.history_import_finished" v 1;
    }
}

/// A place in one particular log. Another log may have the same position, but not with the same commit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LogPlace {
    /// Name and birthday of the stream.
    pub stream: String,
    pub position: u64,
    /// Hash of the commit at `position`; none before the first.
    pub commit_hash: Option<[u8; 32]>,
}

/// A read model, and where it stood in a log that is no more.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LeftBehind {
    pub read_model: String,
    pub stood_at: LogPlace,
}

/// Who adopted a log, or gave a commit up, and why, in their own words. Staff are people too.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AdoptionNote {
    pub operator: String,
    pub reason: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LogAdopted {
    /// Read models that had been made from another log, by name.
    pub left_behind: Vec<LeftBehind>,
    /// The log that counts from now on, and its end when it was adopted.
    pub adopted: LogPlace,
    /// Facts that the vault knew to wait for their order, and that this log never heard of.
    pub forgotten_facts: u64,
    pub note: Sealed<AdoptionNote>,
}

impl LogAdopted {
    /// Whether `other` is this adoption, begun again after it was cut short: the same read models still stand where this
    /// one found them. The log itself has grown meanwhile.
    fn is_repeated_by(&self, other: &LogAdopted) -> bool {
        !self.left_behind.is_empty()
            && self.left_behind == other.left_behind
            && self.adopted.stream == other.adopted.stream
    }
}

#[derive(Debug, Clone)]
pub enum InstallationCommand {
    AdoptLog(LogAdopted),
    /// Nothing is written if it is on record already, or if there are too many.
    Park(AggregateParked),
    /// Nothing is written if it is not parked.
    Retry(ParkingRetried),
    /// Nothing is written if it is not parked, or discarded already.
    Discard(CommitDiscarded),
    /// Nothing is written if it is on record already.
    BeginImport(HistoryImportBegun),
    /// Nothing is written if it is not under way.
    FinishImport(HistoryImportFinished),
}

#[derive(Debug, Clone, Default)]
pub struct Installation {
    /// Adoptions on record in this log, the newest last.
    pub adoptions: Vec<(Recorded, LogAdopted)>,
    /// What read models have set aside.
    pub parkings: Parkings,
    /// What was recorded elsewhere and taken over.
    pub imported: ImportedHistories,
}

impl Installation {
    /// The first epoch begins with the log, each further one with an adoption.
    pub fn epoch(&self) -> usize {
        self.adoptions.len() + 1
    }
}

impl Aggregate for Installation {
    const CONTEXT: Context = Context::Installation;
    type Event = InstallationEvent;
    type Command = InstallationCommand;
    type Refusal = std::convert::Infallible;

    fn decide(&self, command: &InstallationCommand) -> Result<Vec<InstallationEvent>, std::convert::Infallible> {
        let known = |read_model: &str, position| self.parkings.of(read_model, position);
        let (is_new, event) = match command {
            InstallationCommand::AdoptLog(adopted) => {
                let is_repeated = self.adoptions.last().is_some_and(|(_, newest)| newest.is_repeated_by(adopted));
                (!is_repeated, InstallationEvent::LogAdopted(adopted.clone()))
            }
            InstallationCommand::Park(parked) => {
                let AggregateParked { read_model, position, .. } = parked;
                let is_new = known(read_model, *position).is_none() && self.parkings.has_room_for(read_model);
                (is_new, InstallationEvent::AggregateParked(parked.clone()))
            }
            InstallationCommand::Retry(retried) => {
                let is_parked = known(&retried.read_model, retried.position).is_some();
                (is_parked, InstallationEvent::ParkingRetried(retried.clone()))
            }
            InstallationCommand::Discard(discarded) => {
                let parking = known(&discarded.read_model, discarded.position);
                let is_open = parking.is_some_and(|parking| parking.discarded.is_none());
                (is_open, InstallationEvent::CommitDiscarded(discarded.clone()))
            }
            InstallationCommand::BeginImport(begun) => {
                let is_new = !self.imported.has(begun.merchant, 0);
                (is_new, InstallationEvent::HistoryImportBegun(begun.clone()))
            }
            InstallationCommand::FinishImport(finished) => {
                let is_under_way = self.imported.is_under_way(finished.merchant);
                (is_under_way, InstallationEvent::HistoryImportFinished(finished.clone()))
            }
        };
        Ok(if is_new { vec![event] } else { Vec::new() })
    }

    fn apply(&mut self, event: &InstallationEvent, recorded: &Recorded) {
        match event {
            InstallationEvent::LogAdopted(adopted) => {
                self.adoptions.push((*recorded, adopted.clone()));
                // Positions of the log before mean nothing in this one.
                self.parkings = Parkings::default();
            }
            InstallationEvent::AggregateParked(parked) => self.parkings.park(parked, *recorded),
            InstallationEvent::ParkingRetried(retried) => self.parkings.retry(retried),
            InstallationEvent::CommitDiscarded(discarded) => self.parkings.discard(discarded),
            InstallationEvent::HistoryImportBegun(begun) => self.imported.begin(begun.merchant),
            InstallationEvent::HistoryImportFinished(finished) => {
                self.imported.finish(finished.merchant, finished.until)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{id::MerchantId, time::Timestamp};

    fn place(stream: &str, position: u64) -> LogPlace {
        LogPlace { stream: stream.to_owned(), position, commit_hash: Some([7; 32]) }
    }

    fn adoption(stood_at: &[(&str, u64)], adopted: LogPlace) -> InstallationCommand {
        let left = |(name, position): &(&str, u64)| LeftBehind {
            read_model: (*name).to_owned(),
            stood_at: place("JOURNAL of old", *position),
        };
        InstallationCommand::AdoptLog(LogAdopted {
            left_behind: stood_at.iter().map(left).collect(),
            adopted,
            forgotten_facts: 0,
            note: Sealed::from_ciphertext([1]),
        })
    }

    fn after(commands: &[InstallationCommand]) -> Installation {
        let mut installation = Installation::default();
        for command in commands {
            for event in installation.decide(command).unwrap() {
                installation.apply(&event, &Recorded { position: 1, at: Timestamp(0) });
            }
        }
        installation
    }

    #[test]
    fn each_adoption_begins_an_epoch() {
        let first = adoption(&[("balances", 9)], place("JOURNAL of new", 4));
        let second = adoption(&[("balances", 12)], place("JOURNAL of new", 6));
        assert_eq!(after(&[]).epoch(), 1);
        assert_eq!(after(&[first, second]).epoch(), 3);
    }

    #[test]
    fn an_adoption_that_was_cut_short_is_on_record_once() {
        let begun = adoption(&[("balances", 9), ("customers", 8)], place("JOURNAL of new", 4));
        let again = adoption(&[("balances", 9), ("customers", 8)], place("JOURNAL of new", 40));
        assert_eq!(after(&[begun, again]).epoch(), 2);
    }

    #[test]
    fn the_same_read_models_can_be_left_behind_by_yet_another_log() {
        let first = adoption(&[("balances", 9)], place("JOURNAL of new", 4));
        let second = adoption(&[("balances", 9)], place("JOURNAL of newer", 4));
        assert_eq!(after(&[first, second]).epoch(), 3);
    }

    #[test]
    fn forgetting_facts_alone_is_always_put_on_record() {
        let facts_only = || adoption(&[], place("JOURNAL of new", 4));
        assert_eq!(after(&[facts_only(), facts_only()]).epoch(), 3);
    }

    fn parked(position: u64) -> AggregateParked {
        AggregateParked {
            read_model: "balances".to_owned(),
            position,
            merchant: MerchantId(uuid::Uuid::nil()),
            aggregate: "ln.00.0.points.1".to_owned(),
            event: "points.invented".to_owned(),
            version: 9,
        }
    }

    fn discard(position: u64) -> InstallationCommand {
        let note = Sealed::from_ciphertext([1]);
        InstallationCommand::Discard(CommitDiscarded { read_model: "balances".to_owned(), position, note })
    }

    fn retry(position: u64) -> InstallationCommand {
        InstallationCommand::Retry(ParkingRetried { read_model: "balances".to_owned(), position })
    }

    #[test]
    fn a_parked_aggregate_is_on_record_once_until_it_is_tried_again() {
        let park = || InstallationCommand::Park(parked(7));
        let installation = after(&[park(), park()]);
        assert_eq!(installation.parkings.iter().count(), 1);
        assert!(installation.parkings.of("balances", 7).is_some_and(|parking| parking.discarded.is_none()));
        assert_eq!(installation.parkings.of("customers", 7), None, "other read models may read it");
        assert_eq!(after(&[park(), retry(7)]).parkings.iter().count(), 0);
        assert!(installation.decide(&retry(8)).unwrap().is_empty());
    }

    #[test]
    fn what_is_discarded_stays_on_record_and_can_still_be_tried_again() {
        let installation = after(&[InstallationCommand::Park(parked(7)), discard(7)]);
        assert!(installation.parkings.of("balances", 7).is_some_and(|parking| parking.discarded.is_some()));
        assert!(installation.decide(&discard(7)).unwrap().is_empty());
        assert!(installation.decide(&discard(8)).unwrap().is_empty());
        assert_eq!(installation.decide(&retry(7)).unwrap().len(), 1);
    }

    #[test]
    fn a_read_model_parks_a_bounded_number() {
        let many: Vec<_> = (1..=150).map(|position| InstallationCommand::Park(parked(position))).collect();
        assert_eq!(after(&many).parkings.iter().count(), PARKED_MAX);
    }

    #[test]
    fn what_was_taken_over_ends_where_its_import_did() {
        let (one, other) = (MerchantId(uuid::Uuid::from_u128(1)), MerchantId(uuid::Uuid::from_u128(2)));
        let begin = || {
            let source = "loyalnest/1a2b".to_owned();
            InstallationCommand::BeginImport(HistoryImportBegun { merchant: one, source, with_keys: true })
        };
        let finish = |until| InstallationCommand::FinishImport(HistoryImportFinished { merchant: one, until });
        let begun = after(&[begin(), begin()]);
        assert!(begun.imported.has(one, 1) && begun.imported.has(one, u64::MAX) && !begun.imported.has(other, 1));
        let finished = after(&[begin(), finish(9), finish(20)]);
        assert!(finished.imported.has(one, 9) && !finished.imported.has(one, 10));
        assert_eq!(finished.imported.iter().collect::<Vec<_>>(), [(one, 9)]);
        assert!(after(&[]).decide(&finish(9)).unwrap().is_empty());
    }

    #[test]
    fn another_log_begins_with_nothing_parked() {
        let adopted = adoption(&[("balances", 9)], place("JOURNAL of new", 4));
        assert_eq!(after(&[InstallationCommand::Park(parked(7)), adopted]).parkings.iter().count(), 0);
    }
}
