//! Samples of what is recorded of referrals.

use aggregates::{
    id::{CustomerId, ReferralLinkId},
    referral::{
        Approved, Cancelled, Cause, ClawedBack, ClicksCounted, Completed, Considered, EvidenceAdded, EvidenceFile,
        Expired, FriendIdentified, Half, HeldForReview, Qualified, ReferralEvent, Rejected, Signal, Source,
    },
};

use crate::values::{at, sealed, token, uuid};

pub fn samples() -> Vec<ReferralEvent> {
    let mut events = vec![
        identified(Source::Api, Vec::new()),
        identified(Source::Order, Signal::ALL.to_vec()),
        ReferralEvent::EvidenceAdded(EvidenceAdded { evidence: evidence(vec![Signal::Device]), at: at(3) }),
        ReferralEvent::Qualified(Qualified {
            order: token(0x0a),
            processed_at: at(4),
            kept_minor: 50_00,
            hold_until: at(4).plus_days(14),
            through: 41,
            at: at(5),
        }),
        ReferralEvent::HeldForReview(HeldForReview {
            signals: vec![Signal::Address, Signal::Velocity],
            program_version: 3,
            through: 42,
            at: at(6),
        }),
        ReferralEvent::Approved(Approved { reason: sealed("a family of five"), at: at(7) }),
        ReferralEvent::Completed(Completed {
            order: token(0x0a),
            round: 1,
            advocate: Half { customer: CustomerId(uuid(0xc1)), points: 500 },
            friend: Half { customer: CustomerId(uuid(0xc2)), points: 250 },
            program_version: 3,
            through: 43,
            at: at(8),
        }),
        ReferralEvent::ClawedBack(ClawedBack {
            order: token(0x0a),
            cause: Cause::BelowMinimum,
            reason: None,
            through: 44,
            at: at(9),
        }),
        ReferralEvent::ClawedBack(ClawedBack {
            order: token(0x0a),
            cause: Cause::Merchant,
            reason: Some(sealed("why")),
            through: 44,
            at: at(9),
        }),
        ReferralEvent::Cancelled(Cancelled { cause: Cause::OrderBack, through: 45, at: at(10) }),
        ReferralEvent::Expired(Expired { through: 46, at: at(11) }),
        ReferralEvent::Considered(Considered { through: 47, at: at(12) }),
        ReferralEvent::ClicksCounted(ClicksCounted {
            clicks: vec![(ReferralLinkId(uuid(0x11)), 3), (ReferralLinkId(uuid(0x12)), 1)],
        }),
    ];
    let causes =
        [Cause::NotNew, Cause::SamePerson, Cause::Forgotten, Cause::Fraud, Cause::Merchant, Cause::BroughtBefore];
    events.extend(causes.map(|cause| {
        let signals = if cause == Cause::Fraud { vec![Signal::EmailRoot] } else { Vec::new() };
        let reason = (cause == Cause::Merchant).then(|| sealed("why"));
        ReferralEvent::Rejected(Rejected { cause, signals, reason, through: 48, at: at(13) })
    }));
    events
}

fn identified(source: Source, matched: Vec<Signal>) -> ReferralEvent {
    ReferralEvent::FriendIdentified(FriendIdentified {
        advocate: CustomerId(uuid(0xc1)),
        friend: CustomerId(uuid(0xc2)),
        link: ReferralLinkId(uuid(0x11)),
        source,
        at: at(1),
        order_by: at(1).plus_days(90),
        recorded_at: at(2),
        program_version: 3,
        evidence: evidence(matched),
    })
}

fn evidence(matched: Vec<Signal>) -> EvidenceFile {
    let advocate = (!matched.is_empty()).then(|| sealed("the advocate's hashes"));
    EvidenceFile { matched, friend: sealed("the friend's hashes"), advocate }
}
