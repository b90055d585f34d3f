//! Two shoppers turn out to be one: everything moves, and nothing is told twice.

use super::kit::*;
use crate::{
    event::Event,
    id::CommandId,
    order::OrderBody,
    points::{Absorb, CodeUseOutcome, PointsCommand, PointsRefusal},
    waiting::WaitingFact,
};

fn two_shoppers() -> (Story, Story) {
    let mut winner = Story::given(one_point_per_euro());
    let mut loser = winner.meanwhile(Person(2));
    loser.order(order("a", 5_000)).redeem(1, 20);
    winner.order(order("b", 3_000));
    (winner, loser)
}

#[test]
fn the_winner_has_everything_and_the_loser_nothing() {
    let (mut winner, mut loser) = two_shoppers();
    winner.absorb(&mut loser).then_available(60).then_lifetime(80, 20, 0);
    loser.then_available(0).then_lifetime(0, 0, 0);
    assert_eq!(winner.redemption(1).points, 20);
}

#[test]
fn a_merge_is_done_once() {
    let (mut winner, mut loser) = two_shoppers();
    let absorb = PointsCommand::Absorb(Box::new(Absorb {
        from: loser.person.id(),
        contents: loser.account.contents(),
        part_bytes: 1,
        links: vec![sealed_key(loser.person)],
        now: winner.now,
    }));
    winner.absorb(&mut loser).when(absorb).then_nothing_happened().then_available(60);
}

#[test]
fn an_account_of_any_size_comes_over_in_parts_of_bounded_size() {
    const ORDERS: usize = 150;
    const PART_BYTES: usize = 4 * 1024;
    let mut winner = Story::given(one_point_per_euro());
    let mut loser = winner.meanwhile(Person(2));
    for number in 0..ORDERS {
        loser.order(order(&number.to_string(), 100));
    }
    winner.absorb_in_parts_of(PART_BYTES, &mut loser).then_available(150).then_lifetime(150, 0, 0);
    let sizes: Vec<usize> = winner.events().iter().map(|event| event.encode().len()).collect();
    assert!(sizes.len() > 3 && sizes.iter().all(|size| *size < PART_BYTES + 1_000), "{sizes:?}");
    winner.refund("149", goods_back("r", day(0), 100)).then_available(149);
}

#[test]
fn a_later_refund_of_the_losers_order_reverses_on_the_winner() {
    let (mut winner, mut loser) = two_shoppers();
    winner.absorb(&mut loser);
    winner.on(day(1)).refund("a", goods_back("r", day(1), 2_500)).then_available(35);
    assert_eq!(winner.account.orders.len(), 2, "still one record for the order");
    winner.order(cancelled(day(2), order("a", 5_000))).then_available(10).then_lifetime(30, 20, 0);
}

#[test]
fn facts_that_the_loser_had_heard_are_repetitions_for_the_winner() {
    let (mut winner, mut loser) = two_shoppers();
    let refund: WaitingFact = refund_of("a", goods_back("r", day(0), 1_000));
    loser.hear([refund.clone()]);
    winner.absorb(&mut loser).then_available(50);
    winner.order(order("a", 5_000)).then_nothing_happened();
    winner.hear([refund]).then_nothing_happened().then_available(50);
    let embedded = OrderBody { updated_at: day(1), refunds: vec![goods_back("r", day(0), 1_000)], ..order("a", 5_000) };
    winner.order(embedded).then_available(50);
}

#[test]
fn requests_that_the_loser_had_done_are_not_done_again() {
    let (mut winner, mut loser) = two_shoppers();
    winner.absorb(&mut loser);
    winner.redeem(1, 20).then_nothing_happened();
    winner.redeem(1, 10).then_refused(PointsRefusal::KeyReused);
    assert!(winner.account.commands.contains_key(&CommandId(uuid::Uuid::from_u128(1))));
}

#[test]
fn the_losers_redemption_is_used_and_returned_on_the_winner() {
    let (mut winner, mut loser) = two_shoppers();
    loser.code_used(1, "redeeming", CodeUseOutcome::Partly { base_minor: 1_000, refunded_minor: 0 });
    winner.absorb(&mut loser);
    winner.code_used(1, "redeeming", CodeUseOutcome::WhollyBack).then_available(80).then_lifetime(80, 0, 0);
    assert_eq!(winner.lot_of("a").remaining, 50);
}

#[test]
fn who_reports_a_use_without_the_new_keys_must_look_again() {
    let (mut winner, mut loser) = two_shoppers();
    loser.code_used(1, "redeeming", CodeUseOutcome::Partly { base_minor: 1_000, refunded_minor: 0 });
    winner.absorb(&mut loser);
    let unaware = crate::points::RecordCodeUse {
        redemption: crate::id::RedemptionId(uuid::Uuid::from_u128(1)),
        orders: vec![winner.person.token("redeeming")],
        outcome: CodeUseOutcome::WhollyBack,
        program: std::sync::Arc::clone(&winner.program),
        now: winner.now,
    };
    winner.when(PointsCommand::RecordCodeUse(unaware)).then_refused(PointsRefusal::LinksChanged);
}

#[test]
fn debt_of_one_side_is_paid_by_the_other() {
    let (mut winner, mut loser) = two_shoppers();
    loser.refund("a", goods_back("r", day(0), 5_000)).then_available(-20);
    winner.absorb(&mut loser).then_available(10).then_lifetime(30, 20, 0);
}

#[test]
fn points_that_had_expired_before_the_merge_pay_no_debt_whether_or_not_anybody_swept() {
    for swept in [false, true] {
        let mut winner = Story::given(expiring_after(10));
        winner.order(order("b", 3_000)).redeem(1, 30).refund("b", goods_back("r", day(0), 3_000)).then_available(-30);
        let mut loser = winner.meanwhile(Person(2));
        loser.order(order("a", 5_000)).on(day(20));
        if swept {
            loser.settle();
        }
        winner.on(day(20)).absorb(&mut loser).then_available(-30).then_lifetime(50, 30, 50);
    }
}

#[test]
fn idle_points_of_the_loser_had_expired_by_its_own_idleness() {
    for swept in [false, true] {
        let mut winner = Story::given(expiring_when_idle_for(10));
        let mut loser = winner.meanwhile(Person(2));
        loser.order(order("a", 5_000)).on(day(20));
        winner.on(day(20)).order(order_on(day(20), "b", 3_000));
        if swept {
            loser.settle();
        }
        winner.absorb(&mut loser).then_available(30).then_lifetime(80, 0, 50);
    }
}

#[test]
fn a_chain_of_merges_ends_in_one_account_whichever_is_done_first() {
    let refund = || goods_back("r", day(1), 5_000);
    let people = || {
        let mut c = Story::given(one_point_per_euro());
        let (mut a, mut b) = (c.meanwhile(Person(2)), c.meanwhile(Person(3)));
        a.order(order("a", 5_000));
        b.order(order("b", 3_000));
        c.order(order("c", 1_000));
        (a, b, c)
    };
    let (mut a, mut b, mut c) = people();
    b.absorb(&mut a);
    c.absorb(&mut b).then_available(90).refund("a", refund()).then_available(40);
    assert_eq!(c.keys(), [Person(1), Person(3), Person(2)]);

    let (mut a, mut b, mut c) = people();
    c.absorb(&mut b).absorb(&mut a).then_available(90).refund("a", refund()).then_available(40);
    c.order(order("b", 3_000)).then_nothing_happened();
}
