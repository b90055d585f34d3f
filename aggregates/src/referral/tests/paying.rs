//! When both are paid, and when it goes back.

use super::kit::{ADVOCATE, FRIEND, Story, order, token};
use crate::{
    referral::{
        Cause, FriendOrder, Half, Parties, ReferralEvent, ReferralRefusal, Status,
        standing::{Shortfall, qualifying},
    },
    time::Timestamp,
};

#[test]
fn a_friend_who_orders_is_paid_for_when_the_return_window_closes() {
    let mut story = Story::referred();
    assert_eq!(story.status(), Status::Waiting);
    story.orders = vec![order(1, 3, 50_00)];
    story.consider(3);
    assert_eq!((story.status(), story.paid_net()), (Status::Pending, 0));
    story.consider(16);
    assert_eq!((story.status(), story.paid_net()), (Status::Pending, 0), "the seventeenth day is the first");
    let events = story.consider(17);
    let [ReferralEvent::Completed(completed)] = events.as_slice() else { panic!("{events:?}") };
    assert_eq!(completed.order, token(1));
    assert_eq!(completed.advocate, Half { customer: ADVOCATE, points: 500 });
    assert_eq!(completed.friend, Half { customer: FRIEND, points: 500 });
    story.consider(18);
    story.consider(400);
    assert_eq!((story.status(), story.paid_net()), (Status::Completed, 1));
}

#[test]
fn an_order_in_the_second_of_the_click_came_after_it() {
    let rules = Story::begin().rules;
    let clicked_at = Timestamp(1_700_000_000_400_000);
    let at = |processed_at| FriendOrder { processed_at, ..order(1, 0, 50_00) };
    let considered = |processed_at| qualifying(&[at(processed_at)], (clicked_at, clicked_at.plus_days(90)), &rules);
    // The shop tells times in whole seconds.
    assert!(considered(clicked_at.whole_second()).is_ok());
    for before in [clicked_at.whole_second().plus_seconds(-1), Timestamp(clicked_at.0 - 1)] {
        assert_eq!(considered(before), Err(Shortfall::NotNew));
    }
}

#[test]
fn without_a_return_window_they_are_paid_at_once() {
    let mut story = Story::referred();
    story.rules.hold_days = 0;
    story.orders = vec![order(1, 3, 50_00)];
    story.consider(3);
    assert_eq!(story.status(), Status::Completed);
}

#[test]
fn a_refund_inside_the_window_cancels_and_another_order_may_qualify() {
    let mut story = Story::referred();
    story.orders = vec![order(1, 3, 50_00)];
    story.consider(3);
    story.left_of(1, 0);
    let events = story.consider(5);
    assert!(matches!(events.as_slice(), [ReferralEvent::Cancelled(cancelled)] if cancelled.cause == Cause::OrderBack));
    story.orders.push(order(2, 6, 50_00));
    story.consider(6);
    story.consider(20);
    assert_eq!((story.status(), story.paid_net()), (Status::Completed, 1));
}

#[test]
fn a_refund_afterwards_takes_both_halves_back_once() {
    let mut story = Story::referred();
    story.orders = vec![order(1, 3, 50_00)];
    story.consider(17);
    assert_eq!(story.paid_net(), 1);
    story.left_of(1, 30_00);
    story.consider(18);
    assert_eq!(story.status(), Status::Completed, "what is left is worth enough");
    story.left_of(1, 19_99);
    story.consider(19);
    assert_eq!((story.status(), story.paid_net()), (Status::ClawedBack, 0));
    story.left_of(1, 0);
    for day in 20..30 {
        story.consider(day);
    }
    assert_eq!((story.status(), story.paid_net()), (Status::ClawedBack, 0));
}

#[test]
fn only_new_customers_count_also_where_that_comes_to_light_late() {
    let mut story = Story::referred();
    story.orders = vec![order(9, -1, 5_00), order(1, 3, 50_00)];
    story.consider(3);
    assert_eq!((story.status(), story.referral.closed), (Status::Rejected, Some(Cause::NotNew)));

    let mut story = Story::referred();
    story.orders = vec![order(1, 3, 50_00)];
    story.consider(17);
    story.orders.push(order(9, -1, 5_00));
    story.consider(18);
    assert_eq!((story.status(), story.paid_net()), (Status::ClawedBack, 0));

    let mut story = Story::referred();
    story.rules.new_customers_only = false;
    story.orders = vec![order(9, -1, 50_00), order(1, 3, 5_00), order(2, 4, 50_00)];
    story.consider(18);
    assert_eq!((story.status(), story.paid_net()), (Status::Completed, 1));
}

#[test]
fn the_first_order_has_to_be_worth_enough() {
    let mut story = Story::referred();
    story.orders = vec![order(1, 3, 19_99), order(2, 4, 500_00)];
    story.consider(30);
    assert_eq!(story.paid_net(), 0);
}

#[test]
fn who_does_not_order_in_time_is_not_waited_for() {
    let mut story = Story::referred();
    story.consider(90);
    assert_eq!(story.status(), Status::Waiting);
    story.consider(91);
    assert_eq!(story.status(), Status::Expired);
    // An order of the last day that is told late still counts.
    story.orders = vec![order(1, 90, 50_00)];
    story.consider(92);
    assert_eq!(story.status(), Status::Pending);
    let mut late = Story::referred();
    late.orders = vec![order(1, 91, 50_00)];
    late.consider(200);
    assert_eq!((late.status(), late.paid_net()), (Status::Expired, 0));
}

#[test]
fn nobody_refers_themselves_nor_is_referred_twice() {
    let mut story = Story::begin();
    assert_eq!(story.identify(FRIEND, &[]), Err(ReferralRefusal::SamePerson));
    story.identify(ADVOCATE, &[]).unwrap();
    assert_eq!(story.identify(ADVOCATE, &[]), Ok(Vec::new()));
    let other = crate::id::CustomerId(uuid::Uuid::from_u128(7));
    assert_eq!(story.identify(other, &[]), Err(ReferralRefusal::ReferredByAnother));
}

#[test]
fn two_profiles_that_turn_out_to_be_one_person_are_not_paid() {
    let one_person = Parties { advocate: Some(ADVOCATE), friend: Some(ADVOCATE) };
    let mut story = Story::referred();
    story.orders = vec![order(1, 3, 50_00)];
    story.parties = one_person;
    story.consider(17);
    assert_eq!((story.status(), story.referral.closed), (Status::Rejected, Some(Cause::SamePerson)));

    let mut story = Story::referred();
    story.orders = vec![order(1, 3, 50_00)];
    story.consider(17);
    story.parties = one_person;
    story.consider(18);
    assert_eq!((story.status(), story.paid_net()), (Status::ClawedBack, 0));
}

#[test]
fn both_or_none_and_what_one_has_outlives_the_other() {
    for gone in [Parties { advocate: None, friend: Some(FRIEND) }, Parties { advocate: Some(ADVOCATE), friend: None }] {
        let mut story = Story::referred();
        story.orders = vec![order(1, 3, 50_00)];
        story.consider(3);
        story.parties = gone;
        story.consider(17);
        assert_eq!((story.status(), story.paid_net()), (Status::Rejected, 0));

        let mut story = Story::referred();
        story.orders = vec![order(1, 3, 50_00)];
        story.consider(17);
        story.parties = gone;
        story.consider(18);
        assert_eq!((story.status(), story.paid_net()), (Status::Completed, 1));
    }
}

#[test]
fn whoever_brought_somebody_first_is_the_one_also_after_a_merge() {
    let mut story = Story::referred();
    story.orders = vec![order(1, 3, 50_00)];
    let mut paid = story.clone();
    story.brought_before = true;
    story.consider(3);
    assert_eq!((story.status(), story.referral.closed), (Status::Rejected, Some(Cause::BroughtBefore)));
    paid.consider(17);
    paid.brought_before = true;
    paid.consider(18);
    assert_eq!((paid.status(), paid.paid_net()), (Status::ClawedBack, 0));
}
