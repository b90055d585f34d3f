//! Points by hand, with a reason.

use super::{
    account::Account,
    command::{Adjust, PointsRefusal},
    draft::Draft,
    event::{Movement, MovementKind, NewLot, PointsAdjusted, PointsEvent},
    lot::LotSource,
    reversal::expiry_of_lot,
};
use crate::program::{AWARD_MAX, NegativeBalance};

pub(super) fn adjust(account: &Account, command: &Adjust) -> Result<Vec<PointsEvent>, PointsRefusal> {
    if account.already_done(command.command, command.request)? {
        return Ok(Vec::new());
    }
    if command.points == 0 || command.points.checked_abs().is_none_or(|points| points > AWARD_MAX) {
        return Err(PointsRefusal::BadAdjustment);
    }
    let settings = &command.program.in_effect_at(command.now).ok_or(PointsRefusal::NoProgram)?.settings;
    let mut draft = Draft::at(account, command.now);
    let mut event = PointsAdjusted {
        command: command.command,
        request: command.request,
        points: command.points,
        reason: command.reason.clone(),
        lot: None,
        movements: Vec::new(),
        owed: 0,
        at: command.now,
    };
    if command.points > 0 {
        event.lot = Some(NewLot {
            lot: command.fresh_lot,
            source: LotSource::Adjustment,
            earned_at: command.now,
            available_at: command.now,
            expiry: expiry_of_lot(settings, command.now),
        });
        event.movements =
            vec![Movement { lot: command.fresh_lot, kind: MovementKind::Granted, points: command.points }];
    } else {
        let wanted = -command.points;
        let available = draft.purse.available(command.now);
        if available < wanted && settings.negative_balance != NegativeBalance::Allow {
            return Err(PointsRefusal::InsufficientPoints { available });
        }
        event.movements = draft.purse.allocate(wanted, command.now, MovementKind::Deducted);
        event.owed = wanted - event.movements.iter().map(|movement| movement.points).sum::<i64>();
    }
    draft.record(PointsEvent::PointsAdjusted(event));
    draft.settle();
    Ok(draft.events)
}
