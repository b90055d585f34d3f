//! Points become a reward, and come back to the lots they came from.

use super::kit::*;
use crate::{
    points::{CodeUseOutcome, LotExpiry, PointsRefusal},
    program::{Expiry, NegativeBalance, ProgramSettings, RedemptionRate},
};

const QUARTER: CodeUseOutcome = CodeUseOutcome::Partly { base_minor: 4_000, refunded_minor: 1_000 };

/// Order `early` expires ten days before order `late`.
fn two_lots() -> Story {
    let mut story = Story::given(expiring_after(30));
    story.order(order("early", 5_000));
    story.on(day(10)).order(order_on(day(10), "late", 5_000)).then_available(100);
    story
}

#[test]
fn the_lot_that_expires_first_is_spent_first() {
    let mut story = two_lots();
    story.redeem(1, 70).then_available(30).then_lifetime(100, 70, 0);
    assert_eq!([story.lot_of("early").remaining, story.lot_of("late").remaining], [0, 30]);
    assert_eq!(story.redemption(1).value_minor, 70);
}

#[test]
fn the_lot_that_expires_first_is_spent_first_also_when_it_was_earned_later() {
    let mut story = Story::given(expiring_after(90));
    story.order(order("lasting", 5_000)).on(day(1)).publish(expiring_after(10));
    story.order(order_on(day(1), "brief", 5_000)).redeem(1, 60);
    assert_eq!([story.lot_of("lasting").remaining, story.lot_of("brief").remaining], [40, 0]);
}

#[test]
fn points_that_buy_nothing_are_not_taken_unless_points_buy_nothing_at_all() {
    let rate = |points, amount_minor| {
        let mut settings = ProgramSettings::default_of_a_new_merchant();
        settings.redemption = RedemptionRate { points, amount_minor };
        settings
    };
    let mut story = Story::given(rate(100, 1));
    story.order(order("1", 20_000)).redeem(1, 99).then_refused(PointsRefusal::WorthNothing);
    story.redeem(2, 100).then_available(100);
    let mut story = Story::given(rate(100, 0));
    story.order(order("1", 5_000)).redeem(1, 30).then_available(20);
}

#[test]
fn more_than_is_available_cannot_be_spent_and_neither_can_pending_points() {
    let mut story = Story::given(held_for(5));
    story.order(order("1", 5_000)).then_available(0).then_pending(50);
    story.redeem(1, 1).then_refused(PointsRefusal::InsufficientPoints { available: 0 });
    story.on(day(5)).redeem(1, 51).then_refused(PointsRefusal::InsufficientPoints { available: 50 });
    story.redeem(1, 50).then_available(0);
    story.redeem(2, 0).then_refused(PointsRefusal::InsufficientPoints { available: 0 });
    story.redeem(2, -5).then_refused(PointsRefusal::InsufficientPoints { available: 0 });
}

#[test]
fn the_order_that_used_the_code_goes_back_and_so_do_the_points_with_their_expiry() {
    let mut story = two_lots();
    story.redeem(1, 70);
    story.on(day(12)).code_used(1, "redeeming", CodeUseOutcome::Partly { base_minor: 4_000, refunded_minor: 0 });
    assert_eq!(story.redemption(1).used_by, Some(story.person.token("redeeming")));
    story
        .on(day(15))
        .code_used(1, "redeeming", CodeUseOutcome::WhollyBack)
        .then_available(100)
        .then_lifetime(100, 0, 0);
    assert_eq!([story.lot_of("early").remaining, story.lot_of("late").remaining], [50, 50]);
    assert_eq!(story.lot_of("early").expiry, LotExpiry::At(day(30)));
    assert_eq!(story.lot_of("late").expiry, LotExpiry::At(day(40)));
    story.on(day(30)).then_available(50).then_lifetime(100, 0, 50);
}

#[test]
fn points_that_come_back_to_an_expired_lot_get_a_grace_and_the_others_keep_their_expiry() {
    let mut story = two_lots();
    story.redeem(1, 70);
    story.on(day(35)).code_used(1, "redeeming", CodeUseOutcome::WhollyBack).then_available(100);
    assert_eq!(story.lot_of("early").expiry, LotExpiry::At(day(35 + 14)));
    assert_eq!(story.lot_of("late").expiry, LotExpiry::At(day(40)));
    story.on(day(40)).then_available(50);
    story.on(day(49)).then_available(0).then_lifetime(100, 0, 100);
}

#[test]
fn a_partial_refund_of_the_redeeming_order_returns_the_share_and_the_rest_follows_later() {
    let mut story = two_lots();
    story.redeem(1, 71);
    story.code_used(1, "redeeming", QUARTER).then_available(29 + 17);
    assert_eq!([story.lot_of("early").remaining, story.lot_of("late").remaining], [0, 46], "longest-lived first");
    story.code_used(1, "redeeming", QUARTER).then_nothing_happened();
    let beyond = CodeUseOutcome::Partly { base_minor: 4_000, refunded_minor: 9_000 };
    story.code_used(1, "redeeming", beyond).then_available(100);
    story.code_used(1, "redeeming", CodeUseOutcome::WhollyBack).then_nothing_happened();
    assert_eq!(story.redemption(1).returned(), 71);
    assert_eq!(story.redemption(1).outstanding, []);
}

#[test]
fn an_older_outcome_that_is_told_late_takes_nothing_back() {
    let mut story = two_lots();
    story.redeem(1, 70).code_used(1, "redeeming", CodeUseOutcome::WhollyBack).then_available(100);
    story.code_used(1, "redeeming", QUARTER).then_nothing_happened().then_available(100);
}

#[test]
fn only_the_first_order_that_carried_a_code_counts() {
    let mut story = two_lots();
    story.redeem(1, 70).code_used(1, "redeeming", QUARTER);
    story.code_used(1, "another", CodeUseOutcome::WhollyBack).then_nothing_happened().then_available(30 + 17);
}

#[test]
fn a_cancelled_redemption_returns_everything_once_and_a_used_one_cannot_be_cancelled() {
    let mut story = two_lots();
    story.redeem(1, 70).cancel_redemption(1).then_available(100).then_lifetime(100, 0, 0);
    story.on(day(11)).cancel_redemption(1).then_nothing_happened();
    story.code_used(1, "redeeming", CodeUseOutcome::WhollyBack).then_nothing_happened();
    story.redeem(2, 70).code_used(2, "redeeming", CodeUseOutcome::Partly { base_minor: 1, refunded_minor: 0 });
    story.cancel_redemption(2).then_refused(PointsRefusal::RedemptionUsed);
    story.cancel_redemption(3).then_refused(PointsRefusal::UnknownRedemption);
    story.code_used(3, "redeeming", CodeUseOutcome::WhollyBack).then_refused(PointsRefusal::UnknownRedemption);
}

#[test]
fn a_request_is_done_once_and_its_key_stands_for_nothing_else() {
    let mut story = two_lots();
    let request = story.redemption_of(1, 70);
    story.when(request.clone()).on(day(11)).when(request).then_nothing_happened().then_available(30);
    let other = story.redemption_of(1, 20);
    story.when(other).then_refused(PointsRefusal::KeyReused);
}

#[test]
fn points_that_return_pay_what_is_owed_first() {
    let mut story = Story::given(one_point_per_euro());
    story.order(order("1", 5_000)).redeem(1, 50).refund("1", goods_back("r", day(0), 5_000)).then_available(-50);
    story.cancel_redemption(1).then_available(0).then_lifetime(0, 0, 0);
}

#[test]
fn what_was_waived_is_made_good_when_the_spent_points_come_back() {
    let mut story = Story::given(under(NegativeBalance::Clamp));
    story.order(order("1", 5_000)).redeem(1, 50);
    story.refund("1", goods_back("r", day(0), 3_000)).then_available(0);
    story.cancel_redemption(1).then_available(20).then_lifetime(20, 0, 0);
    assert_eq!(story.lot_of("1").reversed, 30);
}

#[test]
fn what_was_waived_of_a_correction_is_made_good_too() {
    let corrected = crate::order::OrderBody { updated_at: day(1), ..order("1", 3_000) };
    let mut story = Story::given(under(NegativeBalance::Clamp));
    story.order(order("1", 5_000)).redeem(1, 50).order(corrected).then_available(0);
    story.cancel_redemption(1).then_available(30).then_lifetime(30, 0, 0);
}

#[test]
fn without_grace_points_return_only_to_expire() {
    let settings =
        ProgramSettings { expiry: Expiry::AfterEarning { days: 10 }, return_grace_days: 0, ..one_point_per_euro() };
    let mut story = Story::given(settings);
    story.order(order("1", 5_000)).redeem(1, 50);
    story.on(day(20)).cancel_redemption(1).then_available(0).then_lifetime(50, 0, 50);
}
