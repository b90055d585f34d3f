//! Spent, then refunded: each policy says in its own way who bears the loss.

use super::kit::*;
use crate::{
    order::OrderBody,
    program::{Expiry, NegativeBalance, ProgramSettings},
    waiting::WaitingFact,
};

fn spent_under(policy: NegativeBalance) -> Story {
    let mut story = Story::given(under(policy));
    story.order(order("1", 5_000)).redeem(1, 50).then_available(0);
    story
}

#[test]
fn allow_makes_the_balance_negative_and_the_next_award_pays() {
    let mut story = spent_under(NegativeBalance::Allow);
    story.refund("1", goods_back("r", day(0), 5_000)).then_available(-50).then_lifetime(0, 50, 0);
    story.on(day(1)).order(order_on(day(1), "2", 3_000)).then_available(-20);
    story.order(order_on(day(1), "3", 3_000)).then_available(10).then_lifetime(60, 50, 0);
    assert_eq!(story.lot_of("3").covered, 20);
}

#[test]
fn allow_waits_for_the_hold_before_pending_points_pay() {
    let mut story = Story::given(ProgramSettings { hold_days: 5, ..one_point_per_euro() });
    story.order(order("1", 5_000)).on(day(5)).redeem(1, 50);
    story.refund("1", goods_back("r", day(5), 5_000)).then_available(-50);
    story.order(order_on(day(5), "2", 8_000)).then_available(-50).then_pending(80);
    story.on(day(10)).then_available(30).then_pending(0);
    story.settle().then_available(30).then_lifetime(80, 50, 0);
}

#[test]
fn what_is_owed_is_paid_when_a_hold_ends_even_if_the_points_expire_before_anybody_looks() {
    let expiry = Expiry::AfterEarning { days: 20 };
    for swept in [false, true] {
        let mut story = Story::given(ProgramSettings { hold_days: 5, expiry, ..one_point_per_euro() });
        story.order(order("1", 5_000)).on(day(5)).redeem(1, 50);
        story.refund("1", goods_back("r", day(5), 5_000)).order(order_on(day(5), "2", 8_000));
        if swept {
            story.on(day(10)).settle();
        }
        story.on(day(40)).then_available(0).then_lifetime(80, 50, 30);
    }
}

#[test]
fn a_reversal_that_its_own_lot_cannot_bear_takes_other_points_before_it_makes_debt() {
    for policy in [NegativeBalance::Allow, NegativeBalance::Clamp] {
        let mut story = spent_under(policy);
        story.order(order("2", 3_000)).refund("1", goods_back("r", day(0), 2_000)).then_available(10);
        assert_eq!(story.lot_of("2").covered, 20);
    }
}

#[test]
fn clamp_takes_what_is_there_and_waives_the_rest_for_good() {
    let mut story = spent_under(NegativeBalance::Clamp);
    story.order(order("2", 3_000)).refund("1", goods_back("r", day(0), 5_000)).then_available(0);
    story.order(order("3", 4_000)).then_available(40);
    let touched = OrderBody { updated_at: day(1), name: "#1 with a note".to_owned(), ..order("1", 5_000) };
    story.on(day(1)).order(touched).then_available(40);
    let waived = story.account.purse.waived(story.person.token("1"), story.record_of("1"));
    assert_eq!(waived, 20);
}

#[test]
fn clamp_still_takes_what_a_further_refund_asks_for() {
    let mut story = spent_under(NegativeBalance::Clamp);
    story.refund("1", goods_back("a", day(0), 2_000)).then_available(0);
    story.order(order("2", 4_000)).refund("1", goods_back("b", day(0), 1_000)).then_available(30);
    story.refund("1", goods_back("c", day(0), 2_000)).then_available(10);
}

#[test]
fn pending_only_takes_pending_points_and_leaves_what_became_available() {
    let mut story = Story::given(ProgramSettings { hold_days: 10, ..under(NegativeBalance::PendingOnly) });
    story.order(order("1", 5_000));
    story.on(day(5)).refund("1", goods_back("a", day(5), 2_000)).then_pending(30);
    story.on(day(12)).refund("1", goods_back("b", day(12), 2_000)).then_available(30).then_lifetime(30, 0, 0);
    story.refund("1", goods_back("late", day(9), 500)).then_available(25);
}

#[test]
fn pending_only_goes_by_the_earliest_cancellation_that_was_told() {
    let settings = ProgramSettings { hold_days: 10, ..under(NegativeBalance::PendingOnly) };
    let in_hold = cancelled(day(5), order("1", 5_000));
    let restated = OrderBody { cancelled_at: Some(day(15)), updated_at: day(15), ..order("1", 5_000) };
    for bodies in [[&in_hold, &restated], [&restated, &in_hold]] {
        let mut story = Story::given(settings.clone());
        story.on(day(16));
        for body in bodies {
            story.order(body.clone());
        }
        story.then_available(0).then_lifetime(0, 0, 0);
    }
}

#[test]
fn pending_only_never_makes_debt_nor_touches_other_lots() {
    let mut story = spent_under(NegativeBalance::PendingOnly);
    story.order(order("2", 3_000)).refund("1", goods_back("r", day(0), 5_000)).then_available(30);
    story.refund("2", goods_back("s", day(0), 3_000)).then_available(30).then_lifetime(80, 50, 0);
}

#[test]
fn pending_only_keeps_back_what_was_voided_in_the_hold_however_often_the_order_is_touched_later() {
    let voided = |on| OrderBody { voided: true, updated_at: day(on), ..order("1", 5_000) };
    let mut story = Story::given(ProgramSettings { hold_days: 10, ..under(NegativeBalance::PendingOnly) });
    story.order(order("1", 5_000)).order(voided(3)).then_pending(0);
    story.on(day(20)).order(voided(20)).then_available(0).then_pending(0);
}

#[test]
fn a_change_of_policy_does_not_reopen_what_was_decided() {
    let touched = |on| OrderBody { updated_at: day(on), ..order("1", 5_000) };
    let mut waived = spent_under(NegativeBalance::Clamp);
    waived.refund("1", goods_back("r", day(0), 5_000)).publish(under(NegativeBalance::Allow));
    waived.order(touched(1)).then_available(0);

    let mut taken = Story::given(under(NegativeBalance::Allow));
    taken.order(order("1", 5_000)).refund("1", goods_back("r", day(0), 2_000)).then_available(30);
    taken.publish(under(NegativeBalance::PendingOnly)).order(touched(1)).then_available(30);

    let mut kept = Story::given(under(NegativeBalance::PendingOnly));
    kept.order(order("1", 5_000)).refund("1", goods_back("r", day(0), 2_000)).then_available(50);
    kept.publish(under(NegativeBalance::Allow)).order(touched(1)).then_available(50);
    kept.refund("1", goods_back("s", day(0), 1_000)).then_available(40);
}

#[test]
fn a_payment_voided_after_spending_and_then_made_leaves_the_account_as_if_nothing_had_been() {
    let voided = OrderBody { voided: true, updated_at: day(1), ..order("1", 5_000) };
    let paid = |on| OrderBody { updated_at: day(on), ..order("1", 5_000) };
    let mut story = spent_under(NegativeBalance::Allow);
    story.order(order("2", 5_000)).order(voided).then_available(0);
    story.order(paid(2)).then_available(50).then_lifetime(100, 50, 0);
    story.order(paid(3)).then_available(50);
    let crate::points::PointsEvent::OrderAssessed(assessed) = &story.events()[0] else { panic!("an assessment") };
    assert_eq!(assessed.movements, [], "nothing to move");
}

/// An order of 50 whose points are gone, a lot of 60 beside it, and facts in any order: the same account in the end.
#[test]
fn however_the_facts_of_a_spent_order_arrive_others_bear_the_same() {
    let body = |on, minor| WaitingFact::Body(OrderBody { updated_at: day(on), ..order("1", minor) });
    let voided = |on| WaitingFact::Body(OrderBody { updated_at: day(on), voided: true, ..order("1", 5_000) });
    let refund = || refund_of("1", goods_back("r", day(1), 2_000));
    // What is left of the order's own lot and of the other one.
    let cases = [
        (vec![refund(), body(1, 3_000), body(2, 7_000)], [0, 60]),
        (vec![body(1, 3_000), body(2, 8_000)], [30, 60]),
        (vec![refund(), body(1, 8_000)], [10, 60]),
        (vec![voided(1), body(2, 5_000)], [0, 60]),
        (vec![refund(), body(2, 6_000), voided(1)], [0, 50]),
    ];
    for (facts, left) in cases {
        for policy in [NegativeBalance::Allow, NegativeBalance::Clamp] {
            for arrival in [facts.clone(), facts.iter().rev().cloned().collect()] {
                let mut story = spent_under(policy);
                story.order(order("2", 6_000));
                for fact in arrival {
                    story.hear([fact]);
                }
                assert_eq!([story.lot_of("1").remaining, story.lot_of("2").remaining], left, "{policy:?}: {facts:?}");
            }
        }
    }
}

#[test]
fn points_that_paid_for_an_order_come_back_to_the_lot_that_paid() {
    let voided = OrderBody { voided: true, updated_at: day(1), ..order("1", 5_000) };
    let mut story = spent_under(NegativeBalance::Allow);
    story.order(voided).then_available(-50);
    story.on(day(3)).order(order_on(day(3), "2", 8_000)).then_available(30);
    story.order(OrderBody { updated_at: day(2), ..order("1", 5_000) }).then_available(80).then_lifetime(130, 50, 0);
    assert_eq!(story.lot_of("2").remaining, 80);
    assert!(story.account.purse.shortfalls.is_empty());
}

#[test]
fn what_was_waived_is_forgotten_first_when_less_goes_back_after_all() {
    let mut story = spent_under(NegativeBalance::Clamp);
    let body = |on, minor| OrderBody { updated_at: day(on), ..order("1", minor) };
    story.order(order("2", 2_000)).order(body(1, 0)).then_available(0);
    story.order(body(2, 2_000)).then_available(0);
    story.order(body(3, 4_000)).then_available(10).then_lifetime(60, 50, 0);
}

#[test]
fn settings_of_a_later_day_do_not_count_before() {
    let mut story = spent_under(NegativeBalance::Clamp);
    publish(std::sync::Arc::make_mut(&mut story.program), under(NegativeBalance::Allow), day(5));
    story.refund("1", goods_back("a", day(0), 2_000)).then_available(0);
    story.on(day(5)).refund("1", goods_back("b", day(5), 1_000)).then_available(-10);
}
