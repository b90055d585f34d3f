//! What holds for all buyers there can be.

use proptest::{collection::vec, prelude::*, sample::Index};

use super::{TODAY, purchases};
use crate::rfm::{CutPoints, Purchases};

/// Few different values, so that many are equal, and now and then any.
fn any_purchases() -> impl Strategy<Value = Purchases> {
    let days = prop_oneof![3 => 0..5_i32, 1 => 0..2_000_i32];
    let orders = prop_oneof![3 => 1..4_u32, 1 => 1..u32::MAX];
    let spend = prop_oneof![3 => 1..4_i64, 1 => 1..i64::MAX];
    (days, orders, spend).prop_map(|(days, orders, spend)| purchases(days, orders, spend))
}

fn cuts(of: &[Purchases]) -> CutPoints {
    CutPoints::by_value(of.iter().copied(), TODAY).expect("there are buyers")
}

proptest! {
    #[test]
    fn more_of_something_never_scores_less_and_equal_values_score_equally(
        of in vec(any_purchases(), 1..200), one: Index, other: Index,
    ) {
        let cuts = cuts(&of);
        let (one, other) = (one.get(&of), other.get(&of));
        let (a, b) = (cuts.cell(*one, TODAY), cuts.cell(*other, TODAY));
        prop_assert_eq!(one.last_order_day == other.last_order_day && a.recency() != b.recency(), false);
        prop_assert!(one.last_order_day < other.last_order_day || a.recency() >= b.recency());
        prop_assert!(one.orders < other.orders || a.frequency() >= b.frequency());
        prop_assert!(one.spend_minor < other.spend_minor || a.monetary() >= b.monetary());
    }

    #[test]
    fn the_order_in_which_buyers_come_changes_nothing(
        of in vec(any_purchases(), 1..200).prop_flat_map(|of| (Just(of.clone()), Just(of).prop_shuffle())),
    ) {
        prop_assert_eq!(cuts(&of.0), cuts(&of.1));
    }

    /// A score is earned: above the first band there are always buyers who did worse, as many fifths as the score says.
    #[test]
    fn whoever_scores_high_has_left_as_many_fifths_behind(of in vec(any_purchases(), 1..200), one: Index) {
        let (cuts, one) = (cuts(&of), one.get(&of));
        let worse = of.iter().filter(|other| other.orders < one.orders).count();
        let score = usize::from(cuts.cell(*one, TODAY).frequency());
        prop_assert_eq!(score, 1 + (5 * worse / of.len()).min(4));
    }

    /// Recency counts from the other end: whoever bought last scores 5, however many did on the same day.
    #[test]
    fn recency_is_lost_by_those_who_bought_later(of in vec(any_purchases(), 1..200), one: Index) {
        let (cuts, one) = (cuts(&of), one.get(&of));
        let later = of.iter().filter(|other| other.last_order_day > one.last_order_day).count();
        let score = usize::from(cuts.cell(*one, TODAY).recency());
        prop_assert_eq!(score, 5 - (5 * later / of.len()).min(4));
    }

    #[test]
    fn what_was_stored_scores_as_what_was_computed(of in vec(any_purchases(), 1..50)) {
        let cuts = cuts(&of);
        let stored = postcard::to_stdvec(&cuts).expect("plain values");
        let read: CutPoints = postcard::from_bytes(&stored).expect("what was written");
        prop_assert_eq!(cuts, read);
    }
}
