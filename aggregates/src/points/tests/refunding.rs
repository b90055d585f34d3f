//! What goes back when goods or money go back: the refunded share, once, however often and in whatever pieces it is told.

use super::kit::*;
use crate::{
    order::{Item, OrderBody, Refund},
    points::{OrderAssessed, PointsEvent},
    program::{Inclusions, TaxBase},
    waiting::WaitingFact,
};

#[test]
fn three_partial_refunds_one_of_them_a_manual_amount_take_the_refunded_share() {
    let mut story = Story::given(one_point_per_euro());
    story.order(order("1", 5_000));
    story.on(day(1)).refund("1", goods_back("a", day(1), 1_050)).then_available(39);
    story.on(day(2)).refund("1", money_back("b", day(2), 1_000)).then_available(29);
    story.on(day(3)).refund("1", goods_back("c", day(3), 2_000)).then_available(9).then_lifetime(9, 0, 0);
}

#[test]
fn refunds_never_take_more_than_was_awarded() {
    let mut story = Story::given(one_point_per_euro());
    story.order(order("1", 5_000));
    for id in ["a", "b", "c"] {
        story.refund("1", money_back(id, day(0), 3_000));
    }
    story.then_available(0).then_lifetime(0, 0, 0);
    assert_eq!(assessed(&story).refunds.len(), 1, "an event tells what is new, not all refunds again");
    assert_eq!(story.record_of("1").due, 50);
    assert!(story.record_of("1").is_wholly_back());
}

fn assessed(story: &Story) -> &OrderAssessed {
    let Some(PointsEvent::OrderAssessed(assessed)) = story.events().first() else { panic!("an assessment") };
    assessed
}

/// One order's refund and cancellation, each on its own and inside a body, in any order of arrival.
#[test]
fn cancellation_and_refund_of_the_same_order_are_one_reversal() {
    let refund = goods_back("r", day(1), 5_000);
    let with_refund = OrderBody { refunds: vec![refund.clone()], updated_at: day(1), ..order("1", 5_000) };
    let facts: [WaitingFact; 4] = [
        refund_of("1", refund),
        cancelled(day(1), order("1", 5_000)).into(),
        with_refund.clone().into(),
        cancelled(day(2), with_refund).into(),
    ];
    for sequence in permutations(&[0, 1, 2, 3]) {
        let mut story = Story::given(one_point_per_euro());
        story.order(order("1", 5_000)).then_available(50);
        for fact in sequence {
            story.hear([facts[fact].clone()]).then_available(0).then_lifetime(0, 0, 0);
        }
        assert_eq!(story.lot_of("1").reversed, 50, "one reversal");
    }
}

fn permutations(items: &[usize]) -> Vec<Vec<usize>> {
    if items.is_empty() {
        return vec![Vec::new()];
    }
    let mut all = Vec::new();
    for (index, first) in items.iter().enumerate() {
        let rest: Vec<usize> = [&items[..index], &items[index + 1..]].concat();
        all.extend(permutations(&rest).into_iter().map(|tail| [vec![*first], tail].concat()));
    }
    all
}

#[test]
fn a_cancellation_stands_also_when_an_older_body_knows_nothing_of_it() {
    let mut story = Story::given(one_point_per_euro());
    story.order(cancelled(day(2), order("1", 5_000))).then_available(0);
    story.order(OrderBody { updated_at: day(1), ..order("1", 5_000) }).then_available(0);
}

#[test]
fn a_payment_that_was_voided_and_then_made_after_all_gives_the_points_back() {
    let voided = OrderBody { voided: true, updated_at: day(1), ..order("1", 5_000) };
    let mut story = Story::given(one_point_per_euro());
    story.order(order("1", 5_000)).order(voided).then_available(0);
    story.order(OrderBody { updated_at: day(2), ..order("1", 5_000) }).then_available(50).then_lifetime(50, 0, 0);
}

#[test]
fn a_refund_that_is_told_more_fully_later_counts_as_told_last_whichever_telling_comes_first() {
    // The shop tells of a refund when its record exists; whether money moved is only known later, from the order.
    let announced = Refund { paid_minor: None, ..money_back("r", day(1), 0) };
    let settled = money_back("r", day(1), 2_000);
    let body = OrderBody { updated_at: day(2), refunds: vec![settled], ..order("1", 5_000) };
    let mut story = Story::given(one_point_per_euro());
    story.order(order("1", 5_000)).refund("1", announced.clone()).then_available(50);
    story.order(body.clone()).then_available(30);
    let mut late = Story::given(one_point_per_euro());
    late.order(body).then_available(30);
    late.refund("1", announced).then_available(30);
    assert_eq!(story.record_of("1").refunds, late.record_of("1").refunds);
}

#[test]
fn pieces_and_time_of_a_refund_that_is_told_twice_are_the_most_and_the_earliest_told() {
    let later = money_back("r", day(2), 0);
    let mut earlier = goods_back("1", day(1), 0);
    earlier.lines[0].quantity = 1;
    earlier.refund_id = "r".to_owned();
    for tellings in [[&later, &earlier], [&earlier, &later]] {
        let mut story = Story::given(one_point_per_euro());
        story.order(order("1", 5_000));
        for telling in tellings {
            story.refund("1", telling.clone());
        }
        assert!(story.record_of("1").is_wholly_back(), "the one piece is back");
        assert_eq!(story.record_of("1").refunds[0].at, day(1));
    }
}

#[test]
fn lines_that_never_earned_take_nothing_back_even_when_the_refund_only_names_them() {
    let mut gift_card = line("card", 2_000);
    gift_card.item = Item { gift_card: true, ..Item::default() };
    let body = OrderBody { lines: vec![line("1", 5_000), gift_card], ..order("1", 7_000) };
    let mut story = Story::given(one_point_per_euro());
    story.order(body).then_available(50);
    let mut thin = goods_back("card", day(1), 2_000);
    thin.lines[0].item = None;
    story.on(day(1)).refund("1", thin).then_available(50);
    story.refund("1", goods_back("r", day(1), 2_500)).then_available(25);
    assert_eq!(story.record_of("1").refunded_minor(), 2_500);
}

#[test]
fn each_rule_takes_back_by_its_own_base() {
    let mut foreign = line("foreign", 3_000);
    foreign.item.vendor = Some("other".to_owned());
    let body = OrderBody { lines: vec![line("1", 5_000), foreign.clone()], ..order("1", 8_000) };
    let mut story = Story::given(with_a_rule_that_leaves_out("other"));
    story.order(body).then_available(80 + 50);
    let mut refund = goods_back("foreign", day(1), 3_000);
    refund.lines[0].item = Some(foreign.item);
    story.refund("1", refund).then_available(50 + 50);
}

#[test]
fn a_full_refund_with_shipping_and_tax_on_top_leaves_nothing_of_a_rule_that_pays_for_them() {
    let mut settings = one_point_per_euro();
    settings.earning_rules[0].include = Inclusions { tax: TaxBase::Always, shipping: true };
    let mut body = OrderBody { taxes_included: false, shipping_minor: 500, ..order("1", 5_000) };
    body.lines[0].tax_minor = 1_000;
    let mut refund = Refund { shipping_minor: 500, paid_minor: Some(6_500), ..goods_back("1", day(1), 5_000) };
    refund.lines[0].tax_minor = 1_000;
    let mut story = Story::given(settings);
    story.order(body).then_available(65);
    story.refund("1", refund).then_available(0);
}

#[test]
fn pieces_without_end_do_not_overflow_a_count() {
    let mut hoard = goods_back("a", day(1), 0);
    hoard.lines[0].quantity = u32::MAX;
    let again = Refund { refund_id: "b".to_owned(), ..hoard.clone() };
    let mut story = Story::given(one_point_per_euro());
    story.order(order("1", 5_000)).refund("1", hoard).refund("1", again);
    assert!(story.record_of("1").is_wholly_back());
}
