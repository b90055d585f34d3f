//! Samples of what is recorded of a shop's segments.

use aggregates::{
    id::CustomerId,
    money::Currency,
    rfm::{
        Cause, Cell, Change, CutPoints, Day, MethodUsed, Purchases, RfmEvent, RfmUpdated, SegmentName, Standing,
        WindowClosed,
    },
};

use crate::values::{at, uuid};

pub fn samples() -> Vec<RfmEvent> {
    let methods =
        [MethodUsed::ValueBands, MethodUsed::FixedThresholds, MethodUsed::FixedThresholdsForFewBuyers].map(closed);
    let of_nobody = WindowClosed {
        currency: None,
        counts: Vec::new(),
        buyers: 0,
        ..closed(MethodUsed::FixedThresholdsForFewBuyers)
    };
    let updates = [updated(Cause::Window), updated(Cause::Orders)].map(RfmEvent::Updated);
    let windows = methods.into_iter().chain([of_nobody]).map(RfmEvent::WindowClosed);
    updates.into_iter().chain(windows).collect()
}

fn updated(cause: Cause) -> RfmUpdated {
    let standing = Standing {
        cell: Cell::of(5, 4, 3),
        purchases: Purchases { last_order_day: Day(20_778), orders: 7, spend_minor: 123_456 },
    };
    RfmUpdated {
        day: Day(20_779),
        as_of: Day(20_778),
        cause,
        definition_version: 2,
        orders_through: 900,
        at: at(5),
        segments: vec![SegmentName::prospect(), segment("loyal")],
        changes: vec![
            Change { customer: CustomerId(uuid(0xc1)), standing: Some(standing), from: 0, to: 1 },
            Change { customer: CustomerId(uuid(0xc2)), standing: None, from: 1, to: 0 },
        ],
    }
}

fn closed(method: MethodUsed) -> WindowClosed {
    WindowClosed {
        day: Day(20_779),
        definition_version: 2,
        method,
        cut_points: CutPoints {
            recency_days: [30, 90, 180, 365],
            orders: [2, 5, 10, 20],
            spend_minor: [25_000, 50_000, 75_000, 100_000],
        },
        currency: Currency::parse("EUR").ok(),
        counts: vec![(segment("champions"), 0), (segment("loyal"), 70)],
        buyers: 70,
        orders_through: 900,
        at: at(6),
    }
}

fn segment(name: &str) -> SegmentName {
    SegmentName::parse(name).expect("a name")
}
