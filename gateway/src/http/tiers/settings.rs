//! The `vip_tiers` section of the programme's settings, as read and as written.

use aggregates::program::tiers::{Downgrade, Measure, Perk, TIERS_MAX, Tier, TierId, TierSettings, TierWindow};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{http::program_settings::decimal, problem::Problem};

/// VIP tiers. In a write, a part that is left out stays as it was.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = VipTierSettings)]
pub struct TiersDocument {
    /// `points_earned`, `spend` (minor units of the shop's currency) or `orders`.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    pub measure: Option<Measure>,
    #[serde(default)]
    pub window: Option<WindowDocument>,
    /// `at_once`, or `at_period_end`: at the end of the shop's calendar year.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    pub downgrade: Option<Downgrade>,
    /// Days that a tier is kept after too little was left for it.
    #[serde(default)]
    pub grace_days: Option<u32>,
    /// From the lowest to the highest.
    #[serde(default)]
    pub tiers: Option<Vec<TierDocument>>,
}

/// For how long something counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = VipTierWindow)]
pub struct WindowDocument {
    pub kind: WindowKind,
    /// Days or months of a rolling window.
    #[serde(default)]
    pub length: Option<u32>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = VipTierWindowKind)]
pub enum WindowKind {
    Lifetime,
    CalendarYear,
    RollingDays,
    RollingMonths,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = VipTier)]
pub struct TierDocument {
    /// Lower-case letters, digits and `_`.
    pub id: String,
    pub name: String,
    /// From so much on somebody comes into the tier.
    pub entry: i64,
    /// From so much on somebody who is in it stays; `entry`, if not said.
    #[serde(default)]
    pub retention: Option<i64>,
    /// What orders' points are multiplied by: exact decimal text, such as `"1.5"`.
    #[serde(default = "one", deserialize_with = "decimal")]
    #[schema(value_type = String)]
    pub multiplier: Decimal,
    #[serde(default)]
    pub perks: Vec<PerkDocument>,
    /// How many are in it, in an answer; ignored in a write.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub members: Option<u64>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = VipTierPerk)]
pub struct PerkDocument {
    pub name: String,
    #[serde(default)]
    pub description: String,
}

const fn one() -> Decimal {
    Decimal::ONE
}

impl TiersDocument {
    pub fn of(settings: &TierSettings) -> Self {
        TiersDocument {
            measure: Some(settings.measure),
            window: Some(settings.window.into()),
            downgrade: Some(settings.downgrade),
            grace_days: Some(settings.grace_days),
            tiers: Some(settings.tiers.iter().map(TierDocument::of).collect()),
        }
    }

    /// The settings with what is said here in place of what was. `pointer` leads to this section. What they mean together
    /// is checked by [`TierSettings::validate`].
    pub fn on_top_of(self, current: &TierSettings, pointer: &str) -> Result<TierSettings, Problem> {
        let window = self.window.map(|window| window.read(pointer)).transpose()?;
        let tiers = self.tiers.map(|tiers| read_tiers(tiers, pointer)).transpose()?;
        Ok(TierSettings {
            measure: self.measure.unwrap_or(current.measure),
            window: window.unwrap_or(current.window),
            downgrade: self.downgrade.unwrap_or(current.downgrade),
            grace_days: self.grace_days.unwrap_or(current.grace_days),
            tiers: tiers.unwrap_or_else(|| current.tiers.clone()),
        })
    }
}

fn read_tiers(tiers: Vec<TierDocument>, pointer: &str) -> Result<Vec<Tier>, Problem> {
    if tiers.len() > TIERS_MAX {
        return Err(Problem::at(format!("{pointer}/tiers"), "more than 20 tiers"));
    }
    let read = |(place, tier): (usize, TierDocument)| tier.read(&format!("{pointer}/tiers/{place}"));
    tiers.into_iter().enumerate().map(read).collect()
}

impl From<TierWindow> for WindowDocument {
    fn from(window: TierWindow) -> Self {
        let (kind, length) = match window {
            TierWindow::Lifetime => (WindowKind::Lifetime, None),
            TierWindow::CalendarYear => (WindowKind::CalendarYear, None),
            TierWindow::RollingDays(days) => (WindowKind::RollingDays, Some(days)),
            TierWindow::RollingMonths(months) => (WindowKind::RollingMonths, Some(months)),
        };
        WindowDocument { kind, length }
    }
}

impl WindowDocument {
    fn read(self, pointer: &str) -> Result<TierWindow, Problem> {
        let length =
            || self.length.ok_or_else(|| Problem::at(format!("{pointer}/window/length"), "is required for this kind"));
        Ok(match self.kind {
            WindowKind::Lifetime => TierWindow::Lifetime,
            WindowKind::CalendarYear => TierWindow::CalendarYear,
            WindowKind::RollingDays => TierWindow::RollingDays(length()?),
            WindowKind::RollingMonths => TierWindow::RollingMonths(length()?),
        })
    }
}

impl TierDocument {
    pub fn of(tier: &Tier) -> Self {
        let perk = |perk: &Perk| PerkDocument { name: perk.name.clone(), description: perk.description.clone() };
        TierDocument {
            id: tier.id.to_string(),
            name: tier.name.clone(),
            entry: tier.entry,
            retention: Some(tier.retention),
            multiplier: tier.multiplier,
            perks: tier.perks.iter().map(perk).collect(),
            members: None,
        }
    }

    fn read(self, pointer: &str) -> Result<Tier, Problem> {
        let id = TierId::parse(&self.id).map_err(|error| Problem::at(format!("{pointer}/id"), error.to_string()))?;
        let perk = |perk: PerkDocument| Perk { name: perk.name, description: perk.description };
        Ok(Tier {
            id,
            name: self.name,
            entry: self.entry,
            retention: self.retention.unwrap_or(self.entry),
            multiplier: self.multiplier,
            perks: self.perks.into_iter().map(perk).collect(),
        })
    }
}
