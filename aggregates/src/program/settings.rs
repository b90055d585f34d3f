//! What a merchant can set, and what makes settings acceptable.

use std::{borrow::Cow, collections::BTreeSet};

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use super::referrals::ReferralSettings;
use super::tiers::TierSettings;
use crate::{badge::BadgeSettings, mail::MailSettings, order::Item, rfm::RfmSettings, time::Timestamp};

/// Days a hold or an expiry can span: ten years.
pub const DAYS_MAX: u32 = 3_650;
/// Earning rules in one programme.
pub const RULES_MAX: usize = 100;
/// Ids in one exclusion list.
pub const EXCLUDED_IDS_MAX: usize = 10_000;
/// Points a whole currency unit can earn, multiplier not counted.
pub const RATE_MAX: u32 = 100_000;

/// The merchant's own name for a rule; never reused for a rule that means something else.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct RuleId(pub String);

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProgramSettings {
    pub earning_rules: Vec<EarningRule>,
    /// Days from an order's `processed_at` until its points can be spent.
    pub hold_days: u32,
    pub expiry: Expiry,
    pub negative_balance: NegativeBalance,
    pub redemption: RedemptionRate,
    /// Hours a shop's redact rests, because the merge that caused it may arrive later.
    pub redact_grace_hours: u32,
    /// Days that points live which come back to a lot after its expiry.
    pub return_grace_days: u32,
    /// Segments of the shop's buyers.
    pub rfm: RfmSettings,
    pub tiers: TierSettings,
    pub referrals: ReferralSettings,
    /// What customers can achieve.
    pub badges: BadgeSettings,
    /// What is sent to customers.
    pub mail: MailSettings,
}

/// Points for an order. The base is the shop's subtotal; a rule can widen or narrow it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EarningRule {
    pub id: RuleId,
    /// Points per whole currency unit, exact.
    pub points_per_unit: Decimal,
    /// Orders with a smaller base earn nothing by this rule; minor units.
    pub minimum_minor: i64,
    pub rounding: Rounding,
    pub include: Inclusions,
    pub exclude: Exclusions,
    pub multiplier: Option<Multiplier>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Rounding {
    Down,
    Nearest,
    Up,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TaxBase {
    /// Tax counts where the shop's prices contain it.
    AsPriced,
    Always,
    Never,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Inclusions {
    pub tax: TaxBase,
    pub shipping: bool,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Default)]
pub struct Exclusions {
    pub product_ids: BTreeSet<String>,
    pub variant_ids: BTreeSet<String>,
    pub skus: BTreeSet<String>,
    pub vendors: BTreeSet<String>,
    pub gift_cards: bool,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Multiplier {
    pub factor: Decimal,
    pub from: Timestamp,
    pub until: Timestamp,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Expiry {
    None,
    /// Each lot, this many days after it was earned.
    AfterEarning {
        days: u32,
    },
    /// All of it, after this many days without an order or spending.
    Inactivity {
        days: u32,
    },
}

/// What happens when points must go back that were spent already.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NegativeBalance {
    /// Only points still pending when the refund happened go back.
    PendingOnly,
    /// As much as is there; the rest is waived.
    Clamp,
    /// All of it: the balance may become negative.
    Allow,
}

/// `points` buy `amount_minor` of discount.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct RedemptionRate {
    pub points: i64,
    pub amount_minor: i64,
}

impl RedemptionRate {
    /// The same, for sums that are shown: where it is more than any amount, the largest there is.
    pub fn value_of(self, points: i64) -> i64 {
        self.value_minor(points).unwrap_or(if points < 0 { i64::MIN } else { i64::MAX })
    }

    /// Minor units that so many points buy, rounded down; `None` if that is more than any amount.
    pub fn value_minor(self, points: i64) -> Option<i64> {
        i64::try_from(i128::from(points) * i128::from(self.amount_minor) / i128::from(self.points)).ok()
    }
}

/// Which setting cannot stand, for the person who typed it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{pointer}: {problem}")]
pub struct SettingsError {
    /// JSON pointer into the settings document.
    pub pointer: String,
    pub problem: Cow<'static, str>,
}

impl ProgramSettings {
    /// What a new merchant starts with: one point per whole unit, no hold, no expiry.
    pub fn default_of_a_new_merchant() -> Self {
        ProgramSettings {
            earning_rules: vec![EarningRule {
                id: RuleId("orders".to_owned()),
                points_per_unit: Decimal::ONE,
                minimum_minor: 0,
                rounding: Rounding::Down,
                include: Inclusions { tax: TaxBase::AsPriced, shipping: false },
                exclude: Exclusions { gift_cards: true, ..Exclusions::default() },
                multiplier: None,
            }],
            hold_days: 0,
            expiry: Expiry::None,
            negative_balance: NegativeBalance::Allow,
            redemption: RedemptionRate { points: 100, amount_minor: 100 },
            redact_grace_hours: 72,
            return_grace_days: 14,
            rfm: RfmSettings::default_of_a_new_merchant(),
            tiers: TierSettings::default_of_a_new_merchant(),
            referrals: ReferralSettings::default_of_a_new_merchant(),
            badges: BadgeSettings::default(),
            mail: MailSettings::default_of_a_new_merchant(),
        }
    }

    /// Checks what types cannot: ranges, and that each rule has its own id.
    pub fn validate(&self) -> Result<(), SettingsError> {
        let fault = |pointer: &str, problem: &'static str| {
            Err(SettingsError { pointer: pointer.to_owned(), problem: problem.into() })
        };
        if self.earning_rules.len() > RULES_MAX {
            return fault("/earning_rules", "more than 100 rules");
        }
        let mut seen = BTreeSet::new();
        for (index, rule) in self.earning_rules.iter().enumerate() {
            if !seen.insert(&rule.id) {
                return fault(&format!("/earning_rules/{index}/id"), "another rule has this id");
            }
            rule.validate().map_err(|(field, problem)| SettingsError {
                pointer: format!("/earning_rules/{index}/{field}"),
                problem: problem.into(),
            })?;
        }
        let days = match self.expiry {
            Expiry::None => 1,
            Expiry::AfterEarning { days } | Expiry::Inactivity { days } => days,
        };
        if !(1..=DAYS_MAX).contains(&days) {
            return fault("/expiry/days", "must be from 1 to 3650");
        }
        if self.hold_days > DAYS_MAX {
            return fault("/hold/days", "must be from 0 to 3650");
        }
        if !(1..=1_000_000_000).contains(&self.redemption.points) {
            return fault("/redemption/points", "must be from 1 to 1000000000");
        }
        if !(0..=1_000_000_000).contains(&self.redemption.amount_minor) {
            return fault("/redemption/amount_minor", "must be from 0 to 1000000000");
        }
        if self.return_grace_days > DAYS_MAX {
            return fault("/return_grace_days", "must be from 0 to 3650");
        }
        if self.redact_grace_hours > 24 * 29 {
            return fault("/redact_grace_hours", "must stay inside the 30 days that the law gives: at most 696");
        }
        self.referrals.validate().map_err(|(field, problem)| SettingsError {
            pointer: format!("/referrals/{field}"),
            problem: problem.into(),
        })?;
        self.rfm
            .validate()
            .map_err(|(field, problem)| SettingsError { pointer: format!("/rfm/{field}"), problem: problem.into() })?;
        self.tiers.validate().map_err(|(field, problem)| SettingsError {
            pointer: format!("/vip_tiers/{field}"),
            problem: problem.into(),
        })?;
        self.badges.validate().map_err(|(field, problem)| SettingsError {
            pointer: format!("/badges{field}"),
            problem: problem.into(),
        })?;
        self.mail
            .validate()
            .map_err(|(field, problem)| SettingsError { pointer: format!("/mail/{field}"), problem: problem.into() })
    }
}

impl EarningRule {
    fn validate(&self) -> Result<(), (&'static str, &'static str)> {
        if self.id.0.is_empty() || self.id.0.len() > 64 {
            return Err(("id", "must have from 1 to 64 characters"));
        }
        if self.points_per_unit.is_sign_negative() || self.points_per_unit > Decimal::from(RATE_MAX) {
            return Err(("points_per_unit", "must be from 0 to 100000"));
        }
        if self.points_per_unit.scale() > 8 {
            return Err(("points_per_unit", "at most 8 decimal places"));
        }
        if self.minimum_minor < 0 {
            return Err(("minimum_minor", "must not be negative"));
        }
        let exclude = &self.exclude;
        for (field, list) in [
            ("exclude/product_ids", &exclude.product_ids),
            ("exclude/variant_ids", &exclude.variant_ids),
            ("exclude/skus", &exclude.skus),
            ("exclude/vendors", &exclude.vendors),
        ] {
            if list.len() > EXCLUDED_IDS_MAX {
                return Err((field, "more than 10000 entries"));
            }
        }
        if let Some(multiplier) = &self.multiplier {
            if multiplier.factor.is_sign_negative()
                || multiplier.factor > Decimal::from(1_000)
                || multiplier.factor.scale() > 8
            {
                return Err(("multiplier/factor", "must be from 0 to 1000 with at most 8 decimal places"));
            }
            if multiplier.from >= multiplier.until {
                return Err(("multiplier/until", "must be later than `from`"));
            }
        }
        Ok(())
    }
}

impl Exclusions {
    /// Whether a line with this item stays out of the base.
    pub fn covers(&self, item: &Item) -> bool {
        let listed = |list: &BTreeSet<String>, id: &Option<String>| id.as_ref().is_some_and(|id| list.contains(id));
        (self.gift_cards && item.gift_card)
            || listed(&self.product_ids, &item.product_id)
            || listed(&self.variant_ids, &item.variant_id)
            || listed(&self.skus, &item.sku)
            || listed(&self.vendors, &item.vendor)
    }
}
