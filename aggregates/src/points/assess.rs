//! Facts about an order, and what the account makes of them. The outcome for one order is a function of the set of its
//! facts: bodies count by their `updated_at`, refunds by their identity, a cancellation for good.

use super::{
    account::Account,
    command::{KeyedView, OrderFact, PointsRefusal, RecordOrder},
    draft::Draft,
    event::{AssessedBody, FactRef, Movement, MovementKind, NewLot, OrderAssessed, Outcome, PointsEvent, RefundShare},
    lot::{LotExpiry, LotSource},
    order_record::{OrderRecord, unseen},
};
use crate::{
    id::{LotId, Token},
    order::{OrderBody, OrderLine},
    program::{
        Expiry, LineExclusion, NegativeBalance, ProgramSettings, ProgramVersion, award, exclusion_of, merchandise_base,
        refunded_share,
    },
    time::Timestamp,
};

pub(super) fn record_order(account: &Account, command: &RecordOrder) -> Result<Vec<PointsEvent>, PointsRefusal> {
    if command.views.len() != account.links.len() + 1 {
        return Err(PointsRefusal::LinksChanged);
    }
    let known = command.views.iter().find_map(|view| account.orders.get(&view.order).map(|record| (view, record)));
    let (view, version, before) = match known {
        Some((view, record)) => (view, pinned_version(command, record)?, record.clone()),
        None => {
            let version = version_for_first_sight(command)?;
            (&command.views[0], version, OrderRecord::unknown(version.version))
        }
    };
    let facts = unseen(&before, &fact_refs(command, view));
    if facts.is_empty() {
        return Ok(Vec::new());
    }

    let mut record = before.clone();
    let mut event = OrderAssessed {
        order: view.order,
        facts,
        program_version: version.version,
        body: None,
        cancelled_at: record.cancelled_at,
        refunds: Vec::new(),
        awarded: 0,
        kept: 0,
        lot: None,
        movements: Vec::new(),
        owed: 0,
        taken: record.taken,
        reference: command.reference.clone(),
        lines: None,
    };
    take_in_bodies(command, view, version, &mut record, &mut event)?;
    take_in_refunds(command, view, version, &mut record);
    event.refunds = record.refunds.iter().filter(|refund| !before.refunds.contains(refund)).cloned().collect();
    event.lines = command.lines.clone().filter(|_| event.body.is_some());
    event.awarded = record.awarded_now();
    event.kept = record.kept_now(None);

    let mut draft = Draft::at(account, command.now);
    follow(&draft, command, &version.settings, Change { before: &before, after: &record }, &mut event)?;
    draft.record(PointsEvent::OrderAssessed(event));
    draft.settle();
    Ok(draft.events)
}

fn pinned_version<'a>(command: &'a RecordOrder, record: &OrderRecord) -> Result<&'a ProgramVersion, PointsRefusal> {
    command.program.version(record.program_version).ok_or(PointsRefusal::NoProgram)
}

/// The version in effect when the order was made. Only a body tells when that was.
fn version_for_first_sight(command: &RecordOrder) -> Result<&ProgramVersion, PointsRefusal> {
    let processed_at = bodies(command).map(|body| body.processed_at).min().ok_or(PointsRefusal::OrderUnknown)?;
    command.program.in_effect_at(processed_at).ok_or(PointsRefusal::NoProgram)
}

fn bodies(command: &RecordOrder) -> impl Iterator<Item = &OrderBody> {
    command.facts.iter().filter_map(|fact| match fact {
        OrderFact::Body { body, .. } => Some(body),
        OrderFact::Refund { .. } => None,
    })
}

fn fact_refs(command: &RecordOrder, view: &KeyedView) -> Vec<FactRef> {
    let positions = command.facts.iter().map(OrderFact::position);
    view.fingerprints.iter().zip(positions).map(|(&fingerprint, position)| FactRef { fingerprint, position }).collect()
}

fn take_in_bodies(
    command: &RecordOrder,
    view: &KeyedView,
    version: &ProgramVersion,
    record: &mut OrderRecord,
    event: &mut OrderAssessed,
) -> Result<(), PointsRefusal> {
    for body in bodies(command) {
        let assessed = assess_body(command, view, version, body)?;
        if record.is_superseded_by(&assessed) {
            record.believe(&assessed);
            event.body = Some(assessed);
        }
        record.cancelled_at = [record.cancelled_at, body.cancelled_at].into_iter().flatten().min();
    }
    event.cancelled_at = record.cancelled_at;
    Ok(())
}

fn assess_body(
    command: &RecordOrder,
    view: &KeyedView,
    version: &ProgramVersion,
    body: &OrderBody,
) -> Result<AssessedBody, PointsRefusal> {
    let awards = award(&version.settings, body).map_err(|_| PointsRefusal::AwardTooLarge)?;
    let points: i64 = awards.iter().map(|award| award.points).sum();
    let outcome = match () {
        () if body.test => Outcome::TestOrder,
        () if body.voided => Outcome::Voided,
        () if body.cancelled_at.is_some() => Outcome::Cancelled,
        () if points > 0 => Outcome::Awarded,
        () if awards.is_empty() => Outcome::NoRule,
        () if awards.iter().all(|award| award.base_minor == 0) => Outcome::NothingToEarnOn,
        () => Outcome::BelowMinimumOrRounding,
    };
    Ok(AssessedBody {
        currency: body.currency,
        processed_at: body.processed_at,
        updated_at: body.updated_at,
        voided: body.voided,
        test: body.test,
        taxes_included: body.taxes_included,
        base_minor: merchandise_base(body),
        quantity: body.lines.iter().map(|line| line.quantity).fold(0, u32::saturating_add),
        awards,
        exclusions: exclusions(view, version, body),
        outcome,
        redeems: command.redeems.clone(),
    })
}

fn exclusions(view: &KeyedView, version: &ProgramVersion, body: &OrderBody) -> Vec<(Token, LineExclusion)> {
    let of_line = |line: &OrderLine| {
        let exclusion = exclusion_of(&version.settings, &line.item)?;
        Some((*view.lines.get(&line.line_id)?, exclusion))
    };
    body.lines.iter().filter_map(of_line).collect()
}

fn take_in_refunds(command: &RecordOrder, view: &KeyedView, version: &ProgramVersion, record: &mut OrderRecord) {
    for (fact, tokens) in command.facts.iter().zip(&view.refunds) {
        for (refund, &token) in fact.refunds().iter().zip(tokens) {
            let remembered = |line_id: &str| {
                let token = view.lines.get(line_id)?;
                record.exclusions.iter().find(|(line, _)| line == token).map(|(_, exclusion)| exclusion.clone())
            };
            let (merchandise_minor, by_rule_minor) =
                refunded_share(&version.settings, record.taxes_included, refund, &remembered);
            record.take_in_refund(RefundShare {
                refund: token,
                at: refund.at,
                merchandise_minor,
                by_rule_minor,
                quantity: refund.lines.iter().map(|line| line.quantity).fold(0, u32::saturating_add),
            });
        }
    }
}

/// What was known of an order, and what is known now.
#[derive(Clone, Copy)]
struct Change<'a> {
    before: &'a OrderRecord,
    after: &'a OrderRecord,
}

/// Brings the order's lot to what the facts say: granted what was awarded, taken back what is not kept.
///
/// Only what the new facts change is followed. What an earlier decision waived stays waived, and what it took stays
/// taken, also when the policy has changed since.
fn follow(
    draft: &Draft,
    command: &RecordOrder,
    settings: &ProgramSettings,
    change: Change<'_>,
    event: &mut OrderAssessed,
) -> Result<(), PointsRefusal> {
    let policy = command.program.current().ok_or(PointsRefusal::NoProgram)?.settings.negative_balance;
    let Change { before, after } = change;
    let available_at = after.processed_at.plus_days(settings.hold_days);
    let kept_of = |record: &OrderRecord| match policy {
        NegativeBalance::PendingOnly => record.kept_now(Some(available_at)),
        NegativeBalance::Clamp | NegativeBalance::Allow => record.kept_now(None),
    };
    let mut position = LotPosition::of(draft, after, command.fresh_lot);
    let open_before = position.granted - kept_of(before) - before.taken;
    if after.lot.is_none() && event.awarded > 0 {
        event.lot = Some(NewLot {
            lot: position.lot,
            source: LotSource::Order(event.order),
            earned_at: after.processed_at,
            available_at,
            expiry: expiry_of_lot(settings, after.processed_at),
        });
    }
    if event.awarded != before.awarded {
        position.grant_up_to(event.awarded);
    }
    let open = position.granted - kept_of(after) - before.taken;
    let due = open - open_before.max(0);
    let surplus = open_before.min(0) - open;
    if due > 0 {
        collect(draft, policy, due, &mut position, event);
    } else if surplus > 0 {
        event.taken -= position.restore(surplus);
    }
    event.movements = position.movements;
    Ok(())
}

/// Takes `due` points back: from the order's own lot, then from others, then as debt, as far as the policy goes.
fn collect(draft: &Draft, policy: NegativeBalance, due: i64, position: &mut LotPosition, event: &mut OrderAssessed) {
    let own = position.take_from_own_lot(due);
    event.taken += own;
    if policy == NegativeBalance::PendingOnly {
        return;
    }
    let covered = cover(draft, position.lot, due - own);
    let paid: i64 = covered.iter().map(|movement| movement.points).sum();
    position.movements.extend(covered);
    event.taken += paid;
    if policy == NegativeBalance::Allow {
        event.owed = due - own - paid;
        event.taken += event.owed;
    }
}

/// What another lot can bear of a reversal that its own lot cannot.
fn cover(draft: &Draft, own: LotId, points: i64) -> Vec<Movement> {
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
struct LotPosition {
    lot: LotId,
    granted: i64,
    remaining: i64,
    expired: i64,
    reversed: i64,
    movements: Vec<Movement>,
}

impl LotPosition {
    fn of(draft: &Draft, record: &OrderRecord, fresh: LotId) -> Self {
        let lot = record.lot.and_then(|id| draft.purse.lot(id));
        LotPosition {
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

    /// Takes what is left, then what had expired; gives how much that was.
    fn take_from_own_lot(&mut self, due: i64) -> i64 {
        let left = due.min(self.remaining);
        self.push(MovementKind::Reversed, left);
        let expired = (due - left).min(self.expired);
        self.push(MovementKind::ReversedExpired, expired);
        left + expired
    }

    /// Gives back what was reversed too much; gives how much of that had been reversed in this lot.
    fn restore(&mut self, points: i64) -> i64 {
        let restored = points.min(self.reversed);
        self.push(MovementKind::Restored, restored);
        self.push(MovementKind::Granted, points - restored);
        restored
    }
}
