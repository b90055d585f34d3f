//! The account of somebody who is being forgotten. A fence ends everything else; then what was not spent is forfeited, what
//! was owed is let go, and codes that no order has used are worth nothing any more. What remains is numbers that add up.

use super::{
    account::Account,
    command::{Forfeit, PointsRefusal},
    draft::Draft,
    event::{Movement, MovementKind, PointsEvent, PointsForfeited},
};
use crate::id::RedemptionId;

/// Lots that one event names at most: some 100 KiB, so that it fits into a commit.
const LOTS_PER_EVENT: usize = 4_096;

/// Behind the fence only. A second time there is nothing left to forfeit.
pub(super) fn forfeit(account: &Account, command: &Forfeit) -> Result<Vec<PointsEvent>, PointsRefusal> {
    if !account.fenced {
        return Err(PointsRefusal::NotFenced);
    }
    if account.merged_into.is_some() {
        return Ok(Vec::new());
    }
    let mut draft = Draft::at(account, command.now);
    let movements: Vec<Movement> = draft
        .purse
        .lots
        .iter()
        .filter(|lot| lot.remaining > 0)
        .map(|lot| Movement { lot: lot.id, kind: MovementKind::Forfeited, points: lot.remaining })
        .collect();
    let event = |movements, codes, owed| {
        PointsEvent::PointsForfeited(PointsForfeited {
            request: command.request,
            movements,
            codes,
            owed,
            at: command.now,
        })
    };
    for movements in movements.chunks(LOTS_PER_EVENT) {
        draft.record(event(movements.to_vec(), Vec::new(), 0));
    }
    let codes = live_codes(account);
    let debt = draft.purse.debt;
    if debt > 0 || !codes.is_empty() {
        draft.record(event(Vec::new(), codes, -debt));
    }
    Ok(draft.events)
}

/// Codes that somebody could still hand in.
fn live_codes(account: &Account) -> Vec<RedemptionId> {
    let live =
        account.redemptions.iter().filter(|(_, redemption)| redemption.used_by.is_none() && !redemption.cancelled);
    let mut codes: Vec<RedemptionId> = live.map(|(id, _)| *id).collect();
    codes.sort_unstable();
    codes
}
