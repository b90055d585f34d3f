//! Signals, the merchant's policy, and the merchant.

use super::kit::{ADVOCATE, Story, order};
use crate::{
    program::FraudAction,
    referral::{Cause, ReferralEvent, ReferralRefusal, Signal, Status},
};

fn suspected(signals: &[Signal]) -> Story {
    let mut story = Story::begin();
    story.identify(ADVOCATE, signals).unwrap();
    story.orders = vec![order(1, 3, 50_00)];
    story.consider(3);
    story
}

#[test]
fn the_gravest_signal_decides() {
    assert_eq!(suspected(&[]).status(), Status::Pending);
    assert_eq!(suspected(&[Signal::IpRange]).status(), Status::Pending);
    assert_eq!(suspected(&[Signal::IpRange, Signal::Address]).status(), Status::InReview);
    let refused = suspected(&[Signal::Address, Signal::EmailRoot]);
    assert_eq!((refused.status(), refused.referral.closed), (Status::Rejected, Some(Cause::Fraud)));
    let rejected = refused.events.last().unwrap();
    assert!(matches!(rejected, ReferralEvent::Rejected(event) if event.signals == [Signal::EmailRoot]), "{rejected:?}");
}

#[test]
fn an_advocate_with_too_many_friends_is_looked_at() {
    let mut story = Story::referred();
    story.rules.velocity.referrals = 3;
    story.recent = 2;
    story.orders = vec![order(1, 3, 50_00)];
    story.consider(3);
    assert_eq!(story.status(), Status::Pending);
    story.recent = 3;
    story.consider(4);
    assert_eq!(story.status(), Status::InReview);
}

#[test]
fn what_is_held_is_paid_only_when_somebody_approves() {
    let mut story = suspected(&[Signal::Address]);
    story.consider(100);
    assert_eq!(story.status(), Status::InReview);
    story.approve().unwrap();
    assert_eq!(story.approve(), Ok(Vec::new()), "twice is once");
    story.consider(101);
    assert_eq!((story.status(), story.paid_net()), (Status::Completed, 1));
    assert_eq!(story.approve(), Ok(Vec::new()));
}

#[test]
fn a_refusal_can_be_decided_again_either_way() {
    let mut story = suspected(&[Signal::EmailRoot]);
    story.approve().unwrap();
    story.reject().unwrap();
    assert_eq!((story.status(), story.referral.closed), (Status::Rejected, Some(Cause::Merchant)));
    assert_eq!(story.reject(), Ok(Vec::new()), "twice is once");
    story.approve().unwrap();
    story.consider(17);
    assert_eq!(story.status(), Status::Completed);
    // Rejecting what was paid takes it back, for good.
    story.reject().unwrap();
    assert_eq!((story.status(), story.paid_net()), (Status::ClawedBack, 0));
    assert_eq!(story.approve(), Err(ReferralRefusal::NotOpen));
    story.consider(18);
    assert_eq!(story.paid_net(), 0);
}

#[test]
fn what_the_facts_forbid_nobody_can_approve() {
    let mut story = Story::referred();
    story.orders = vec![order(9, -1, 5_00), order(1, 3, 50_00)];
    story.consider(3);
    assert_eq!(story.approve(), Err(ReferralRefusal::NotOpen));
}

#[test]
fn evidence_that_comes_later_counts() {
    let mut story = Story::referred();
    story.orders = vec![order(1, 3, 50_00)];
    story.consider(3);
    story.identify(ADVOCATE, &[Signal::Device]).unwrap();
    assert_eq!(story.identify(ADVOCATE, &[Signal::Device]), Ok(Vec::new()), "nothing new");
    story.consider(4);
    assert_eq!(story.status(), Status::InReview);
}

#[test]
fn a_merchant_who_allows_everything_is_asked_nothing() {
    let mut story = Story::begin();
    story.rules.fraud.email_root = FraudAction::Allow;
    story.identify(ADVOCATE, &[Signal::EmailRoot]).unwrap();
    story.orders = vec![order(1, 3, 50_00)];
    story.consider(17);
    assert_eq!(story.status(), Status::Completed);
}
