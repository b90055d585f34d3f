//! What multiplies an order is fixed when the account first hears of it.

use std::sync::Arc;

use rust_decimal::Decimal;

use super::kit::*;
use crate::{
    points::PointsCommand,
    program::{Boost, BoostSource, TierId},
    waiting::WaitingFact,
};

fn by(factor: i64) -> Boost {
    let source = BoostSource::Tier(TierId::parse("gold").expect("an id"));
    Boost { source, factor: Decimal::from(factor) }
}

/// A fact that is told when these are known.
fn told(story: &mut Story, fact: impl Into<WaitingFact>, boosts: &[Boost]) {
    let PointsCommand::RecordOrder(mut command) = story.record_order([fact.into()]) else {
        panic!("an order is recorded")
    };
    command.boosts = Arc::from(boosts);
    story.when(PointsCommand::RecordOrder(command));
}

#[test]
fn an_order_earns_as_many_times_as_its_boosts_say_together() {
    let mut story = Story::given(one_point_per_euro());
    told(&mut story, order_on(day(0), "one", 5_000), &[by(2), by(3)]);
    story.then_available(300);
}

#[test]
fn a_later_body_is_judged_by_what_the_first_one_was() {
    let mut story = Story::given(one_point_per_euro());
    let body = order_on(day(0), "one", 5_000);
    told(&mut story, body.clone(), &[by(2)]);
    let mut later = body;
    later.updated_at = day(1);
    later.subtotal_minor = 6_000;
    later.lines[0].net_minor = 6_000;
    told(&mut story, later, &[by(9)]);
    story.then_available(120);
}

#[test]
fn a_factor_of_nothing_earns_nothing() {
    let mut story = Story::given(one_point_per_euro());
    told(&mut story, order_on(day(0), "one", 5_000), &[by(0)]);
    story.then_available(0);
}
