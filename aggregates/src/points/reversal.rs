//! What an assessment does to points: the order's own lot, and where that cannot bear it, the rest of the account.
//!
//! Of an order's lot, `due` has to go back. The own lot bears `min(due, what it has left or has given back)`: a function
//! of the state, so that no path of arrival can matter. What it cannot bear is the shortfall, and only the *change* of
//! that touches others: a larger one takes from other lots, then makes debt or is waived; a smaller one is undone in
//! reverse. So a decision is never taken again because somebody looked at the order, or because the policy changed.

use super::{
    command::{PointsRefusal, RecordOrder},
    draft::Draft,
    event::{Movement, MovementKind, NewLot, OrderAssessed},
    lot::{Lot, LotExpiry, LotSource},
    order_record::OrderRecord,
    shortfall::Shortfall,
};
use crate::{
    id::LotId,
    program::{Expiry, NegativeBalance, ProgramSettings},
    time::Timestamp,
};

/// What was known of an order, and what is known now.
#[derive(Clone, Copy)]
pub(super) struct Change<'a> {
    pub before: &'a OrderRecord,
    pub after: &'a OrderRecord,
}

/// Fills in what `event` moves: the lot is granted what was awarded, and what is not kept goes back.
pub(super) fn follow(
    draft: &Draft,
    command: &RecordOrder,
    settings: &ProgramSettings,
    change: Change<'_>,
    event: &mut OrderAssessed,
) -> Result<(), PointsRefusal> {
    let in_effect = command.program.in_effect_at(command.now).ok_or(PointsRefusal::NoProgram)?;
    let policy = in_effect.settings.negative_balance;
    let Change { before, after } = change;
    let available_at = after.processed_at.plus_days(settings.hold_days);
    let kept_of = |record: &OrderRecord| match policy {
        NegativeBalance::PendingOnly => record.kept_now(Some(available_at)),
        NegativeBalance::Clamp | NegativeBalance::Allow => record.kept_now(None),
    };
    let mut own = OwnLot::of(draft, after, LotId::of_order(event.order));
    if after.lot.is_none() && event.awarded > 0 {
        event.lot = Some(NewLot {
            lot: own.lot,
            source: LotSource::Order(event.order),
            earned_at: after.processed_at,
            available_at,
            expiry: expiry_of_lot(settings, after.processed_at),
        });
    }
    let (not_kept_before, shortfall_before) = (own.granted - kept_of(before), before.due - own.reversed);
    if event.awarded != before.awarded {
        own.grant_up_to(event.awarded);
    }
    let more_due = own.granted - kept_of(after) - not_kept_before;
    if more_due != 0 || !own.movements.is_empty() {
        // What an earlier policy let go stays out of it, and what it took stays taken.
        event.due = (before.due + more_due).clamp(0, own.granted);
        own.bear(event.due);
        let more_short = event.due - own.reversed - shortfall_before;
        pass_on(draft, policy, more_short, shortfall_before, &mut own, event);
    }
    event.movements = own.movements;
    Ok(())
}

/// Hands the change of a shortfall to others, or gives it back to them.
fn pass_on(
    draft: &Draft,
    policy: NegativeBalance,
    more_short: i64,
    shortfall_before: i64,
    own: &mut OwnLot,
    event: &mut OrderAssessed,
) {
    if more_short > 0 && policy != NegativeBalance::PendingOnly {
        let covered = cover(draft, own.lot, more_short);
        let paid: i64 = covered.iter().map(|movement| movement.points).sum();
        own.movements.extend(covered);
        if policy == NegativeBalance::Allow {
            event.owed = more_short - paid;
        }
    } else if more_short < 0 {
        let nothing = Shortfall::default();
        let shortfall = draft.purse.shortfalls.get(&event.order).unwrap_or(&nothing);
        let waived = shortfall_before - shortfall.borne();
        let to_undo = (-more_short - waived).max(0);
        let forgiven = to_undo.min(shortfall.owed);
        event.owed = -forgiven;
        own.movements.extend(shortfall.uncover(to_undo - forgiven));
    }
}

/// What other lots can bear of a reversal that its own lot cannot.
pub(super) fn cover(draft: &Draft, own: LotId, points: i64) -> Vec<Movement> {
    let mut others = draft.purse.clone();
    others.lots.retain(|lot| lot.id != own);
    others.allocate(points, draft.now, MovementKind::Covered)
}

/// When points earned at `earned_at` under these settings will be gone.
pub(super) fn expiry_of_lot(settings: &ProgramSettings, earned_at: Timestamp) -> LotExpiry {
    match settings.expiry {
        Expiry::None => LotExpiry::Never,
        Expiry::AfterEarning { days } => LotExpiry::At(earned_at.plus_days(days)),
        Expiry::Inactivity { days } => LotExpiry::Inactivity { days },
    }
}

/// The order's own lot while movements are being worked out.
pub(super) struct OwnLot {
    lot: LotId,
    granted: i64,
    remaining: i64,
    expired: i64,
    pub reversed: i64,
    pub movements: Vec<Movement>,
}

impl OwnLot {
    /// One that is there, and whose points go back for another reason than an order.
    pub(super) fn there(lot: &Lot) -> Self {
        let Lot { id, granted, remaining, expired, reversed, .. } = *lot;
        OwnLot { lot: id, granted, remaining, expired, reversed, movements: Vec::new() }
    }

    fn of(draft: &Draft, record: &OrderRecord, fresh: LotId) -> Self {
        let lot = record.lot.and_then(|id| draft.purse.lot(id));
        OwnLot {
            lot: record.lot.unwrap_or(fresh),
            granted: lot.map_or(0, |lot| lot.granted),
            remaining: lot.map_or(0, |lot| lot.remaining),
            expired: lot.map_or(0, |lot| lot.expired),
            reversed: lot.map_or(0, |lot| lot.reversed),
            movements: Vec::new(),
        }
    }

    fn push(&mut self, kind: MovementKind, points: i64) {
        if points > 0 {
            self.movements.push(Movement { lot: self.lot, kind, points });
        }
    }

    fn grant_up_to(&mut self, awarded: i64) {
        let more = awarded - self.granted;
        if more > 0 {
            self.push(MovementKind::Granted, more);
            self.granted += more;
            self.remaining += more;
        } else {
            let less = (-more).min(self.remaining);
            self.push(MovementKind::Withdrawn, less);
            self.granted -= less;
            self.remaining -= less;
        }
    }

    /// Gives back of `due` what the lot can: what is left before what had expired.
    pub(super) fn bear(&mut self, due: i64) {
        let wanted = due - self.reversed;
        let left = wanted.clamp(0, self.remaining);
        self.push(MovementKind::Reversed, left);
        let expired = (wanted - left).clamp(0, self.expired);
        self.push(MovementKind::ReversedExpired, expired);
        let restored = (-wanted).max(0);
        self.push(MovementKind::Restored, restored);
        self.reversed += left + expired - restored;
    }
}
