//! Points that are not for an order, and taking them back.

use super::kit::*;
use crate::{
    points::{LotExpiry, PointsRefusal},
    program::{AWARD_MAX, NegativeBalance},
};

#[test]
fn a_bonus_is_earned_and_lives_as_long_as_other_points() {
    let mut story = Story::given(expiring_after(30));
    story.on(day(3)).bonus(1, 100, day(3)).then_available(100).then_lifetime(100, 0, 0);
    assert_eq!(story.account.purse.lots[0].expiry, LotExpiry::At(day(33)));
}

#[test]
fn a_bonus_on_hold_is_pending_until_its_day() {
    let mut story = Story::given(one_point_per_euro());
    story.bonus(1, 100, day(14)).then_available(0).then_pending(100);
    story.on(day(14)).settle().then_available(100).then_pending(0);
}

#[test]
fn a_bonus_is_granted_once_for_ever_also_after_it_was_taken_back() {
    let mut story = Story::given(one_point_per_euro());
    story.bonus(1, 100, day(0)).bonus(1, 100, day(0)).then_nothing_happened().then_available(100);
    story.revoke(1).then_available(0).bonus(1, 100, day(0)).then_nothing_happened().then_available(0);
    story.then_lifetime(0, 0, 0);
}

#[test]
fn a_bonus_of_nothing_or_beyond_reason_is_refused_and_one_that_never_was_cannot_be_taken_back() {
    let mut story = Story::given(one_point_per_euro());
    for points in [0, -1, AWARD_MAX + 1, i64::MIN] {
        story.bonus(1, points, day(0)).then_refused(PointsRefusal::BadBonus);
    }
    story.revoke(1).then_refused(PointsRefusal::UnknownBonus);
}

#[test]
fn a_bonus_that_was_spent_is_taken_from_other_points_and_then_owed() {
    let mut story = Story::given(under(NegativeBalance::Allow));
    story.bonus(1, 100, day(0)).redeem(1, 90).adjust(2, 30);
    story.revoke(1).then_available(-60).then_lifetime(30, 90, 0);
    story.adjust(3, 70).then_available(10);
}

#[test]
fn clamped_only_what_is_there_goes_back() {
    let mut story = Story::given(under(NegativeBalance::Clamp));
    story.bonus(1, 100, day(0)).redeem(1, 90).adjust(2, 30);
    story.revoke(1).then_available(0).then_lifetime(90, 90, 0);
    story.revoke(1).then_nothing_happened();
}

#[test]
fn with_pending_only_what_can_be_spent_stays() {
    let mut story = Story::given(under(NegativeBalance::PendingOnly));
    story.bonus(1, 100, day(0)).bonus(2, 50, day(5)).then_available(100).then_pending(50);
    story.revoke(1).then_available(100).revoke(2).then_pending(0).then_available(100);
}

#[test]
fn what_had_expired_of_a_bonus_counts_as_taken_back() {
    let mut story = Story::given(expiring_after(10));
    story.bonus(1, 100, day(0)).redeem(1, 40).on(day(10)).settle().then_lifetime(100, 40, 60);
    story.revoke(1).then_available(-40).then_lifetime(0, 40, 0);
}

#[test]
fn a_merge_brings_bonuses_along_and_they_can_still_be_taken_back() {
    let mut winner = Story::given(one_point_per_euro());
    let mut loser = winner.meanwhile(Person(2));
    loser.bonus(1, 100, day(0));
    winner.bonus(2, 10, day(0)).absorb(&mut loser).then_available(110);
    winner.revoke(1).then_available(10).bonus(1, 100, day(0)).then_nothing_happened();
}
