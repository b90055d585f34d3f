//! From numbers to scores. A score looks at a value and at four cut points and at nothing else, so that equal values always
//! have equal scores, whoever was seen first.

use serde::{Deserialize, Serialize};

use super::{calendar::Day, cell::Cell};

/// Cut points of one dimension: four of them make five bands.
const CUTS: usize = 4;

/// What one buyer has bought and kept, in the shop's currency.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Purchases {
    pub last_order_day: Day,
    pub orders: u32,
    pub spend_minor: i64,
}

/// Where the bands begin and end.
///
/// Made from values, cut point k lies at the value of rank ⌈k·n/5⌉ among n buyers, in ascending order. Where many buyers
/// share a value, several ranks meet at it, and the bands between them are empty: they merge into the one below, so that a
/// shop whose buyers have mostly ordered once calls one order a 1, and not something that depends on a sort.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CutPoints {
    /// A last order at most so many days ago scores 5, 4, 3, 2; an older one 1.
    pub recency_days: [u32; CUTS],
    /// At least so many orders score 2, 3, 4, 5; fewer 1.
    pub orders: [u32; CUTS],
    /// At least so much scores 2, 3, 4, 5; less 1. Minor units.
    pub spend_minor: [i64; CUTS],
}

impl CutPoints {
    /// By value bands of these buyers, as of a day. Needs one buyer at least.
    pub fn by_value(buyers: impl Iterator<Item = Purchases>, as_of: Day) -> Option<CutPoints> {
        let (mut days, mut orders, mut spends) = (Vec::new(), Vec::new(), Vec::new());
        for buyer in buyers {
            days.push(as_of.days_since(buyer.last_order_day));
            orders.push(buyer.orders);
            spends.push(buyer.spend_minor);
        }
        Some(CutPoints {
            recency_days: fifths(&mut days)?,
            orders: fifths(&mut orders)?.map(|top| top.saturating_add(1)),
            spend_minor: fifths(&mut spends)?.map(|top| top.saturating_add(1)),
        })
    }

    /// The scores of a buyer, as of a day.
    pub fn cell(&self, purchases: Purchases, as_of: Day) -> Cell {
        let days = as_of.days_since(purchases.last_order_day);
        Cell::of(
            1 + reached(&self.recency_days, |within| days <= within),
            1 + reached(&self.orders, |least| purchases.orders >= least),
            1 + reached(&self.spend_minor, |least| purchases.spend_minor >= least),
        )
    }
}

/// How many of the cut points a value is on the better side of.
fn reached<T: Copy>(cuts: &[T; CUTS], is_reached: impl Fn(T) -> bool) -> u8 {
    cuts.iter().filter(|cut| is_reached(**cut)).fold(0, |count, _| count + 1)
}

/// The values at ranks ⌈n/5⌉, ⌈2n/5⌉, ⌈3n/5⌉ and ⌈4n/5⌉, ascending.
fn fifths<T: Ord + Copy>(values: &mut [T]) -> Option<[T; CUTS]> {
    values.sort_unstable();
    let at = |k: usize| values.get((k * values.len()).div_ceil(5).checked_sub(1)?).copied();
    Some([at(1)?, at(2)?, at(3)?, at(4)?])
}
