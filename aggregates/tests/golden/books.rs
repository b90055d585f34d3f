//! Samples of the books.

use aggregates::{
    books::{BooksEvent, Flow, LineDrawn, PeriodClosed, Rate, Signature, Statement},
    money::Currency,
};

use crate::values::at;

pub fn samples() -> Vec<BooksEvent> {
    let first = Statement {
        period: 1,
        from: None,
        until: at(0),
        opening: 0,
        flow: Flow { issued: 500, restored: 10, redeemed: 120, expired: 30, reversed: 60, forfeited: 5 },
        closing: 295,
        line: 900,
        rate: Rate { program_version: 3, points: 100, amount_minor: 250, currency: Currency::parse("EUR").ok() },
    };
    let second = Statement {
        period: 2,
        from: Some(at(0)),
        until: at(86_400),
        opening: 295,
        flow: Flow { expired: -10, reversed: 400, ..Flow::default() },
        closing: -95,
        line: 1_000,
        rate: Rate { currency: None, ..first.rate },
    };
    let closed = |statement| BooksEvent::PeriodClosed(PeriodClosed { statement, signature: Signature([0x5e; 64]) });
    vec![BooksEvent::LineDrawn(LineDrawn { until: at(0) }), closed(first), closed(second)]
}
