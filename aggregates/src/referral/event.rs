//! What can have happened to a referral, and to the links that referrals come through.

use serde::{Deserialize, Serialize};

use super::signal::{Signal, SignalHashes};
use crate::{
    event::events,
    id::{CustomerId, ReferralLinkId, Token},
    points::StaffNote,
    sealed::Sealed,
    time::Timestamp,
};

events! {
    /// What happened to a referral.
    ReferralEvent {
        /// Somebody came through a customer's link.
        FriendIdentified(FriendIdentified) = "referral.friend_identified" v 1;
        EvidenceAdded(EvidenceAdded) = "referral.evidence_added" v 1;
        /// The friend's order qualifies; its return window runs.
        Qualified(Qualified) = "referral.qualified" v 1;
        /// The policy asks for a person's decision.
        HeldForReview(HeldForReview) = "referral.held_for_review" v 1;
        /// The merchant approves of it, whatever the signals say.
        Approved(Approved) = "referral.approved" v 1;
        /// Both are paid: their points are in the same atomic commit.
        Completed(Completed) = "referral.completed" v 1;
        /// What was paid went back, in the same atomic commit.
        ClawedBack(ClawedBack) = "referral.clawed_back" v 1;
        /// The order went back before anybody was paid.
        Cancelled(Cancelled) = "referral.cancelled" v 1;
        Rejected(Rejected) = "referral.rejected" v 1;
        /// No order came in time.
        Expired(Expired) = "referral.expired" v 1;
        /// Something about the friend was looked at, and changed nothing.
        Considered(Considered) = "referral.considered" v 1;
        /// How often links were followed, since the last time.
        ClicksCounted(ClicksCounted) = "referral.clicks_counted" v 1;
    }
}

impl ReferralEvent {
    /// Up to where the log was looked at for this; 0 where it was not.
    pub const fn through(&self) -> u64 {
        match self {
            ReferralEvent::Qualified(Qualified { through, .. })
            | ReferralEvent::HeldForReview(HeldForReview { through, .. })
            | ReferralEvent::Completed(Completed { through, .. })
            | ReferralEvent::ClawedBack(ClawedBack { through, .. })
            | ReferralEvent::Cancelled(Cancelled { through, .. })
            | ReferralEvent::Rejected(Rejected { through, .. })
            | ReferralEvent::Expired(Expired { through, .. })
            | ReferralEvent::Considered(Considered { through, .. }) => *through,
            ReferralEvent::FriendIdentified(_)
            | ReferralEvent::EvidenceAdded(_)
            | ReferralEvent::Approved(_)
            | ReferralEvent::ClicksCounted(_) => 0,
        }
    }
}

/// By what the friend was known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Source {
    /// The shop's own storefront said so.
    Api,
    /// An order carried the code.
    Order,
}

impl Source {
    pub const fn as_str(self) -> &'static str {
        match self {
            Source::Api => "api",
            Source::Order => "order",
        }
    }
}

/// What was compared, and what met. Each side's hashes are sealed under that side's own key: forgetting one leaves the
/// other's, and the words of what met.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EvidenceFile {
    pub matched: Vec<Signal>,
    pub friend: Sealed<SignalHashes>,
    /// Of the advocate, what met.
    pub advocate: Option<Sealed<SignalHashes>>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FriendIdentified {
    pub advocate: CustomerId,
    pub friend: CustomerId,
    pub link: ReferralLinkId,
    pub source: Source,
    /// From when on an order of the friend can qualify.
    pub at: Timestamp,
    /// Up to when.
    pub order_by: Timestamp,
    pub recorded_at: Timestamp,
    /// The version that everything about this referral is judged by.
    pub program_version: u32,
    pub evidence: EvidenceFile,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EvidenceAdded {
    pub evidence: EvidenceFile,
    pub at: Timestamp,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Qualified {
    /// Under the link key of the friend's account.
    pub order: Token,
    pub processed_at: Timestamp,
    /// Merchandise that is left of it; minor units.
    pub kept_minor: i64,
    /// The end of the return window.
    pub hold_until: Timestamp,
    pub through: u64,
    pub at: Timestamp,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HeldForReview {
    /// Those that ask for it.
    pub signals: Vec<Signal>,
    pub program_version: u32,
    pub through: u64,
    pub at: Timestamp,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Approved {
    pub reason: Sealed<StaffNote>,
    pub at: Timestamp,
}

/// Whom it paid, and how much.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Half {
    pub customer: CustomerId,
    pub points: i64,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Completed {
    pub order: Token,
    /// How often a payment for this order had been taken back before. Each payment has points of its own.
    pub round: u16,
    pub advocate: Half,
    pub friend: Half,
    pub program_version: u32,
    pub through: u64,
    pub at: Timestamp,
}

/// Why a referral ends, or does not pay.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Cause {
    /// Cancelled, voided, or wholly refunded.
    OrderBack,
    /// Refunds leave less than the minimum.
    BelowMinimum,
    /// There was an order before.
    NotNew,
    /// Advocate and friend are one person.
    SamePerson,
    /// One of them was forgotten before anybody was paid.
    Forgotten,
    /// The merchant's policy refuses its signals.
    Fraud,
    /// The merchant decided so.
    Merchant,
    /// A merge has shown that somebody else had brought them earlier.
    BroughtBefore,
}

impl Cause {
    pub const fn as_str(self) -> &'static str {
        match self {
            Cause::OrderBack => "order_back",
            Cause::BelowMinimum => "below_minimum",
            Cause::NotNew => "not_new",
            Cause::SamePerson => "same_person",
            Cause::Forgotten => "forgotten",
            Cause::Fraud => "fraud",
            Cause::Merchant => "merchant",
            Cause::BroughtBefore => "brought_before",
        }
    }

    /// No later fact can change it; a decision of the merchant can, where it was one of policy.
    pub const fn is_final(&self) -> bool {
        !matches!(self, Cause::OrderBack | Cause::BelowMinimum)
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClawedBack {
    pub order: Token,
    pub cause: Cause,
    pub reason: Option<Sealed<StaffNote>>,
    pub through: u64,
    pub at: Timestamp,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cancelled {
    pub cause: Cause,
    pub through: u64,
    pub at: Timestamp,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rejected {
    pub cause: Cause,
    /// Those that the policy refuses.
    pub signals: Vec<Signal>,
    pub reason: Option<Sealed<StaffNote>>,
    pub through: u64,
    pub at: Timestamp,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Expired {
    pub through: u64,
    pub at: Timestamp,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Considered {
    pub through: u64,
    pub at: Timestamp,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClicksCounted {
    pub clicks: Vec<(ReferralLinkId, u32)>,
}
