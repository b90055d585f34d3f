//! Webhooks come late, early, twice and together; what they do is done once.

use std::sync::Arc;

use super::kit::*;
use crate::{
    order::OrderBody,
    points::{OrderFact, PointsCommand, PointsEvent, PointsRefusal},
    sealed::Sealed,
};

#[test]
fn a_refund_without_its_order_has_to_wait() {
    let mut story = Story::given(one_point_per_euro());
    story.refund("1", goods_back("r", day(0), 5_000)).then_refused(PointsRefusal::OrderUnknown);
}

#[test]
fn a_refund_that_waited_is_taken_in_together_with_its_order() {
    let mut story = Story::given(one_point_per_euro());
    story
        .hear([refund_of("1", goods_back("r", day(1), 2_000)), order("1", 5_000).into()])
        .then_available(30)
        .then_lifetime(30, 0, 0);
    assert_eq!(story.events().len(), 1, "one assessment for both");
    story.refund("1", goods_back("r", day(1), 2_000)).then_nothing_happened().then_available(30);
}

#[test]
fn the_newest_of_several_bodies_that_arrive_together_is_believed() {
    let newer = OrderBody { updated_at: day(1), ..order("1", 7_000) };
    let mut story = Story::given(one_point_per_euro());
    story.hear([newer.into(), order("1", 5_000).into()]).then_available(70);
}

#[test]
fn the_same_webhook_nine_times_is_one_award() {
    let mut story = Story::given(one_point_per_euro());
    story.order(order("1", 5_000));
    for repetition in 1..9 {
        story.on(day(repetition)).order(order("1", 5_000)).then_nothing_happened().then_available(50);
    }
    story.hear([order("1", 5_000).into(), order("1", 5_000).into()]).then_nothing_happened();
}

#[test]
fn an_update_that_changes_nothing_that_counts_is_recorded_and_moves_nothing() {
    let mut story = Story::given(one_point_per_euro());
    story.order(order("1", 5_000));
    story.order(OrderBody { updated_at: day(1), name: "#1 bis".to_owned(), ..order("1", 5_000) }).then_available(50);
    assert_eq!(story.record_of("1").facts.len(), 2);
    assert_eq!(story.lot_of("1").granted, 50);
    story.order(OrderBody { updated_at: day(1), name: "#1 ter".to_owned(), ..order("1", 5_000) });
    let [PointsEvent::OrderAssessed(assessed)] = story.events() else { panic!("one assessment") };
    assert_eq!((&assessed.body, assessed.movements.len()), (&None, 0), "nothing is believed anew");
}

#[test]
fn a_repetition_can_be_answered_with_where_the_fact_was_first_recorded() {
    let mut story = Story::given(one_point_per_euro());
    let waited = refund_of("1", goods_back("r", day(1), 2_000));
    let mut command = story.record_order([waited, order("1", 5_000).into()]);
    let PointsCommand::RecordOrder(record) = &mut command else { panic!("an order") };
    let facts = Arc::get_mut(&mut record.facts).expect("nobody else has them");
    let OrderFact::Refund { position, .. } = &mut facts[0] else { panic!("the refund comes first") };
    *position = Some(7_000);
    let fingerprints = record.views[0].fingerprints.clone();
    story.when(command);
    let positions = fingerprints.iter().map(|fingerprint| story.record_of("1").position_of(*fingerprint));
    assert_eq!(positions.collect::<Vec<_>>(), [Some(7_000), Some(1)]);
}

#[test]
fn lines_are_kept_with_the_body_that_is_believed_and_the_reference_with_every_assessment() {
    let mut story = Story::given(one_point_per_euro());
    let newer = OrderBody { updated_at: day(2), ..order("1", 6_000) };
    let stale = OrderBody { updated_at: day(1), ..order("1", 7_000) };
    for (body, believed) in [(order("1", 5_000), true), (newer, true), (stale, false)] {
        let mut command = story.record_order([body.into()]);
        let PointsCommand::RecordOrder(record) = &mut command else { panic!("an order") };
        record.reference = Some(Sealed::from_ciphertext(*b"#1"));
        record.lines = Some(Sealed::from_ciphertext(*b"lines"));
        story.when(command);
        let [PointsEvent::OrderAssessed(assessed)] = story.events() else { panic!("one assessment") };
        assert!(assessed.reference.is_some());
        assert_eq!([assessed.lines.is_some(), assessed.body.is_some()], [believed; 2]);
    }
}

#[test]
fn a_caller_who_missed_a_merge_must_look_again_with_all_keys() {
    let mut story = Story::given(one_point_per_euro());
    let unaware = story.record_order([order("1", 5_000).into()]);
    let mut other = story.meanwhile(Person(2));
    story.absorb(&mut other);
    story.when(unaware).then_refused(PointsRefusal::LinksChanged);
    story.order(order("1", 5_000)).then_available(50);
}

#[test]
fn an_account_that_was_merged_away_says_where_it_went() {
    let mut winner = Story::given(one_point_per_euro());
    let mut loser = winner.meanwhile(Person(2));
    winner.absorb(&mut loser);
    let into = winner.person.id();
    loser.order(order("1", 5_000)).then_refused(PointsRefusal::Merged { into });
    loser.redeem(1, 5).then_refused(PointsRefusal::Merged { into });
    loser.settle().then_nothing_happened();
    let elsewhere = PointsCommand::Close { into: Person(3).id(), now: loser.now };
    loser.when(elsewhere).then_refused(PointsRefusal::Merged { into });
}
