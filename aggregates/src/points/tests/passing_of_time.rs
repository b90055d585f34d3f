//! Holds end, points expire: what time does needs no sweep to be true, and no sweep changes it.

use super::kit::*;
use crate::{
    order::OrderBody,
    points::{NextExpiry, PointsEvent},
    program::{Expiry, ProgramSettings},
};

#[test]
fn pending_points_become_available_when_the_hold_ends() {
    let mut story = Story::given(held_for(14));
    story.order(order("1", 5_000)).then_available(0).then_pending(50);
    story.on(day(13)).then_available(0);
    story.on(day(14)).then_available(50).then_pending(0);
    story.settle().then_available(50);
    assert!(matches!(story.events(), [PointsEvent::PointsActivated(_)]));
}

#[test]
fn an_order_that_arrives_after_its_hold_is_available_at_once() {
    let mut story = Story::given(held_for(14));
    story.on(day(20)).order(order("1", 5_000)).then_available(50);
    story.settle().then_nothing_happened();
}

#[test]
fn points_expire_after_earning_each_lot_on_its_own_day() {
    let mut story = Story::given(expiring_after(30));
    story.order(order("1", 5_000)).on(day(10)).order(order_on(day(10), "2", 2_000));
    assert_eq!(story.account.balance_at(story.now).next_expiry, Some(NextExpiry { points: 50, at: day(30) }));
    story.on(day(30)).then_available(20).then_lifetime(70, 0, 50);
    story.on(day(40)).settle().then_available(0).then_lifetime(70, 0, 70);
    assert_eq!(story.account.balance_at(story.now).next_expiry, None);
}

#[test]
fn idle_accounts_lose_everything_and_any_order_or_spending_keeps_them_alive() {
    let mut story = Story::given(expiring_when_idle_for(30));
    story.order(order("1", 5_000));
    story.on(day(20)).order(order_on(day(20), "2", 2_000));
    story.on(day(45)).redeem(1, 10).then_available(60);
    story.on(day(74)).then_available(60);
    story.on(day(75)).then_available(0).then_lifetime(70, 10, 60);
}

#[test]
fn an_order_counts_as_activity_whichever_of_its_bodies_comes_first() {
    let emptied = OrderBody { updated_at: day(21), ..order_on(day(20), "2", 0) };
    let bodies = [order_on(day(20), "2", 5_000), emptied];
    let told = [[0, 1], [1, 0]].map(|sequence| {
        let mut story = Story::given(expiring_when_idle_for(30));
        story.order(order("1", 5_000)).on(day(21));
        for index in sequence {
            story.order(bodies[index].clone());
        }
        story.account.balance_at(day(40))
    });
    assert_eq!(told[0], told[1]);
}

#[test]
fn a_reversal_after_expiry_gives_the_same_totals_as_one_before() {
    let refund = || goods_back("r", day(20), 2_000);
    let mut before = Story::given(expiring_after(30));
    before.order(order("1", 5_000)).on(day(20)).refund("1", refund());
    before.on(day(40)).settle().then_available(0).then_lifetime(30, 0, 30);
    let mut after = Story::given(expiring_after(30));
    after.order(order("1", 5_000)).on(day(35)).settle().then_lifetime(50, 0, 50);
    after.on(day(40)).refund("1", refund()).then_available(0).then_lifetime(30, 0, 30);
    assert_eq!(before.lot_of("1"), after.lot_of("1"));
}

#[test]
fn an_award_that_grows_after_expiry_expires_as_well() {
    let mut story = Story::given(expiring_after(30));
    story.order(order("1", 5_000)).on(day(40)).settle();
    story.order(OrderBody { updated_at: day(39), ..order("1", 7_000) }).then_available(0).then_lifetime(70, 0, 70);
}

#[test]
fn a_hold_longer_than_the_expiry_lets_points_expire_unseen() {
    let settings = ProgramSettings { hold_days: 40, expiry: Expiry::AfterEarning { days: 30 }, ..one_point_per_euro() };
    let mut story = Story::given(settings);
    story.order(order("1", 5_000)).on(day(50)).settle().then_available(0).then_pending(0).then_lifetime(50, 0, 50);
}

#[test]
fn the_balance_of_an_instant_is_what_settling_then_puts_on_record() {
    let settings = ProgramSettings { hold_days: 7, expiry: Expiry::AfterEarning { days: 30 }, ..one_point_per_euro() };
    for instant in 20..60 {
        let mut story = Story::given(settings.clone());
        story.order(order("1", 5_000)).on(day(10)).order(order_on(day(10), "2", 2_000)).redeem(1, 20);
        story.refund("1", goods_back("r", day(10), 5_000)).on(day(20)).order(order_on(day(18), "3", 1_500));
        let foreseen = story.account.balance_at(day(instant));
        story.on(day(instant)).settle();
        assert_eq!(story.account.balance_at(story.now), foreseen, "day {instant}");
        story.settle().then_nothing_happened();
    }
}
