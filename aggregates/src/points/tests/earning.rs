//! What an order earns, and that the newest body of it is believed.

use super::kit::*;
use crate::{
    order::OrderBody,
    points::{PointsEvent, PointsRefusal},
    program::ProgramSettings,
    time::Timestamp,
};

fn updated(on: Timestamp, subtotal_minor: i64) -> OrderBody {
    OrderBody { updated_at: on, ..order("1", subtotal_minor) }
}

#[test]
fn an_order_of_fifty_euros_earns_fifty_points() {
    let mut story = Story::given(one_point_per_euro());
    story.order(order("1", 5_000)).then_available(50).then_lifetime(50, 0, 0);
    assert_eq!(story.record_of("1").program_version, 1);
}

#[test]
fn after_the_rule_was_doubled_a_full_refund_takes_back_exactly_what_was_awarded() {
    let mut story = Story::given(one_point_per_euro());
    story.order(order("1", 5_000)).then_available(50);
    story.on(day(1)).publish(two_points_per_euro());
    story.on(day(2)).refund("1", goods_back("r", day(2), 5_000)).then_available(0).then_lifetime(0, 0, 0);
}

#[test]
fn after_the_rule_was_deleted_a_refund_still_takes_back_what_was_awarded() {
    let mut story = Story::given(one_point_per_euro());
    story.order(order("1", 5_000));
    story.on(day(1)).publish(no_rules());
    story.on(day(2)).refund("1", goods_back("r", day(2), 2_000)).then_available(30);
    story.on(day(3)).refund("1", goods_back("r2", day(3), 3_000)).then_available(0);
}

#[test]
fn an_order_is_judged_by_the_version_in_effect_when_it_was_made_and_so_are_its_updates() {
    let mut story = Story::given(one_point_per_euro());
    story.on(day(5)).publish(two_points_per_euro());
    story.on(day(6)).order(order("1", 5_000)).then_available(50);
    story.order(order_on(day(5), "2", 5_000)).then_available(150);
    story.on(day(7)).order(updated(day(6), 8_000)).then_available(180);
}

#[test]
fn without_any_settings_nothing_is_decided() {
    let mut story = Story::of(Person(1), std::sync::Arc::default());
    story.order(order("1", 5_000)).then_refused(PointsRefusal::NoProgram);
    story.adjust(1, 5).then_refused(PointsRefusal::NoProgram);
    story.redeem(1, 5).then_refused(PointsRefusal::NoProgram);
}

#[test]
fn the_newest_body_stands_upwards_and_downwards_whatever_comes_first() {
    let mut story = Story::given(one_point_per_euro());
    story.order(updated(day(2), 8_000)).then_available(80);
    story.order(updated(day(1), 5_000)).then_available(80);
    story.order(updated(day(3), 3_000)).then_available(30);
    assert_eq!([story.lot_of("1").granted, story.lot_of("1").reversed], [30, 0], "a correction is no reversal");
    story.order(updated(day(2), 8_100)).then_available(30);
    story.order(updated(day(4), 12_000)).then_available(120).then_lifetime(120, 0, 0);
    assert_eq!(story.lot_of("1").granted, 120);
}

#[test]
fn bodies_of_one_instant_give_the_same_whichever_comes_first() {
    let bodies = || {
        let split = OrderBody { lines: vec![line("1", 3_000), line("x", 2_000)], ..order("1", 5_000) };
        let mut vendor = split.clone();
        vendor.lines[1].item.vendor = Some("other".to_owned());
        let halves = OrderBody { lines: vec![line("1", 2_500), line("x", 2_500)], ..order("1", 5_000) };
        let [mut first, mut second] = [halves.clone(), halves];
        first.lines[0].item.vendor = Some("other".to_owned());
        second.lines[1].item.vendor = Some("other".to_owned());
        let untaxed = OrderBody { taxes_included: false, ..split.clone() };
        [order("1", 5_000), order("1", 4_000), split, vendor, first, second, untaxed]
    };
    let mut outcomes = Vec::new();
    for first in bodies() {
        for second in bodies() {
            if first == second {
                continue;
            }
            let told = [[first.clone(), second.clone()], [second.clone(), first.clone()]].map(|bodies| {
                let mut story = Story::given(with_a_rule_that_leaves_out("other"));
                bodies.into_iter().for_each(|body| {
                    story.order(body);
                });
                let record = story.record_of("1").clone();
                (record.awarded, record.base_minor, record.rules, record.exclusions, record.taxes_included)
            });
            outcomes.push(told);
        }
    }
    for [one, other] in outcomes {
        assert_eq!(one, other);
    }
}

#[test]
fn a_correction_of_an_order_that_was_spent_takes_the_difference_from_the_account() {
    let mut story = Story::given(one_point_per_euro());
    story.order(order("1", 5_000)).redeem(1, 50);
    story.on(day(1)).order(updated(day(1), 3_000)).then_available(-20);
    story.on(day(2)).order(updated(day(2), 5_000)).then_available(0).then_lifetime(50, 50, 0);
}

#[test]
fn an_order_that_earns_nothing_is_a_fact_all_the_same() {
    for body in [
        OrderBody { test: true, ..order("1", 5_000) },
        OrderBody { voided: true, ..order("1", 5_000) },
        cancelled(day(0), order("1", 5_000)),
        order("1", 0),
        order("1", 99),
    ] {
        let mut story = Story::given(one_point_per_euro());
        story.order(body).then_available(0).then_lifetime(0, 0, 0);
        assert_eq!(story.record_of("1").kept, 0);
        assert!(matches!(story.events()[0], PointsEvent::OrderAssessed(_)));
    }
}

#[test]
fn an_award_beyond_all_reason_is_refused() {
    let generous = {
        let mut settings: ProgramSettings = one_point_per_euro();
        settings.earning_rules[0].points_per_unit = rust_decimal::Decimal::from(100_000);
        settings
    };
    let mut story = Story::given(generous);
    story.order(order("1", crate::money::MINOR_UNITS_MAX)).then_refused(PointsRefusal::AwardTooLarge);
}
