//! Points for something that is not an order: a referral, a campaign, a badge, a tier. Each is granted once and taken back
//! once at most, whoever asks and however often.

use serde::{Deserialize, Serialize};

use super::{
    account::Account,
    command::{Grant, PointsRefusal, Revoke},
    draft::Draft,
    event::{BonusGranted, BonusRevoked, BonusSource, Movement, MovementKind, NewLot, PointsEvent},
    lot::LotSource,
    reversal::{self, OwnLot},
};
use crate::{
    id::LotId,
    program::{AWARD_MAX, NegativeBalance, RuleId},
};

/// What an account remembers of a bonus.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BonusRecord {
    pub lot: LotId,
    pub source: BonusSource,
    pub points: i64,
    pub rule: RuleId,
    pub rule_version: u32,
    pub revoked: bool,
    /// Where it was granted.
    pub position: u64,
}

impl BonusRecord {
    pub(super) fn of(event: &BonusGranted, position: u64) -> Self {
        BonusRecord {
            lot: event.lot.lot,
            source: event.source,
            points: event.points,
            rule: event.rule.clone(),
            rule_version: event.rule_version,
            revoked: false,
            position,
        }
    }
}

pub(super) fn grant(account: &Account, command: &Grant) -> Result<Vec<PointsEvent>, PointsRefusal> {
    if account.bonuses.contains_key(&command.bonus) {
        return Ok(Vec::new());
    }
    if !(1..=AWARD_MAX).contains(&command.points) {
        return Err(PointsRefusal::BadBonus);
    }
    let settings = &command.program.in_effect_at(command.earned_at).ok_or(PointsRefusal::NoProgram)?.settings;
    let mut draft = Draft::at(account, command.now);
    draft.record(PointsEvent::BonusGranted(BonusGranted {
        bonus: command.bonus,
        source: command.source,
        points: command.points,
        rule: command.rule.clone(),
        rule_version: command.rule_version,
        lot: NewLot {
            lot: command.fresh_lot,
            source: LotSource::Bonus(command.source),
            earned_at: command.earned_at,
            available_at: command.available_at,
            expiry: reversal::expiry_of_lot(settings, command.earned_at),
        },
        movements: vec![Movement { lot: command.fresh_lot, kind: MovementKind::Granted, points: command.points }],
        at: command.now,
    }));
    draft.settle();
    Ok(draft.events)
}

pub(super) fn revoke(account: &Account, command: &Revoke) -> Result<Vec<PointsEvent>, PointsRefusal> {
    let record = account.bonuses.get(&command.bonus).ok_or(PointsRefusal::UnknownBonus)?;
    if record.revoked {
        return Ok(Vec::new());
    }
    let settings = &command.program.in_effect_at(command.now).ok_or(PointsRefusal::NoProgram)?.settings;
    let mut draft = Draft::at(account, command.now);
    let (movements, owed) = taken_back(&draft, record, settings.negative_balance);
    draft.record(PointsEvent::BonusRevoked(BonusRevoked {
        bonus: command.bonus,
        source: record.source,
        movements,
        owed,
        at: command.now,
    }));
    draft.settle();
    Ok(draft.events)
}

/// Movements, and what the account owes after them. The bonus' own lot gives first; then others, then there is debt, or
/// the rest is waived.
fn taken_back(draft: &Draft, record: &BonusRecord, policy: NegativeBalance) -> (Vec<Movement>, i64) {
    let Some(lot) = draft.purse.lot(record.lot) else { return (Vec::new(), 0) };
    if policy == NegativeBalance::PendingOnly && !lot.is_pending_at(draft.now) {
        return (Vec::new(), 0);
    }
    let mut own = OwnLot::there(lot);
    own.bear(record.points);
    let short = record.points - own.reversed;
    if short == 0 || policy == NegativeBalance::PendingOnly {
        return (own.movements, 0);
    }
    let covered = reversal::cover(draft, record.lot, short);
    let paid: i64 = covered.iter().map(|movement| movement.points).sum();
    own.movements.extend(covered);
    (own.movements, if policy == NegativeBalance::Allow { short - paid } else { 0 })
}
