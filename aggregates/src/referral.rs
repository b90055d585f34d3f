//! Referrals: a customer (the advocate) brings somebody new (the friend); when the friend's order has stood the return
//! window, both are paid, in one atomic commit with [`Completed`].
//!
//! | file | its idea |
//! |---|---|
//! | [`code`] | the word in a link, and where it may stand in an order |
//! | [`alias`] | the word in a link of another programme |
//! | [`signal`] | traces by which two people may be one: how they are compared, never what they are |
//! | [`standing`] | what the friend's account says about the qualifying order |
//! | [`consider`] | the decision: what the facts ask for, and the events that lead there |
//! | [`reward`] | what both sides are given, and how it is taken back |
//! | [`event`], [`command`] | what is recorded, and what can be asked |
//! | [`clicks`] | how often links were followed, counted on a few subjects of their own |
//!
//! A friend is referred once. So a referral has its friend's UUID, and whoever names an advocate first is the one. The link
//! itself belongs to the advocate's own subject.
//!
//! Nothing here remembers orders: a decision looks at the friend's account as it is, in the commit that guards it.

pub mod alias;
pub mod clicks;
pub mod code;
pub mod command;
pub mod consider;
pub mod event;
pub mod reward;
pub mod signal;
pub mod standing;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};

pub use alias::{ALIAS_CHARACTERS, AliasCode};
pub use clicks::{CLICK_SHARDS, ClickShard, CountClicks, LINKS_PER_COMMIT_MAX};
pub use code::{CODE_CHARACTERS, ReferralCode};
pub use command::{Consider, Parties, ReferralCommand, ReferralRefusal};
pub use event::{
    Approved, Cancelled, Cause, ClawedBack, ClicksCounted, Completed, Considered, EvidenceAdded, EvidenceFile, Expired,
    FriendIdentified, Half, HeldForReview, Qualified, ReferralEvent, Rejected, Source,
};
pub use reward::Side;
pub use signal::{Signal, SignalHashes, address_line, email_root, ip_range};
pub use standing::{FriendOrder, Qualifying, Shortfall};

use crate::{
    Aggregate, Context,
    event::Recorded,
    id::{CustomerId, ReferralLinkId, Token},
    time::Timestamp,
};

/// Where a referral is, in the words that people use.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Status {
    /// Nobody is referred here.
    #[default]
    None,
    /// For the friend's order.
    Waiting,
    /// The order is there; its return window is open.
    Pending,
    /// For the merchant's decision.
    InReview,
    Completed,
    /// Its order went back before anybody was paid. Another order may still qualify.
    Cancelled,
    /// Its order went back afterwards, and so did the points.
    ClawedBack,
    Rejected,
    /// No order came in time.
    Expired,
}

impl Status {
    pub const ALL: [Status; 9] = [
        Status::None,
        Status::Waiting,
        Status::Pending,
        Status::InReview,
        Status::Completed,
        Status::Cancelled,
        Status::ClawedBack,
        Status::Rejected,
        Status::Expired,
    ];

    pub const fn as_str(self) -> &'static str {
        match self {
            Status::None => "none",
            Status::Waiting => "waiting",
            Status::Pending => "pending",
            Status::InReview => "in_review",
            Status::Completed => "completed",
            Status::Cancelled => "cancelled",
            Status::ClawedBack => "clawed_back",
            Status::Rejected => "rejected",
            Status::Expired => "expired",
        }
    }

    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|status| status.as_str() == word && *status != Status::None)
    }
}

/// How a referral came about. Fixed by whoever said so first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Origin {
    pub advocate: CustomerId,
    pub friend: CustomerId,
    pub link: ReferralLinkId,
    /// From when on an order of the friend can qualify.
    pub at: Timestamp,
    /// Up to when.
    pub order_by: Timestamp,
    /// The programme's version it is judged by.
    pub program_version: u32,
}

/// What the merchant's policy, or the merchant, thinks of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Verdict {
    /// By the policy, each time anew.
    #[default]
    ByPolicy,
    /// The policy asks for a person's decision.
    InReview,
    /// The merchant has approved of it: signals count no more.
    Approved,
}

/// The state of one referral: a fold over its events.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Referral {
    pub status: Status,
    pub origin: Option<Origin>,
    /// Every signal that was ever found.
    pub signals: BTreeSet<Signal>,
    pub verdict: Verdict,
    /// The order that qualifies as far as is known, and when its hold ends.
    pub qualifying: Option<(Token, Timestamp)>,
    /// What was paid and has not gone back.
    pub paid: Option<Completed>,
    /// Orders whose payment was taken back, and how often: an earlier order may come to light and go back itself.
    pub clawed_back: BTreeMap<Token, u16>,
    /// Why nothing can follow any more.
    pub closed: Option<Cause>,
    /// Up to where the log was looked at.
    pub through: u64,
    pub last_position: u64,
}

impl Aggregate for Referral {
    const CONTEXT: Context = Context::Referral;
    type Event = ReferralEvent;
    type Command = ReferralCommand;
    type Refusal = ReferralRefusal;

    fn decide(&self, command: &ReferralCommand) -> Result<Vec<ReferralEvent>, ReferralRefusal> {
        match (command, &self.origin) {
            (ReferralCommand::Identify(identified), None) if identified.advocate == identified.friend => {
                Err(ReferralRefusal::SamePerson)
            }
            (ReferralCommand::Identify(identified), None) => {
                Ok(vec![ReferralEvent::FriendIdentified((**identified).clone())])
            }
            (ReferralCommand::Identify(identified), Some(origin)) => {
                if origin.advocate != identified.advocate {
                    return Err(ReferralRefusal::ReferredByAnother);
                }
                Ok(self.evidence(&identified.evidence, identified.recorded_at))
            }
            (_, None) => Err(ReferralRefusal::Unknown),
            (ReferralCommand::AddEvidence { evidence, at }, Some(_)) => Ok(self.evidence(evidence, *at)),
            (ReferralCommand::Consider(command), Some(origin)) => Ok(consider::consider(self, origin, command)),
            (ReferralCommand::Approve(approved), Some(_)) => self.approve(approved),
            (ReferralCommand::Reject { reason, at, through }, Some(_)) => self.reject(reason, *at, *through),
        }
    }

    fn apply(&mut self, event: &ReferralEvent, recorded: &Recorded) {
        self.last_position = recorded.position;
        self.through = self.through.max(event.through());
        match event {
            ReferralEvent::FriendIdentified(event) => {
                self.status = Status::Waiting;
                self.origin = Some(Origin {
                    advocate: event.advocate,
                    friend: event.friend,
                    link: event.link,
                    at: event.at,
                    order_by: event.order_by,
                    program_version: event.program_version,
                });
                self.signals.extend(&event.evidence.matched);
            }
            ReferralEvent::EvidenceAdded(event) => self.signals.extend(&event.evidence.matched),
            ReferralEvent::Qualified(event) => {
                self.status = Status::Pending;
                self.qualifying = Some((event.order, event.hold_until));
            }
            ReferralEvent::HeldForReview(event) => {
                self.status = Status::InReview;
                self.verdict = Verdict::InReview;
                self.signals.extend(&event.signals);
            }
            ReferralEvent::Approved(_) => {
                self.verdict = Verdict::Approved;
                self.closed = None;
                self.status = if self.qualifying.is_some() { Status::Pending } else { Status::Waiting };
            }
            ReferralEvent::Completed(event) => {
                self.status = Status::Completed;
                self.paid = Some(event.clone());
            }
            ReferralEvent::ClawedBack(event) => {
                self.status = Status::ClawedBack;
                self.paid = None;
                self.qualifying = None;
                let times = self.clawed_back.entry(event.order).or_default();
                *times = times.saturating_add(1);
                self.closed = Some(event.cause).filter(|cause| cause.is_final());
            }
            ReferralEvent::Cancelled(_) => {
                self.status = Status::Cancelled;
                self.qualifying = None;
            }
            ReferralEvent::Rejected(event) => {
                self.status = Status::Rejected;
                self.signals.extend(&event.signals);
                self.closed = Some(event.cause);
            }
            ReferralEvent::Expired(_) => self.status = Status::Expired,
            ReferralEvent::Considered(_) | ReferralEvent::ClicksCounted(_) => {}
        }
    }
}

impl Referral {
    /// Whether more evidence could still change anything.
    pub fn is_open(&self) -> bool {
        self.origin.is_some() && self.closed.is_none() && self.paid.is_none()
    }

    /// More evidence about somebody known, where it says anything new.
    fn evidence(&self, evidence: &EvidenceFile, at: Timestamp) -> Vec<ReferralEvent> {
        if evidence.matched.iter().all(|signal| self.signals.contains(signal)) {
            return Vec::new();
        }
        vec![ReferralEvent::EvidenceAdded(EvidenceAdded { evidence: evidence.clone(), at })]
    }

    /// Doing it again changes nothing. What was paid needs no approval; what went back stays back.
    fn approve(&self, approved: &Approved) -> Result<Vec<ReferralEvent>, ReferralRefusal> {
        if self.verdict == Verdict::Approved && self.closed.is_none() {
            return Ok(Vec::new());
        }
        let open_to_it = matches!(self.closed, None | Some(Cause::Fraud | Cause::Merchant));
        match self.status {
            Status::Completed | Status::ClawedBack | Status::Expired => Err(ReferralRefusal::NotOpen),
            _ if !open_to_it => Err(ReferralRefusal::NotOpen),
            _ => Ok(vec![ReferralEvent::Approved(approved.clone())]),
        }
    }

    /// Of a referral that was paid, it takes both halves back.
    fn reject(
        &self,
        reason: &crate::sealed::Sealed<crate::points::StaffNote>,
        at: Timestamp,
        through: u64,
    ) -> Result<Vec<ReferralEvent>, ReferralRefusal> {
        if self.closed == Some(Cause::Merchant) {
            return Ok(Vec::new());
        }
        let cause = Cause::Merchant;
        let reason = Some(reason.clone());
        if let Some(paid) = &self.paid {
            return Ok(vec![ReferralEvent::ClawedBack(ClawedBack { order: paid.order, cause, reason, through, at })]);
        }
        if self.closed.is_some() {
            return Err(ReferralRefusal::NotOpen);
        }
        Ok(vec![ReferralEvent::Rejected(Rejected { cause, signals: Vec::new(), reason, through, at })])
    }
}
