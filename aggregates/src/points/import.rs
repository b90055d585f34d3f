//! Lots that a customer brings along from another programme. A lot has one name for ever, made from what the file calls it:
//! whoever brings it again finds it there, and nothing is doubled.

use std::collections::HashSet;

use super::{
    account::Account,
    command::{ImportLots, ImportedLot, PointsRefusal},
    draft::Draft,
    event::{Movement, MovementKind, NewLot, PointsEvent, PointsImported},
    lot::LotSource,
    reversal::expiry_of_lot,
};
use crate::{
    id::{ImportId, LotId},
    program::{AWARD_MAX, ProgramSettings},
    time::Timestamp,
};

/// Which of the lots are not here yet become lots of this account; the others stay as they are, whatever the file says now.
pub(super) fn import_lots(account: &Account, command: &ImportLots) -> Result<Vec<PointsEvent>, PointsRefusal> {
    if command.lots.iter().any(|lot| lot.names.len() != account.links.len() + 1) {
        return Err(PointsRefusal::LinksChanged);
    }
    if command.lots.iter().any(|lot| lot.points.checked_abs().is_none_or(|points| points > AWARD_MAX)) {
        return Err(PointsRefusal::AwardTooLarge);
    }
    let mut taken: HashSet<LotId> = HashSet::new();
    let mut new_to = |lot: &&ImportedLot| !account.has_imported(lot) && taken.insert(lot.names[0]);
    let fresh: Vec<&ImportedLot> = command.lots.iter().filter(|lot| new_to(lot)).collect();
    if fresh.is_empty() {
        return Ok(Vec::new());
    }
    let settings = &command.program.in_effect_at(command.now).ok_or(PointsRefusal::NoProgram)?.settings;
    let mut draft = Draft::at(account, command.now);
    draft.record(PointsEvent::PointsImported(PointsImported {
        import: command.import,
        lots: fresh.iter().map(|lot| lot.opened(command.import, settings)).collect(),
        movements: fresh.iter().filter_map(|lot| lot.granted()).collect(),
        owed: fresh.iter().map(|lot| (-lot.points).max(0)).sum(),
        last_activity: command.last_activity,
        at: command.now,
    }));
    draft.settle();
    Ok(draft.events)
}

impl Account {
    /// Whether the lot is here, under whichever of its names.
    pub fn has_imported(&self, lot: &ImportedLot) -> bool {
        lot.names.iter().any(|name| self.purse.lot(*name).is_some())
    }

    /// The import that brought the lot, if one did.
    pub fn import_of(&self, lot: &ImportedLot) -> Option<ImportId> {
        let known = lot.names.iter().find_map(|name| self.purse.lot(*name))?;
        match known.source {
            LotSource::Import(import) => Some(import),
            _ => None,
        }
    }
}

impl ImportedLot {
    fn opened(&self, import: ImportId, settings: &ProgramSettings) -> NewLot {
        NewLot {
            lot: self.names[0],
            source: LotSource::Import(import),
            earned_at: self.earned_at,
            available_at: self.available_at,
            expiry: self.expiry.unwrap_or_else(|| expiry_of_lot(settings, self.earned_at)),
        }
    }

    /// What is owed has a lot without points: it carries the name by which the debt is recognised.
    fn granted(&self) -> Option<Movement> {
        let granted = Movement { lot: self.names[0], kind: MovementKind::Granted, points: self.points };
        (self.points > 0).then_some(granted)
    }

    /// Whether nothing would be left of it at `now`, if it were brought then.
    pub fn is_over_at(&self, now: Timestamp) -> bool {
        matches!(self.expiry, Some(super::lot::LotExpiry::At(end)) if end <= now)
    }
}
