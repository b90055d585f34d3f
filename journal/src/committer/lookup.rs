//! Asking the log what happened.

use futures::StreamExt;

use crate::commit::Commit;
use crate::connection::JournalError;
use crate::reading::Log;

use super::unit::Unit;

/// Units looked up at the same time.
const LOOKUPS_AT_ONCE: usize = 32;

/// What became of a unit whose outcome was not known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fate {
    /// It is in the log, at these positions.
    Written(Vec<u64>),
    /// Something else took its place; it is not in the log and never will be.
    Overtaken,
    /// Its place is still free.
    Absent,
    /// The leader could not be asked.
    Unanswered,
}

/// Looks each unit up at the leader.
pub async fn fates(log: &Log, units: Vec<Unit>) -> Vec<(Unit, Fate)> {
    let lookups = units.into_iter().map(|unit| async {
        let fate = fate(log, &unit).await.unwrap_or(Fate::Unanswered);
        (unit, fate)
    });
    futures::stream::iter(lookups).buffered(LOOKUPS_AT_ONCE).collect().await
}

/// The guard says exactly where a commit would be: the first on its subject after the expected position, or after the one
/// it continues. Looking there and not at the end, a commit is found even when others have followed it since.
async fn fate(log: &Log, unit: &Unit) -> Result<Fate, JournalError> {
    let mut positions: Vec<u64> = Vec::with_capacity(unit.messages());
    for parcel in unit.parcels.iter() {
        let before = positions.last().filter(|_| parcel.continues).copied().unwrap_or(parcel.expected);
        let successor = log.first_from(&parcel.subject.to_string(), before + 1).await?;
        match successor {
            // Units are written whole: one missing is all missing.
            None => return Ok(Fate::Absent),
            Some(found) if Commit::decode(&found.payload).is_ok_and(|commit| commit.commit_id == parcel.commit_id) => {
                positions.push(found.position);
            }
            Some(_) => return Ok(Fate::Overtaken),
        }
    }
    Ok(Fate::Written(positions))
}

/// Which units of a failed batch were stale. One question for all their subjects; any replica may answer it. A
/// position that was reached is certain, so whoever expects less is stale for certain; whoever the replica did not
/// know to be stale yet fails once more, and then travels alone.
pub async fn sift(log: &Log, units: Vec<Unit>) -> (Vec<Unit>, Vec<Unit>) {
    let guarded = |unit: &Unit| -> Vec<_> { unit.guarded().map(|parcel| parcel.subject).collect() };
    let subjects: Vec<_> = units.iter().flat_map(guarded).collect();
    let reached = log.direct().last_positions(&subjects).await.unwrap_or_default();
    units.into_iter().partition(|unit| {
        unit.guarded()
            .any(|parcel| reached.get(&parcel.subject.to_string()).is_some_and(|position| *position > parcel.expected))
    })
}
