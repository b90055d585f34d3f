//! What is kept of a person's past: about 150 bytes for an order.

use crate::{
    campaign::Action,
    id::{ByToken, RewardId, Token},
    money::Currency,
    points::{OrderAssessed, RefundShare},
    program::{Boost, RuleId},
    referral::Side,
    rfm::SegmentName,
    tier::{Fact, Gift, Given},
    time::Timestamp,
};

/// One person's past.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Past {
    pub orders: ByToken<PastOrder>,
    /// Everything else that moved points, in the order of the log.
    pub moves: Vec<Move>,
    /// Actions that a campaign rewarded, in the order of the log. Others are not on record.
    pub acts: Vec<PastAct>,
    /// When they became a member.
    pub enrolled_at: Option<Timestamp>,
    /// As the log stands.
    pub segment: Segment,
    /// Tiers that they were given.
    pub given: Vec<Given>,
}

/// Somebody's segment at a moment, as was known at that moment.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Segment {
    /// Nobody had worked out any segments yet.
    #[default]
    NotKnown,
    /// None for somebody who was in no segment.
    Known(Option<SegmentName>),
}

/// Something that somebody did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PastAct {
    pub at: Timestamp,
    pub action: Action,
    pub segment: Segment,
}

/// An order as the account judged it in the end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PastOrder {
    pub at: Timestamp,
    pub program_version: u32,
    /// None until a body tells.
    pub currency: Option<Currency>,
    /// Cancelled or voided.
    pub off: bool,
    pub test: bool,
    /// Merchandise without gift cards, as priced; minor units.
    pub base_minor: i64,
    /// The base that each rule of the version counted.
    pub bases: Box<[i64]>,
    pub boosts: Box<[Boost]>,
    pub refunds: Vec<RefundShare>,
    /// Of what was awarded, what refunds and cancellation leave.
    pub kept: i64,
    /// The buyer's, when the order was first accepted.
    pub segment: Segment,
}

/// Points that came or went for something that is not an order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Move {
    pub at: Timestamp,
    pub points: i64,
    /// It counts towards a tier.
    pub counts: bool,
    pub what: What,
}

/// What moved points, as far as another programme would have moved others.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum What {
    /// By hand, imported, or for something that every programme leaves alone.
    Other,
    Campaign,
    Referral(Side),
    /// By the badge's id.
    Badge(RuleId),
    /// At the programme's rate where no reward is named.
    Redeemed(Option<RewardId>),
    /// Of a redemption of so many points.
    Returned {
        reward: Option<RewardId>,
        of: i64,
    },
}

impl What {
    /// Points that a programme gives for something that is not an order.
    pub const fn is_bonus(&self) -> bool {
        matches!(self, What::Campaign | What::Referral(_) | What::Badge(_))
    }

    pub const fn is_spending(&self) -> bool {
        matches!(self, What::Redeemed(_) | What::Returned { .. })
    }
}

impl Past {
    /// Takes in what the account recorded about one of its orders. Later records replace what they tell anew.
    pub fn take_in(&mut self, event: &OrderAssessed) {
        let order = self.orders.entry(event.order).or_insert_with(|| PastOrder::unknown(event.program_version));
        if event.body.is_some() && order.currency.is_none() {
            order.segment = self.segment.clone();
        }
        order.take_in(event);
    }

    /// An action was rewarded.
    pub fn act(&mut self, action: Action, at: Timestamp) {
        self.acts.push(PastAct { at, action, segment: self.segment.clone() });
    }

    /// What another profile did belongs to this one now.
    pub fn absorb(&mut self, other: Past) {
        self.orders.extend(other.orders);
        self.moves.extend(other.moves);
        self.acts.extend(other.acts);
        self.enrolled_at = self.enrolled_at.into_iter().chain(other.enrolled_at).min();
        self.given.extend(other.given);
    }

    /// They are given a tier, and what they were given before is over.
    pub fn give(&mut self, gift: &Gift) {
        self.take_back(gift.at);
        self.given.push(Given { gift: gift.clone(), ended_at: None });
    }

    /// Whatever they were given is over.
    pub fn take_back(&mut self, at: Timestamp) {
        self.given.iter_mut().for_each(|given| given.ended_at = given.ended_at.or(Some(at)));
    }

    /// Orders by when they were made; those of one instant by their tokens, so that the order is always the same.
    pub fn in_order(&self) -> Vec<&PastOrder> {
        let mut orders: Vec<(&Token, &PastOrder)> = self.orders.iter().collect();
        orders.sort_unstable_by_key(|(token, order)| (order.at, **token));
        orders.into_iter().map(|(_, order)| order).collect()
    }
}

impl Move {
    /// What counts of it towards tiers.
    pub(super) fn fact(&self) -> Option<Fact> {
        self.counts.then_some(Fact { at: self.at, points: self.points, spend_minor: 0, orders: 0 })
    }
}

impl PastOrder {
    fn unknown(program_version: u32) -> Self {
        PastOrder {
            at: Timestamp::default(),
            program_version,
            currency: None,
            off: false,
            test: false,
            base_minor: 0,
            bases: Box::default(),
            boosts: Box::default(),
            refunds: Vec::new(),
            kept: 0,
            segment: Segment::NotKnown,
        }
    }

    fn take_in(&mut self, event: &OrderAssessed) {
        if let Some(body) = &event.body {
            self.at = body.processed_at;
            self.currency = Some(body.currency);
            self.off = body.voided;
            self.test = body.test;
            self.base_minor = body.base_minor;
            self.bases = body.awards.iter().map(|award| award.base_minor).collect();
            self.boosts = body.boosts.clone().into_boxed_slice();
        }
        self.off |= event.cancelled_at.is_some();
        for refund in &event.refunds {
            self.refunds.retain(|known| known.refund != refund.refund);
            self.refunds.push(refund.clone());
        }
        self.kept = event.kept;
    }

    /// Merchandise that went back; minor units.
    pub fn refunded_minor(&self) -> i64 {
        self.refunds.iter().fold(0_i64, |sum, refund| sum.saturating_add(refund.merchandise_minor))
    }

    /// What counts of it towards tiers if it keeps so many points. Spending counts in the shop's currency only.
    pub(super) fn fact(&self, kept: i64, currency: Option<Currency>) -> Fact {
        let net = if self.off || self.test { 0 } else { (self.base_minor - self.refunded_minor()).max(0) };
        let spend_minor = if self.currency == currency { net } else { 0 };
        Fact { at: self.at, points: kept, spend_minor, orders: i64::from(net > 0) }
    }
}
