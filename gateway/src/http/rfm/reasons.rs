//! Why somebody has the scores they have, in words. They repeat what the numbers and the cut points say, for people.

use aggregates::{
    money::Currency,
    rfm::{Cell, Purchases, WindowClosed},
};
use serde::Serialize;
use utoipa::ToSchema;

/// One score and where it comes from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = RfmReason)]
pub struct Reason {
    /// `recency`, `frequency` or `monetary`.
    pub score: &'static str,
    /// From 1 to 5.
    pub value: u8,
    pub text: String,
}

/// The three scores of a buyer by a window.
pub fn reasons(cell: Cell, purchases: Purchases, window: &WindowClosed) -> Vec<Reason> {
    let cuts = &window.cut_points;
    let money = |minor| amount(minor, window.currency);
    vec![
        Reason { score: "recency", value: cell.recency(), text: recency(cell.recency(), purchases, window) },
        Reason {
            score: "frequency",
            value: cell.frequency(),
            text: format!(
                "{} counted: {}.",
                counted(purchases.orders, "order", "orders"),
                at_least(cell.frequency(), &cuts.orders, |orders| counted(orders, "order", "orders")),
            ),
        },
        Reason {
            score: "monetary",
            value: cell.monetary(),
            text: format!(
                "{} paid for what was kept: {}.",
                money(purchases.spend_minor),
                at_least(cell.monetary(), &cuts.spend_minor, money),
            ),
        },
    ]
}

fn recency(score: u8, purchases: Purchases, window: &WindowClosed) -> String {
    let (last, day) = (purchases.last_order_day, window.day);
    let limits = &window.cut_points.recency_days;
    let ago = match day.days_since(last) {
        0 => "not before the day of the window".to_owned(),
        days => format!("{} before the window of {day}", counted(days, "day", "days")),
    };
    let band = match usize::from(5_u8.saturating_sub(score)) {
        4 => format!("more than {} score 1", counted(limits[3], "day", "days")),
        band => format!("at most {} score {score}", counted(limits[band], "day", "days")),
    };
    format!("The last order was on {last}, {ago}: {band}.")
}

/// The band of a score between two thresholds, each of them the least that the next score takes.
fn at_least<T: Copy + PartialEq>(score: u8, thresholds: &[T; 4], print: impl Fn(T) -> String) -> String {
    let threshold = |score: usize| thresholds.get(score).copied();
    let (from, below) = (usize::from(score).checked_sub(2).and_then(threshold), threshold(usize::from(score) - 1));
    match (from, below) {
        (None, Some(below)) => format!("less than {} scores {score}", print(below)),
        (Some(from), Some(below)) => format!("from {}, and less than {}, scores {score}", print(from), print(below)),
        (Some(from), None) => format!("from {} on scores {score}", print(from)),
        (None, None) => format!("scores {score}"),
    }
}

fn counted(number: u32, one: &str, many: &str) -> String {
    format!("{number} {}", if number == 1 { one } else { many })
}

/// `12.50 EUR`; plain minor units where no currency is known.
fn amount(minor: i64, currency: Option<Currency>) -> String {
    match currency {
        Some(currency) => format!("{} {}", currency.whole_units(minor), currency.as_str()),
        None => format!("{minor} minor units"),
    }
}

#[cfg(test)]
mod tests {
    use aggregates::{
        rfm::{CutPoints, Day, MethodUsed},
        time::Timestamp,
    };

    use super::*;

    fn texts(days_ago: i32, orders: u32, spend_minor: i64) -> Vec<String> {
        let window = WindowClosed {
            day: Day(20_779),
            definition_version: 1,
            method: MethodUsed::FixedThresholds,
            cut_points: CutPoints {
                recency_days: [30, 90, 180, 365],
                orders: [2, 5, 10, 20],
                spend_minor: [25_000, 50_000, 75_000, 100_000],
            },
            currency: Currency::parse("EUR").ok(),
            counts: Vec::new(),
            buyers: 1,
            orders_through: 1,
            at: Timestamp(0),
        };
        let purchases = Purchases { last_order_day: Day(window.day.0 - days_ago), orders, spend_minor };
        let cell = window.cut_points.cell(purchases, window.day);
        reasons(cell, purchases, &window).into_iter().map(|reason| reason.text).collect()
    }

    #[test]
    fn reasons_are_plain_sentences() {
        assert_eq!(
            texts(3, 1, 1_250),
            [
                "The last order was on 2026-11-19, 3 days before the window of 2026-11-22: at most 30 days score 5.",
                "1 order counted: less than 2 orders scores 1.",
                "12.50 EUR paid for what was kept: less than 250.00 EUR scores 1.",
            ]
        );
        assert_eq!(
            texts(400, 7, 100_000),
            [
                "The last order was on 2025-10-18, 400 days before the window of 2026-11-22: more than 365 days score 1.",
                "7 orders counted: from 5 orders, and less than 10 orders, scores 3.",
                "1000.00 EUR paid for what was kept: from 1000.00 EUR on scores 5.",
            ]
        );
        assert!(texts(0, 20, 1)[0].contains("not before the day of the window: at most 30 days score 5"));
    }
}
