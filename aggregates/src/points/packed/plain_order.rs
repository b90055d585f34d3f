//! An order that earned points and kept them all, and its lot: the few things about the two that nothing else tells.

use serde::{Deserialize, Serialize};

use crate::{
    id::{Fingerprint, LotId, Token},
    money::Currency,
    points::{
        account::Account,
        lot::{Lot, LotExpiry, LotSource},
        order_record::OrderRecord,
    },
    time::Timestamp,
};

/// Times and positions are differences to those of the order before, as small numbers take few bytes.
#[derive(Serialize, Deserialize)]
pub(super) struct PlainOrder {
    token: Token,
    /// `None` if it is the one that follows from the token.
    lot: Option<LotId>,
    /// Which of the account's.
    pub terms: u32,
    /// Microseconds since the order before was processed.
    processed: i64,
    /// Microseconds since it was processed.
    updated: i64,
    base_minor: i64,
    quantity: u32,
    rules: Rules,
    /// What has left the lot; `None` if all of it is there.
    gone: Option<Gone>,
    facts: Vec<PackedFact>,
}

/// What the orders of one shop under one version of its rules have in common.
#[derive(Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Terms {
    program_version: u32,
    currency: Currency,
    taxes_included: bool,
    activated: bool,
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

#[derive(Serialize, Deserialize)]
enum Rules {
    /// One, which pays so many points for all of the base.
    One(i64),
    Several(Box<[(i64, i64)]>),
}

#[derive(Default, PartialEq, Serialize, Deserialize)]
struct Gone {
    reversed: i64,
    redeemed: i64,
    deducted: i64,
    expired: i64,
    covered: i64,
    forfeited: i64,
}

/// A fingerprint is random: its eight bytes are shorter than a number of variable length.
#[derive(Serialize, Deserialize)]
struct PackedFact {
    fingerprint: [u8; 8],
    position: i64,
}

/// What differences are taken to: the order before, and the fact before.
#[derive(Default)]
pub(super) struct Before {
    processed_at: i64,
    position: u64,
}

/// The order whose points this lot is, if a [`PlainOrder`] can tell all of both.
pub(super) fn plain_order_of<'a>(account: &'a Account, lot: &Lot) -> Option<(Token, &'a OrderRecord)> {
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
    let is_plain = order.currency.is_some() && nothing_went_back && kept_all && lot_is_its_own;
    is_plain.then_some((token, order))
}

impl PlainOrder {
    pub fn pack(token: Token, order: &OrderRecord, lot: &Lot, terms: u32, before: &mut Before) -> Self {
        let processed_at = order.processed_at.0;
        let processed_before = std::mem::replace(&mut before.processed_at, processed_at);
        PlainOrder {
            token,
            lot: Some(lot.id).filter(|id| *id != LotId::of_order(token)),
            terms,
            processed: processed_at.wrapping_sub(processed_before),
            updated: order.updated_at.0.wrapping_sub(processed_at),
            base_minor: order.base_minor,
            quantity: order.quantity,
            rules: Rules::of(order),
            gone: Gone::of(lot),
            facts: order.facts.iter().map(|fact| PackedFact::pack(*fact, before)).collect(),
        }
    }

    pub fn unpack(self, terms: &Terms, before: &mut Before) -> (Token, OrderRecord, Lot) {
        before.processed_at = before.processed_at.wrapping_add(self.processed);
        let processed_at = Timestamp(before.processed_at);
        let id = self.lot.unwrap_or_else(|| LotId::of_order(self.token));
        let mut order = OrderRecord {
            lot: Some(id),
            processed_at,
            updated_at: after(processed_at, self.updated),
            currency: Some(terms.currency),
            taxes_included: terms.taxes_included,
            base_minor: self.base_minor,
            quantity: self.quantity,
            rules: self.rules.unpack(self.base_minor),
            facts: self.facts.into_iter().map(|fact| fact.unpack(before)).collect(),
            ..OrderRecord::unknown(terms.program_version)
        };
        order.awarded = order.awarded_now();
        order.kept = order.awarded;
        let mut lot = terms.lot(id, self.token, processed_at);
        lot.granted = order.awarded;
        self.gone.unwrap_or_default().leave(&mut lot);
        (self.token, order, lot)
    }
}

impl Terms {
    pub fn of(order: &OrderRecord, lot: &Lot) -> Option<Self> {
        let since_earned = |instant: Timestamp| instant.0.wrapping_sub(lot.earned_at.0);
        Some(Terms {
            program_version: order.program_version,
            currency: order.currency?,
            taxes_included: order.taxes_included,
            activated: lot.activated,
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

impl Rules {
    fn of(order: &OrderRecord) -> Self {
        match *order.rules {
            [(base_minor, points)] if base_minor == order.base_minor => Rules::One(points),
            _ => Rules::Several(order.rules.clone()),
        }
    }

    fn unpack(self, base_minor: i64) -> Box<[(i64, i64)]> {
        match self {
            Rules::One(points) => Box::from([(base_minor, points)]),
            Rules::Several(rules) => rules,
        }
    }
}

impl Gone {
    fn of(lot: &Lot) -> Option<Self> {
        let gone = Gone {
            reversed: lot.reversed,
            redeemed: lot.redeemed,
            deducted: lot.deducted,
            expired: lot.expired,
            covered: lot.covered,
            forfeited: lot.forfeited,
        };
        Some(gone).filter(|gone| *gone != Gone::default())
    }

    /// What was granted and is not gone remains: a plain order's lot is sound.
    fn leave(self, lot: &mut Lot) {
        let Gone { reversed, redeemed, deducted, expired, covered, forfeited } = self;
        lot.remaining = lot.granted - reversed - redeemed - deducted - expired - covered - forfeited;
        (lot.reversed, lot.redeemed, lot.deducted, lot.expired, lot.covered, lot.forfeited) =
            (reversed, redeemed, deducted, expired, covered, forfeited);
    }
}

impl PackedFact {
    fn pack((fingerprint, position): (Fingerprint, u64), before: &mut Before) -> Self {
        let position_before = std::mem::replace(&mut before.position, position);
        PackedFact {
            fingerprint: fingerprint.0.to_be_bytes(),
            position: position.wrapping_sub(position_before).cast_signed(),
        }
    }

    fn unpack(self, before: &mut Before) -> (Fingerprint, u64) {
        before.position = before.position.wrapping_add_signed(self.position);
        (Fingerprint(u64::from_be_bytes(self.fingerprint)), before.position)
    }
}

/// Differences wrap around on both ways, so that no instant is too far from another.
fn after(instant: Timestamp, micros: i64) -> Timestamp {
    Timestamp(instant.0.wrapping_add(micros))
}
