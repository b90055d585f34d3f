//! Whatever arrives first, however often, and whenever somebody looks: in the end the same is paid, and never twice.

use proptest::prelude::*;

use super::kit::{Story, order, token};
use crate::referral::ReferralEvent;

/// The last day that anybody looks on: every hold is over.
const THE_END: i64 = 400;

/// One order as it stands in the end.
#[derive(Debug, Clone, Copy)]
struct Told {
    n: u8,
    on_day: i64,
    placed_minor: i64,
    /// After its refunds; 0 where nothing is left.
    left_minor: i64,
}

fn histories() -> impl Strategy<Value = Vec<Told>> {
    let left = prop_oneof![Just(100_i64), Just(0), 1_i64..100];
    let told = (-5_i64..100, 1_00_i64..60_00, left);
    prop::collection::vec(told, 0..5).prop_map(|orders| {
        (1..)
            .zip(orders)
            .map(|(n, (on_day, placed_minor, percent))| Told {
                n,
                on_day,
                placed_minor,
                left_minor: placed_minor * percent / 100,
            })
            .collect()
    })
}

/// What can happen between two looks.
#[derive(Debug, Clone, Copy)]
enum Step {
    Order(usize),
    Refund(usize),
    Look(i64),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        (0_usize..5).prop_map(Step::Order),
        (0_usize..5).prop_map(Step::Refund),
        (0_i64..THE_END).prop_map(Step::Look),
    ];
    prop::collection::vec(step, 0..24)
}

/// An account takes a fact in once: an order is there from whichever fact comes first, and what is left only shrinks.
fn take_in(story: &mut Story, told: &Told, left_minor: i64) {
    match story.orders.iter().find(|order| order.order == token(told.n)).map(|order| order.kept_minor) {
        None => story.orders.push(order(told.n, told.on_day, left_minor)),
        Some(kept) => story.left_of(told.n, kept.min(left_minor)),
    }
}

fn told(history: &[Told], steps: &[Step], only_new: bool) -> Story {
    let mut story = Story::referred();
    story.rules.new_customers_only = only_new;
    let mut today = 0;
    for step in steps {
        match *step {
            Step::Order(n) => {
                if let Some(told) = history.get(n) {
                    take_in(&mut story, told, told.placed_minor);
                }
            }
            Step::Refund(n) => {
                if let Some(told) = history.get(n) {
                    take_in(&mut story, told, told.left_minor);
                }
            }
            Step::Look(day) => {
                today = today.max(day);
                story.consider(today);
            }
        }
        assert!((0..=1).contains(&story.paid_net()), "never twice: {:#?}", story.events);
    }
    for told in history {
        take_in(&mut story, told, told.left_minor);
    }
    // Taking back and paying for another order are two commits.
    (0..4).for_each(|_| drop(story.consider(THE_END)));
    story
}

/// An earlier order, too small to qualify, becomes known after the first was paid for, and goes back itself.
#[test]
fn what_stood_in_the_way_of_a_payment_and_goes_back_does_so_no_more() {
    let history = [
        Told { n: 1, on_day: 10, placed_minor: 33_34, left_minor: 20_00 },
        Told { n: 2, on_day: 0, placed_minor: 1_00, left_minor: 0 },
    ];
    let late = [Step::Look(24), Step::Order(0), Step::Look(0), Step::Order(1), Step::Look(0)];
    let (late, at_once) = (told(&history, &late, true), told(&history, &[], true));
    assert_eq!((late.paid_net(), at_once.paid_net()), (1, 1), "{:#?}", late.events);
}

proptest! {
    #[test]
    fn the_same_is_paid_in_the_end(history in histories(), one in steps(), other in steps(), only_new: bool) {
        let (one, other) = (told(&history, &one, only_new), told(&history, &other, only_new));
        prop_assert_eq!(one.paid_net(), other.paid_net(), "{:#?}\n{:#?}", one.events, other.events);
    }

    #[test]
    fn looking_again_changes_nothing(history in histories(), steps in steps(), only_new: bool) {
        let mut story = told(&history, &steps, only_new);
        let before = story.events.len();
        let position = story.position;
        story.position = position - 1;
        let again = story.consider(THE_END);
        let nothing = again.iter().all(|event| matches!(event, ReferralEvent::Considered(_)));
        prop_assert!(nothing, "{:#?}", &story.events[before..]);
    }

    #[test]
    fn each_payment_of_an_order_has_points_of_its_own(history in histories(), steps in steps(), only_new: bool) {
        let story = told(&history, &steps, only_new);
        let mut paid: Vec<_> = story.events.iter().filter_map(|event| match event {
            ReferralEvent::Completed(completed) => Some((completed.order, completed.round)),
            _ => None,
        }).collect();
        let times = paid.len();
        paid.sort_unstable();
        paid.dedup();
        prop_assert_eq!(paid.len(), times);
    }
}
