//! Orders that carry codes: which uses are known, how much of such an order has gone back, and where that was told.

use uuid::Uuid;

use super::kit::*;
use crate::{
    id::RedemptionId,
    order::{OrderBody, Refund},
    points::{CodeUse, CodeUseOutcome, OrderFact, PointsCommand},
    program::RedemptionRate,
};

fn code_use(number: u128) -> CodeUse {
    CodeUse { redemption: RedemptionId(Uuid::from_u128(number)), account: Person(1).id() }
}

fn hear_with_codes(story: &mut Story, body: OrderBody, redeems: Vec<CodeUse>) {
    let mut command = story.record_order([body.into()]);
    let PointsCommand::RecordOrder(record) = &mut command else { panic!("an order") };
    record.redeems = redeems;
    story.when(command);
}

#[test]
fn a_use_stays_one_when_another_body_does_not_show_the_code() {
    let bodies = [(1, vec![code_use(2)]), (3, vec![]), (2, vec![code_use(1), code_use(2)])];
    for sequence in [[0, 1, 2], [1, 2, 0], [2, 0, 1]] {
        let mut story = Story::given(one_point_per_euro());
        for index in sequence {
            let (on, redeems) = bodies[index].clone();
            hear_with_codes(&mut story, OrderBody { updated_at: day(on), ..order("1", 5_000) }, redeems);
        }
        assert_eq!(*story.record_of("1").redeems, [code_use(1), code_use(2)], "{sequence:?}");
    }
}

/// Two pieces for nothing, one of which came back.
fn paid_with_points() -> (OrderBody, Refund) {
    let mut body = order("1", 0);
    body.lines[0].quantity = 2;
    let mut refund = goods_back("1", day(1), 0);
    refund.lines[0].quantity = 1;
    (body, refund)
}

#[test]
fn an_order_that_points_paid_for_goes_back_by_pieces() {
    let (body, refund) = paid_with_points();
    let half = CodeUseOutcome::Partly { base_minor: 2, refunded_minor: 1 };
    let facts = [
        OrderFact::Body { body: body.clone(), position: None },
        OrderFact::Refund { refund: refund.clone(), position: None },
    ];
    assert_eq!(CodeUseOutcome::of_facts(&facts), Some(half));

    let mut story = Story::given(one_point_per_euro());
    story.order(body).refund("1", refund);
    assert_eq!(CodeUseOutcome::of(story.record_of("1")), half);
    story.order(order("2", 5_000)).redeem(1, 50).code_used(1, "1", half).then_available(25);
}

#[test]
fn a_refund_that_does_not_tell_its_currency_is_read_in_that_of_the_order() {
    // Ten-thousandths of a euro: twenty euros back.
    let fine = Refund { currency: None, ..goods_back("r", day(1), 200_000) };
    let mut story = Story::given(one_point_per_euro());
    story.order(order("1", 5_000)).refund("1", fine.clone()).then_available(30);
    assert_eq!(story.record_of("1").refunded_minor(), 2_000);
    story.hear([order("2", 5_000).into(), refund_of("2", Refund { refund_id: "s".to_owned(), ..fine.clone() })]);
    assert_eq!(story.record_of("2").kept, 30);

    let facts = [
        OrderFact::Refund { refund: fine, position: None },
        OrderFact::Body { body: order("1", 5_000), position: None },
    ];
    let outcome = CodeUseOutcome::Partly { base_minor: 5_000, refunded_minor: 2_000 };
    assert_eq!(CodeUseOutcome::of_facts(&facts), Some(outcome));
}

#[test]
fn a_rate_of_a_later_day_does_not_count_before() {
    let mut story = Story::given(one_point_per_euro());
    let mut settings = one_point_per_euro();
    settings.redemption = RedemptionRate { points: 100, amount_minor: 500 };
    publish(std::sync::Arc::make_mut(&mut story.program), settings, day(5));
    story.order(order("1", 5_000)).redeem(1, 20).on(day(5)).redeem(2, 20);
    assert_eq!([story.redemption(1).value_minor, story.redemption(2).value_minor], [20, 100]);
}
