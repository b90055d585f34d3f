//! What an account remembers of one order: enough to answer every later fact about it without asking anybody.

use std::{cmp::Reverse, collections::BTreeSet};

use serde::{Deserialize, Serialize};

use super::event::{AssessedBody, CodeUse, FactRef, OrderAssessed, RefundShare};
use crate::{
    id::{Fingerprint, LotId, Token},
    money::Currency,
    program::{Boost, LineExclusion, kept_of},
    time::Timestamp,
};

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OrderRecord {
    pub program_version: u32,
    pub lot: Option<LotId>,
    pub processed_at: Timestamp,
    pub updated_at: Timestamp,
    pub cancelled_at: Option<Timestamp>,
    /// As the believed body states it; refunds that do not tell theirs are in this one.
    pub currency: Option<Currency>,
    pub voided: bool,
    pub test: bool,
    pub taxes_included: bool,
    pub base_minor: i64,
    pub quantity: u32,
    /// Base and points of each rule, in the order of the program version's rules.
    pub rules: Box<[(i64, i64)]>,
    /// What multiplies its points; as the first body found it.
    pub boosts: Box<[Boost]>,
    pub exclusions: Box<[(Token, LineExclusion)]>,
    pub refunds: Vec<RefundShare>,
    /// Redemptions whose codes any body has carried: a use stays one when a later body no longer shows it. Sorted.
    pub redeems: Box<[CodeUse]>,
    pub awarded: i64,
    pub kept: i64,
    /// What has to go back of all that the lot was granted; see [`OrderAssessed::due`].
    pub due: i64,
    /// Deliveries taken in, and where each was first recorded.
    pub facts: Vec<(Fingerprint, u64)>,
}

impl OrderRecord {
    /// The state before anything is known of an order but the version it will be judged by.
    pub(super) fn unknown(program_version: u32) -> Self {
        OrderRecord {
            program_version,
            lot: None,
            processed_at: Timestamp::default(),
            updated_at: Timestamp(i64::MIN),
            cancelled_at: None,
            currency: None,
            voided: false,
            test: false,
            taxes_included: false,
            base_minor: 0,
            quantity: 0,
            rules: Box::default(),
            boosts: Box::default(),
            exclusions: Box::default(),
            refunds: Vec::new(),
            redeems: Box::default(),
            awarded: 0,
            kept: 0,
            due: 0,
            facts: Vec::new(),
        }
    }

    /// A body counts when it is newer than what is believed. Bodies of the same instant are ordered by their content, so
    /// that whichever comes first, the same one stands.
    pub(super) fn is_superseded_by(&self, body: &AssessedBody) -> bool {
        let mut theirs = OrderRecord::unknown(self.program_version);
        theirs.believe(body);
        theirs.rank() > self.rank()
    }

    /// Everything that is believed of a body; shops tell `updated_at` in whole seconds, so the rest does decide.
    fn rank(&self) -> impl Ord + '_ {
        (
            (self.updated_at, self.voided, self.test),
            (Reverse(self.base_minor), Reverse(self.awarded_now())),
            (self.processed_at, self.taxes_included, self.quantity),
            (&self.rules, &self.exclusions, self.currency),
        )
    }

    pub(super) fn believe(&mut self, body: &AssessedBody) {
        self.processed_at = body.processed_at;
        self.updated_at = body.updated_at;
        self.currency = Some(body.currency);
        self.voided = body.voided;
        self.test = body.test;
        self.taxes_included = body.taxes_included;
        self.base_minor = body.base_minor;
        self.quantity = body.quantity;
        self.rules = body.awards.iter().map(|award| (award.base_minor, award.points)).collect();
        self.boosts = body.boosts.clone().into_boxed_slice();
        self.exclusions = body.exclusions.clone().into_boxed_slice();
    }

    pub(super) fn apply(&mut self, event: &OrderAssessed, position: u64) {
        if let Some(body) = &event.body {
            self.believe(body);
        }
        self.cancelled_at = event.cancelled_at;
        self.take_in_uses(&event.redeems);
        event.refunds.iter().for_each(|refund| self.take_in_refund(refund.clone()));
        if let Some(new) = &event.lot {
            self.lot = Some(new.lot);
        }
        self.awarded = event.awarded;
        self.kept = event.kept;
        self.due = event.due;
        self.facts.extend(event.facts.iter().map(|fact| (fact.fingerprint, fact.position.unwrap_or(position))));
    }

    /// A body was taken in: refunds alone do not make an order.
    pub fn is_known(&self) -> bool {
        self.updated_at > Timestamp(i64::MIN)
    }

    pub fn is_off(&self) -> bool {
        self.cancelled_at.is_some() || self.voided
    }

    /// A refund is told more than once: when it is recorded, and again when money has moved. The largest telling of each
    /// part counts, so that the order of tellings does not.
    pub(super) fn take_in_refund(&mut self, told: RefundShare) {
        let Some(known) = self.refunds.iter_mut().find(|known| known.refund == told.refund) else {
            self.refunds.push(told);
            return;
        };
        known.at = known.at.min(told.at);
        known.merchandise_minor = known.merchandise_minor.max(told.merchandise_minor);
        known.quantity = known.quantity.max(told.quantity);
        for (known, told) in known.by_rule_minor.iter_mut().zip(told.by_rule_minor) {
            *known = (*known).max(told);
        }
    }

    fn take_in_uses(&mut self, new: &[CodeUse]) {
        if !new.is_empty() {
            let uses: BTreeSet<CodeUse> = self.redeems.iter().chain(new).copied().collect();
            self.redeems = uses.into_iter().collect();
        }
    }

    pub fn position_of(&self, fingerprint: Fingerprint) -> Option<u64> {
        self.facts.iter().find(|(known, _)| *known == fingerprint).map(|(_, position)| *position)
    }

    pub(super) fn awarded_now(&self) -> i64 {
        self.rules.iter().map(|(_, points)| *points).sum()
    }

    /// What refunds and cancellation leave of the award. With `before`, only what happened before that instant counts;
    /// a voided payment always does: nobody ever paid.
    pub(super) fn kept_now(&self, before: Option<Timestamp>) -> i64 {
        let counts = |at: Timestamp| before.is_none_or(|before| at < before);
        if self.voided || self.cancelled_at.is_some_and(counts) {
            return 0;
        }
        let share = |rule: usize| -> i64 {
            self.refunds
                .iter()
                .filter(|refund| counts(refund.at))
                .map(|refund| refund.by_rule_minor.get(rule).copied().unwrap_or(0))
                .sum()
        };
        self.rules.iter().enumerate().map(|(rule, (base, points))| kept_of(*points, *base, share(rule))).sum()
    }

    /// Merchandise that went back, at most the base; minor units.
    pub fn refunded_minor(&self) -> i64 {
        self.refunds.iter().map(|refund| refund.merchandise_minor).sum::<i64>().clamp(0, self.base_minor.max(0))
    }

    /// Pieces that went back.
    pub fn returned_pieces(&self) -> u32 {
        self.refunds.iter().map(|refund| refund.quantity).fold(0, u32::saturating_add)
    }

    /// Nothing of the order is left: cancelled, voided, all money back, or all pieces back.
    pub fn is_wholly_back(&self) -> bool {
        self.is_off()
            || (self.base_minor > 0 && self.refunded_minor() >= self.base_minor)
            || (self.quantity > 0 && self.returned_pieces() >= self.quantity)
    }
}

/// Facts new to a record, without repetition.
pub(super) fn unseen(record: &OrderRecord, facts: &[FactRef]) -> Vec<FactRef> {
    let mut unseen: Vec<FactRef> = Vec::with_capacity(facts.len());
    for fact in facts {
        let known = record.position_of(fact.fingerprint).is_some();
        if !known && unseen.iter().all(|other| other.fingerprint != fact.fingerprint) {
            unseen.push(*fact);
        }
    }
    unseen
}
