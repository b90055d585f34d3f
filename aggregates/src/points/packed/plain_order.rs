//! An order that earned points and kept them all, and its lot: the few things about the two that nothing else tells.
//!
//! One after the other, numbers by [`Writer::signed`] unless said otherwise:
//!
//! | field | bytes |
//! |---|---|
//! | token | 16 |
//! | which terms, whether some of the lot is gone, whether its id does not follow from the token: one number, unsigned | |
//! | that id, if so | 16 |
//! | processed, since the order before; updated, since processed; microseconds | |
//! | base, minor units; quantity, unsigned | |
//! | rules: how many; base, less the order's, and points of each | |
//! | facts: how many; fingerprint, and position since that of the fact before, of each | 8 + |
//! | reversed, redeemed, deducted, expired, covered and forfeited of the lot, if some of it is gone | |

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::bytes::{Reader, Writer};
use crate::{
    id::{Fingerprint, LotId, Token},
    money::Currency,
    points::{
        account::Account,
        lot::{Lot, LotExpiry, LotSource},
        order_record::OrderRecord,
    },
    program::Boost,
    time::Timestamp,
};

/// What one order usually takes.
pub(super) const BYTES_FORESEEN: usize = 56;

/// What the orders of one shop under one version of its rules have in common.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Terms {
    program_version: u32,
    currency: Currency,
    taxes_included: bool,
    activated: bool,
    boosts: Box<[Boost]>,
    /// Microseconds from earned to available.
    hold: i64,
    expiry: PackedExpiry,
}

#[derive(Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
enum PackedExpiry {
    Never,
    /// Microseconds after the points were earned.
    After(i64),
    Inactivity {
        days: u32,
    },
}

/// An order and its lot, if the bytes here can tell all of both.
pub(super) struct PlainOrder<'a> {
    pub token: Token,
    pub terms: Terms,
    order: &'a OrderRecord,
    lot: &'a Lot,
}

/// Times and positions are written as differences to those before, as small numbers take few bytes.
#[derive(Default)]
pub(super) struct Before {
    processed_at: i64,
    position: u64,
}

impl<'a> PlainOrder<'a> {
    /// The order whose points this lot is.
    pub fn of(account: &'a Account, lot: &'a Lot) -> Option<Self> {
        let LotSource::Order(token) = lot.source else { return None };
        let order = account.orders.get(&token)?;
        let nothing_went_back = order.cancelled_at.is_none()
            && !order.voided
            && !order.test
            && order.refunds.is_empty()
            && order.exclusions.is_empty()
            && order.redeems.is_empty()
            && order.due == 0;
        let awarded = order.awarded_now();
        let kept_all = order.awarded == awarded && order.kept == awarded && lot.granted == awarded;
        let lot_is_its_own = order.lot == Some(lot.id) && lot.earned_at == order.processed_at && lot.is_sound();
        let terms = Terms::of(order, lot)?;
        (nothing_went_back && kept_all && lot_is_its_own).then_some(PlainOrder { token, terms, order, lot })
    }

    /// `terms` is the place of its terms among the account's.
    pub fn write(&self, terms: u64, before: &mut Before, to: &mut Writer) {
        let PlainOrder { token, order, lot, .. } = self;
        let has_own_id = lot.id != LotId::of_order(*token);
        let gone = [lot.reversed, lot.redeemed, lot.deducted, lot.expired, lot.covered, lot.forfeited];
        let is_some_gone = gone != [0; 6];
        to.raw(&token.0);
        to.unsigned(terms << 2 | u64::from(is_some_gone) << 1 | u64::from(has_own_id));
        if has_own_id {
            to.raw(lot.id.0.as_bytes());
        }
        let processed_at = order.processed_at.0;
        to.signed(processed_at.wrapping_sub(before.processed_at));
        to.signed(order.updated_at.0.wrapping_sub(processed_at));
        before.processed_at = processed_at;
        to.signed(order.base_minor);
        to.unsigned(order.quantity.into());
        write_rules(order, to);
        write_facts(&order.facts, before, to);
        if is_some_gone {
            gone.iter().for_each(|part| to.signed(*part));
        }
    }
}

/// What [`PlainOrder::write`] wrote.
pub(super) fn read(
    terms_of: &[Terms],
    before: &mut Before,
    from: &mut Reader<'_>,
) -> Option<(Token, OrderRecord, Lot)> {
    let token = Token(from.raw()?);
    let head = from.unsigned()?;
    let (terms, is_some_gone, has_own_id) = (head >> 2, head & 2 != 0, head & 1 != 0);
    let terms = terms_of.get(usize::try_from(terms).ok()?)?;
    let id = if has_own_id { LotId(Uuid::from_bytes(from.raw()?)) } else { LotId::of_order(token) };
    before.processed_at = before.processed_at.wrapping_add(from.signed()?);
    let processed_at = Timestamp(before.processed_at);
    let updated_at = after(processed_at, from.signed()?);
    let base_minor = from.signed()?;
    let quantity = u32::try_from(from.unsigned()?).ok()?;
    let mut order = OrderRecord {
        lot: Some(id),
        processed_at,
        updated_at,
        currency: Some(terms.currency),
        taxes_included: terms.taxes_included,
        base_minor,
        quantity,
        rules: read_rules(base_minor, from)?,
        boosts: terms.boosts.clone(),
        facts: read_facts(before, from)?,
        ..OrderRecord::unknown(terms.program_version)
    };
    order.awarded = order.awarded_now();
    order.kept = order.awarded;
    let mut lot = terms.lot(id, token, processed_at);
    lot.granted = order.awarded;
    lot.remaining = lot.granted;
    if is_some_gone {
        for part in gone(&mut lot) {
            *part = from.signed()?;
        }
        lot.remaining -= gone(&mut lot).into_iter().map(|part| *part).sum::<i64>();
    }
    Some((token, order, lot))
}

impl Terms {
    fn of(order: &OrderRecord, lot: &Lot) -> Option<Self> {
        let since_earned = |instant: Timestamp| instant.0.wrapping_sub(lot.earned_at.0);
        Some(Terms {
            program_version: order.program_version,
            currency: order.currency?,
            taxes_included: order.taxes_included,
            activated: lot.activated,
            boosts: order.boosts.clone(),
            hold: since_earned(lot.available_at),
            expiry: match lot.expiry {
                LotExpiry::Never => PackedExpiry::Never,
                LotExpiry::At(instant) => PackedExpiry::After(since_earned(instant)),
                LotExpiry::Inactivity { days } => PackedExpiry::Inactivity { days },
            },
        })
    }

    /// An empty lot on these terms.
    fn lot(&self, id: LotId, order: Token, earned_at: Timestamp) -> Lot {
        let expiry = match self.expiry {
            PackedExpiry::Never => LotExpiry::Never,
            PackedExpiry::After(micros) => LotExpiry::At(after(earned_at, micros)),
            PackedExpiry::Inactivity { days } => LotExpiry::Inactivity { days },
        };
        let mut lot = Lot::new(id, LotSource::Order(order), earned_at, after(earned_at, self.hold), expiry);
        lot.activated = self.activated;
        lot
    }
}

fn write_rules(order: &OrderRecord, to: &mut Writer) {
    to.count(order.rules.len());
    for (base_minor, points) in &order.rules {
        to.signed(base_minor.wrapping_sub(order.base_minor));
        to.signed(*points);
    }
}

fn read_rules(base_minor: i64, from: &mut Reader<'_>) -> Option<Box<[(i64, i64)]>> {
    (0..from.count()?).map(|_| Some((base_minor.wrapping_add(from.signed()?), from.signed()?))).collect()
}

fn write_facts(facts: &[(Fingerprint, u64)], before: &mut Before, to: &mut Writer) {
    to.count(facts.len());
    for (fingerprint, position) in facts {
        // Random, and so shorter than a number of variable length.
        to.raw(&fingerprint.0.to_be_bytes());
        to.signed(position.wrapping_sub(before.position).cast_signed());
        before.position = *position;
    }
}

fn read_facts(before: &mut Before, from: &mut Reader<'_>) -> Option<Vec<(Fingerprint, u64)>> {
    let count = from.count()?;
    let mut facts = Vec::with_capacity(count);
    for _ in 0..count {
        let fingerprint = Fingerprint(u64::from_be_bytes(from.raw()?));
        before.position = before.position.wrapping_add_signed(from.signed()?);
        facts.push((fingerprint, before.position));
    }
    Some(facts)
}

/// What has left a lot, in the order in which it is written.
fn gone(lot: &mut Lot) -> [&mut i64; 6] {
    [&mut lot.reversed, &mut lot.redeemed, &mut lot.deducted, &mut lot.expired, &mut lot.covered, &mut lot.forfeited]
}

/// Differences wrap around on both ways, so that no instant is too far from another.
fn after(instant: Timestamp, micros: i64) -> Timestamp {
    Timestamp(instant.0.wrapping_add(micros))
}
