//! What anybody can work out with pencil and paper from the whole history, without events, lots or order of arrival.

use std::{cmp::Reverse, collections::BTreeMap};

use super::{
    canonical::Totals,
    history::{History, OTHER_VENDOR, OrderHistory},
};
use crate::{
    order::{OrderBody, Refund},
    points::tests::kit::*,
    program::{Expiry, NegativeBalance, ProgramSettings},
    time::Timestamp,
};

/// Available, pending, earned, expired: with nothing ever spent, each order stands for itself.
pub fn expected_totals(history: &History, person: Person, instant: Timestamp) -> Totals {
    let mine: Vec<&OrderHistory> =
        history.orders.iter().filter(|order| owner(history, order) == Some(person)).collect();
    let made = mine.iter().map(|order| newest(order)).filter(|body| !body.test).map(|body| body.processed_at);
    let last_activity = made.max();
    let mut totals = [0; 4];
    for order in mine {
        let (settings, processed_at) = (&history.settings, newest(order).processed_at);
        let points = points_left(history, order);
        let expires_at = match settings.expiry {
            Expiry::None => None,
            Expiry::AfterEarning { days } => Some(processed_at.plus_days(days)),
            Expiry::Inactivity { days } => last_activity.map(|at| at.plus_days(days)),
        };
        let state = match () {
            () if expires_at.is_some_and(|at| at <= instant) => 3,
            () if processed_at.plus_days(settings.hold_days) > instant => 1,
            () => 0,
        };
        totals[state] += points;
        totals[2] += points;
    }
    totals
}

/// Nobody, as long as the order is a guest's.
fn owner(history: &History, order: &OrderHistory) -> Option<Person> {
    order.bodies.iter().find_map(|(named, _)| *named).map(|person| history.survivor(person))
}

fn newest(order: &OrderHistory) -> &OrderBody {
    let bodies = order.bodies.iter().map(|(_, body)| body);
    bodies.max_by_key(|body| (body.updated_at, Reverse(&body.order_id))).expect("an order has a body")
}

fn points_left(history: &History, order: &OrderHistory) -> i64 {
    let body = newest(order);
    let settings = &history.settings;
    let hold_end = body.processed_at.plus_days(settings.hold_days);
    let counts = |at: Timestamp| settings.negative_balance != NegativeBalance::PendingOnly || at < hold_end;
    let cancelled_at = order.bodies.iter().filter_map(|(_, body)| body.cancelled_at).min();
    if body.test || body.voided || cancelled_at.is_some_and(counts) {
        return 0;
    }
    let double = history.program().in_effect_at(body.processed_at).map(|version| version.version) == Some(2);
    let refunds: Vec<&Refund> = told_refunds(order).filter(|refund| counts(refund.at)).collect();
    rules(settings).map(|counted| points_left_by(counted, body, &refunds, if double { 2 } else { 1 })).sum()
}

/// Which of the three lines each rule counts: never the gift card.
fn rules(settings: &ProgramSettings) -> impl Iterator<Item = [bool; 3]> {
    [[true, false, true], [true, false, false]].into_iter().take(settings.earning_rules.len())
}

fn told_refunds(order: &OrderHistory) -> impl Iterator<Item = &Refund> {
    order.refunds.iter().chain(order.bodies.iter().flat_map(|(_, body)| &body.refunds))
}

fn points_left_by(counted: [bool; 3], body: &OrderBody, refunds: &[&Refund], rate: i64) -> i64 {
    let counts = |line_id: &str| {
        let index =
            body.lines.iter().position(|line| line.line_id == line_id).expect("refunds name lines of the order");
        counted[index]
    };
    debug_assert_eq!(body.lines[2].item.vendor.as_deref(), Some(OTHER_VENDOR));
    let base: i64 = body.lines.iter().filter(|line| counts(&line.line_id)).map(|line| line.net_minor).sum();
    let mut largest: BTreeMap<&str, i64> = BTreeMap::new();
    for refund in refunds {
        let of_lines = |which: bool| -> i64 {
            let lines = refund.lines.iter().filter(|line| counts(&line.line_id) == which);
            lines.map(|line| line.subtotal_minor).sum()
        };
        let money = refund.paid_minor.unwrap_or(0) - of_lines(false);
        let told = largest.entry(&refund.refund_id).or_default();
        *told = (*told).max(of_lines(true).max(money));
    }
    let award = base / 100 * rate + base % 100 * rate / 100;
    let refunded = largest.values().sum::<i64>().min(base);
    if base == 0 { award } else { award * (base - refunded) / base }
}
