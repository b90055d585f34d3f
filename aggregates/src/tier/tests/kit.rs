//! What these tests say often.

use rust_decimal::Decimal;

use crate::{
    program::tiers::{Downgrade, Measure, Tier, TierId, TierSettings, TierWindow},
    rfm::TimeZoneName,
    tier::{Fact, Ladder, Standing},
    time::Timestamp,
};

/// Silver from 100.00 spent, kept from 50.00 on; gold from 500.00, kept from 400.00 on.
pub fn silver_and_gold() -> TierSettings {
    TierSettings {
        measure: Measure::Spend,
        window: TierWindow::RollingDays(365),
        downgrade: Downgrade::AtOnce,
        grace_days: 0,
        tiers: vec![tier("silver", 100_00, 50_00), tier("gold", 500_00, 400_00)],
    }
}

pub fn tier(id: &str, entry: i64, retention: i64) -> Tier {
    let id = TierId::parse(id).expect("an id");
    Tier { name: id.to_string(), id, entry, retention, multiplier: Decimal::TWO, perks: Vec::new() }
}

pub fn ladder(settings: &TierSettings) -> Ladder {
    settings.validate().expect("settings that can stand");
    Ladder::of(settings, &TimeZoneName("UTC".to_owned())).expect("a time zone")
}

/// The start of a day after the first of January 2026.
pub fn day(number: i64) -> Timestamp {
    Timestamp::parse("2026-01-01T00:00:00Z").expect("a time").plus_seconds(number * 86_400)
}

pub fn at(text: &str) -> Timestamp {
    Timestamp::parse(text).expect("a time")
}

/// An order of so much, a point for each whole unit.
pub fn bought(at: Timestamp, spend_minor: i64) -> Fact {
    Fact { at, points: spend_minor / 100, spend_minor, orders: 1 }
}

/// The name of a tier and since when, as a person would read it off.
pub fn told(ladder: &Ladder, standing: &Standing) -> (String, Timestamp) {
    (ladder.tier(standing).map_or("none", |tier| tier.name.as_str()).to_owned(), standing.since)
}
