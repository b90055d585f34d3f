//! What a merchant can set of its segments. A part of the programme's settings, and versioned with them.

use serde::{Deserialize, Serialize};

use super::{
    calendar::{Calendar, TimeZoneName},
    cut_points::CutPoints,
    mapping::Mapping,
};

/// Below so many buyers, fifths say more about chance than about buyers: fixed thresholds are used instead.
pub const SMALL_SHOP_BUYERS: usize = 50;

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RfmSettings {
    pub time_zone: TimeZoneName,
    pub method: Method,
    /// Used by [`Method::FixedThresholds`], and for shops with few buyers.
    pub thresholds: CutPoints,
    pub mapping: Mapping,
}

/// How scores are made. New ones are added at the end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Method {
    /// The shop's own buyers in fifths, by value.
    ValueBands,
    FixedThresholds,
}

impl RfmSettings {
    pub fn default_of_a_new_merchant() -> Self {
        RfmSettings {
            time_zone: TimeZoneName("UTC".to_owned()),
            method: Method::ValueBands,
            thresholds: CutPoints {
                recency_days: [30, 90, 180, 365],
                orders: [2, 5, 10, 20],
                spend_minor: [25_000, 50_000, 75_000, 100_000],
            },
            mapping: Mapping::ElevenSegments,
        }
    }

    /// # Errors
    /// Where in this section something cannot stand, and why.
    pub fn validate(&self) -> Result<(), (&'static str, String)> {
        Calendar::of(&self.time_zone).map_err(|error| ("time_zone", error.to_string()))?;
        let thresholds = &self.thresholds;
        if thresholds.recency_days[0] < 1 || !is_ascending(&thresholds.recency_days) {
            return Err(("thresholds/recency_days", "must be four ascending numbers from 1 on".to_owned()));
        }
        if thresholds.orders[0] < 2 || !is_ascending(&thresholds.orders) {
            return Err(("thresholds/orders", "must be four ascending numbers from 2 on".to_owned()));
        }
        if thresholds.spend_minor[0] < 1 || !is_ascending(&thresholds.spend_minor) {
            return Err(("thresholds/spend_minor", "must be four ascending numbers from 1 on".to_owned()));
        }
        self.mapping.partition().map(drop).map_err(|fault| ("mapping", fault.to_string()))
    }
}

fn is_ascending<T: Ord>(values: &[T]) -> bool {
    values.windows(2).all(|pair| pair[0] < pair[1])
}
