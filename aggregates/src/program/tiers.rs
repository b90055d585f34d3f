//! VIP tiers as a merchant sets them: what is measured, over which time, what a tier asks for and what it gives.
//!
//! A tier is never stored with a customer as a number that could be reset. It follows from what was bought and from these
//! settings ([`crate::tier`]), so that other settings give other tiers over the same history.

use std::{collections::BTreeSet, fmt};

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use super::settings::DAYS_MAX;

/// Tiers of one programme.
pub const TIERS_MAX: usize = 20;
/// Perks of one tier.
pub const PERKS_MAX: usize = 50;
/// Longest name of a tier or a perk, in bytes.
pub const NAME_BYTES_MAX: usize = 100;
/// Longest description of a perk, in bytes.
pub const DESCRIPTION_BYTES_MAX: usize = 1_000;
/// Highest threshold, in points, minor units or orders.
pub const THRESHOLD_MAX: i64 = 1_000_000_000_000;
/// Months a rolling window can span: ten years.
pub const MONTHS_MAX: u32 = 120;
/// By how much a tier can multiply points.
pub const MULTIPLIER_MAX: u32 = 1_000;
/// Longest id of a tier, in bytes.
const ID_BYTES_MAX: usize = 40;

/// The merchant's own name for a tier in documents and tables: lower-case letters, digits and `_`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct TierId(String);

/// Not an id for a tier.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a tier's id has from 1 to 40 lower-case letters, digits or `_`")]
pub struct NotATierId;

impl TierId {
    /// # Errors
    /// [`NotATierId`]
    pub fn parse(text: &str) -> Result<Self, NotATierId> {
        let fits = (1..=ID_BYTES_MAX).contains(&text.len())
            && text.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_');
        if fits { Ok(TierId(text.to_owned())) } else { Err(NotATierId) }
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for TierId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TierSettings {
    pub measure: Measure,
    pub window: TierWindow,
    pub downgrade: Downgrade,
    /// Days that a tier is kept after too little was left for it.
    pub grace_days: u32,
    /// From the lowest to the highest. Without any, nobody has a tier.
    pub tiers: Vec<Tier>,
}

/// What brings somebody into a tier. New ones are added at the end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Measure {
    /// Points of orders as far as they are kept, and points by hand or for anything else, less what was taken back.
    PointsEarned,
    /// Merchandise paid for and kept, in the shop's currency; minor units.
    Spend,
    /// Orders of which anything is left.
    Orders,
}

/// For how long something counts. New ones are added at the end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum TierWindow {
    Lifetime,
    /// Until the end of the year in which it was, by the shop's calendar.
    CalendarYear,
    RollingDays(u32),
    /// Until the same day of the month, so many months later, by the shop's calendar.
    RollingMonths(u32),
}

/// When too little for a tier has a consequence. New ones are added at the end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Downgrade {
    /// As soon as the grace is over.
    AtOnce,
    /// At the end of the calendar year, in the shop's zone, in which the grace is over.
    AtPeriodEnd,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tier {
    pub id: TierId,
    /// For people.
    pub name: String,
    /// From so much on somebody comes into the tier.
    pub entry: i64,
    /// From so much on somebody who is in it stays; at most `entry`.
    pub retention: i64,
    /// What orders' points are multiplied by, exact.
    pub multiplier: Decimal,
    pub perks: Vec<Perk>,
}

/// Something that members of a tier get besides points, told to them in the merchant's own words.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Perk {
    pub name: String,
    pub description: String,
}

impl TierSettings {
    /// No tiers.
    pub fn default_of_a_new_merchant() -> Self {
        TierSettings {
            measure: Measure::PointsEarned,
            window: TierWindow::Lifetime,
            downgrade: Downgrade::AtOnce,
            grace_days: 0,
            tiers: Vec::new(),
        }
    }

    pub fn tier(&self, id: &TierId) -> Option<&Tier> {
        self.tiers.iter().find(|tier| tier.id == *id)
    }

    /// # Errors
    /// Where in this section something cannot stand, and why.
    pub fn validate(&self) -> Result<(), (String, &'static str)> {
        let length = match self.window {
            TierWindow::Lifetime | TierWindow::CalendarYear => None,
            TierWindow::RollingDays(days) => Some((days, DAYS_MAX)),
            TierWindow::RollingMonths(months) => Some((months, MONTHS_MAX)),
        };
        if length.is_some_and(|(length, most)| !(1..=most).contains(&length)) {
            return Err(("window".to_owned(), "must span from 1 day or month to ten years"));
        }
        if self.grace_days > DAYS_MAX {
            return Err(("grace_days".to_owned(), "must be from 0 to 3650"));
        }
        if self.tiers.len() > TIERS_MAX {
            return Err(("tiers".to_owned(), "more than 20 tiers"));
        }
        let mut seen = BTreeSet::new();
        for (place, tier) in self.tiers.iter().enumerate() {
            let fault = |(field, problem): (&str, &'static str)| (format!("tiers/{place}/{field}"), problem);
            tier.validate().map_err(fault)?;
            if !seen.insert(&tier.id) {
                return Err(fault(("id", "another tier has this id")));
            }
            let below = place.checked_sub(1).and_then(|below| self.tiers.get(below));
            if below.is_some_and(|below| below.entry >= tier.entry) {
                return Err(fault(("entry", "must be more than the tier before asks for")));
            }
            if below.is_some_and(|below| below.retention > tier.retention) {
                return Err(fault(("retention", "must not be less than the tier before asks for")));
            }
        }
        Ok(())
    }
}

impl Tier {
    fn validate(&self) -> Result<(), (&'static str, &'static str)> {
        if self.name.is_empty() || self.name.len() > NAME_BYTES_MAX {
            return Err(("name", "must have from 1 to 100 bytes"));
        }
        if !(1..=THRESHOLD_MAX).contains(&self.entry) {
            return Err(("entry", "must be from 1 to 1000000000000"));
        }
        if !(0..=self.entry).contains(&self.retention) {
            return Err(("retention", "must be from 0 to `entry`"));
        }
        if self.multiplier.is_sign_negative()
            || self.multiplier > Decimal::from(MULTIPLIER_MAX)
            || self.multiplier.scale() > 8
        {
            return Err(("multiplier", "must be from 0 to 1000 with at most 8 decimal places"));
        }
        if self.perks.len() > PERKS_MAX {
            return Err(("perks", "more than 50 perks"));
        }
        let fits = |perk: &Perk| {
            (1..=NAME_BYTES_MAX).contains(&perk.name.len()) && perk.description.len() <= DESCRIPTION_BYTES_MAX
        };
        if !self.perks.iter().all(fits) {
            return Err(("perks", "each needs a name of at most 100 bytes and a description of at most 1000"));
        }
        Ok(())
    }
}
