//! Points by hand.

use super::kit::*;
use crate::{
    points::{LotExpiry, PointsRefusal},
    program::{AWARD_MAX, NegativeBalance},
};

#[test]
fn points_given_by_hand_are_available_at_once_and_live_as_long_as_others() {
    let mut story = Story::given(expiring_after(30));
    story.on(day(3)).adjust(1, 25).then_available(25).then_lifetime(25, 0, 0);
    assert_eq!(story.account.purse.lots[0].expiry, LotExpiry::At(day(33)));
}

#[test]
fn points_given_by_hand_know_no_hold() {
    Story::given(held_for(14)).adjust(1, 25).then_available(25);
}

#[test]
fn points_taken_by_hand_come_from_the_lot_that_expires_first() {
    let mut story = Story::given(expiring_after(30));
    story.order(order("1", 5_000)).on(day(1)).adjust(1, 25).adjust(2, -60).then_available(15).then_lifetime(15, 0, 0);
    assert_eq!(story.lot_of("1").deducted, 50);
}

#[test]
fn an_account_can_be_taken_below_zero_by_hand_only_where_the_merchant_allows_it() {
    for policy in [NegativeBalance::Clamp, NegativeBalance::PendingOnly] {
        let mut story = Story::given(under(policy));
        story.adjust(1, 25).adjust(2, -26).then_refused(PointsRefusal::InsufficientPoints { available: 25 });
        story.adjust(3, -25).then_available(0);
    }
    let mut story = Story::given(under(NegativeBalance::Allow));
    story.adjust(1, 25).adjust(2, -30).then_available(-5).adjust(3, 7).then_available(2).then_lifetime(2, 0, 0);
}

#[test]
fn an_adjustment_is_done_once_and_its_key_stands_for_nothing_else() {
    let mut story = Story::given(one_point_per_euro());
    let request = story.adjustment_of(1, 25);
    story.when(request.clone()).on(day(1)).when(request).then_nothing_happened().then_available(25);
    story.adjust(1, 26).then_refused(PointsRefusal::KeyReused);
}

#[test]
fn an_adjustment_of_nothing_or_beyond_reason_is_refused() {
    let mut story = Story::given(one_point_per_euro());
    for points in [0, AWARD_MAX + 1, -AWARD_MAX - 1, i64::MIN] {
        story.adjust(1, points).then_refused(PointsRefusal::BadAdjustment);
    }
}

#[test]
fn an_expiry_of_a_later_day_does_not_count_before() {
    let mut story = Story::given(one_point_per_euro());
    publish(std::sync::Arc::make_mut(&mut story.program), expiring_after(30), day(5));
    story.adjust(1, 10).on(day(5)).adjust(2, 20);
    let expiries: Vec<_> = story.account.purse.lots.iter().map(|lot| lot.expiry).collect();
    assert_eq!(expiries, [LotExpiry::Never, LotExpiry::At(day(35))]);
}
