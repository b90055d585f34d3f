use super::{TODAY, purchases};
use crate::rfm::{CutPoints, Purchases};

fn by_value(of: &[Purchases]) -> CutPoints {
    CutPoints::by_value(of.iter().copied(), TODAY).expect("there are buyers")
}

#[test]
fn buyers_who_all_differ_are_divided_into_fifths() {
    let of: Vec<Purchases> = (1..=50).map(|n| purchases(n, n as u32, i64::from(n) * 100)).collect();
    let cuts = by_value(&of);
    assert_eq!(cuts.recency_days, [10, 20, 30, 40]);
    assert_eq!(cuts.orders, [11, 21, 31, 41]);
    assert_eq!(cuts.spend_minor, [1_001, 2_001, 3_001, 4_001]);
    let scores = |n: usize| cuts.cell(of[n - 1], TODAY).to_string();
    assert_eq!([scores(1), scores(10), scores(11), scores(40), scores(41)], ["511", "511", "422", "244", "155"]);
}

#[test]
fn where_most_ordered_once_one_order_scores_1_and_the_empty_bands_merge() {
    let orders = |n| if n < 35 { 1 } else { n as u32 };
    let cuts = by_value(&(0..50).map(|n| purchases(0, orders(n), 1)).collect::<Vec<_>>());
    assert_eq!(cuts.orders, [2, 2, 2, 40]);
    let frequency = |orders| cuts.cell(purchases(0, orders, 1), TODAY).frequency();
    assert_eq!([1, 2, 39, 40, 1_000].map(frequency), [1, 4, 4, 5, 5]);
}

#[test]
fn where_nobody_differs_everybody_is_new() {
    let cuts = by_value(&[purchases(0, 1, 500); 60]);
    assert_eq!(cuts.cell(purchases(0, 1, 500), TODAY).to_string(), "511");
}

#[test]
fn an_order_of_tomorrow_is_as_recent_as_one_of_today() {
    let cuts = by_value(&[purchases(0, 1, 1), purchases(9, 1, 1)]);
    assert_eq!(cuts.cell(purchases(-1, 1, 1), TODAY), cuts.cell(purchases(0, 1, 1), TODAY));
}

#[test]
fn without_buyers_there_are_no_bands() {
    assert_eq!(CutPoints::by_value(std::iter::empty(), TODAY), None);
}
