//! What a reward is: what it costs, what it gives, and who may have it.

use serde::{Deserialize, Serialize};

use crate::{
    money::{Currency, MINOR_UNITS_MAX},
    time::Timestamp,
};

/// Letters of a name.
const NAME_LETTERS_MAX: usize = 120;
/// Points a reward can cost.
pub const COST_MAX: i64 = 1_000_000_000;
/// Days of a limit's period, or of a code's life: ten years.
const DAYS_MAX: u32 = 3_650;
/// Segments or tiers that one reward names.
const NAMES_MAX: usize = 50;
/// Digits of a product's id in the shop.
const PRODUCT_ID_DIGITS_MAX: usize = 20;

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RewardDefinition {
    /// What the shopper reads.
    pub name: String,
    pub cost_points: i64,
    pub benefit: Benefit,
    /// How many there are, over all versions; no end to them unless said.
    pub stock: Option<u32>,
    pub per_customer: Option<CustomerLimit>,
    /// Only for customers in one of these segments; for all if empty.
    pub segments: Vec<String>,
    /// Only for customers in one of these tiers; for all if empty.
    pub tiers: Vec<String>,
    pub from: Option<Timestamp>,
    pub until: Option<Timestamp>,
    /// Days that its code lives; for ever unless said.
    pub code_days: Option<u32>,
}

/// What the shop makes for the points. New ones are added at the end.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Benefit {
    /// A code that takes this much off an order of at least `minimum_minor`.
    AmountOff {
        amount_minor: i64,
        currency: Currency,
        minimum_minor: i64,
    },
    /// A code that takes so many hundredths off an order.
    PercentOff {
        percent: u8,
    },
    FreeShipping,
    /// A code that makes one piece of this product free; the shop's id.
    FreeProduct {
        product_id: String,
    },
    /// Money on the customer's account in the shop.
    StoreCredit {
        amount_minor: i64,
        currency: Currency,
    },
    GiftCard {
        amount_minor: i64,
        currency: Currency,
    },
}

/// A customer may take it so often within so many days; ever, if no days are said.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct CustomerLimit {
    pub uses: u32,
    pub days: Option<u32>,
}

/// What is known of a customer who wants a reward.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Standing {
    pub segment: Option<String>,
    pub tier: Option<String>,
}

/// What of a definition cannot stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fault {
    /// JSON pointer into the document.
    pub pointer: &'static str,
    pub problem: &'static str,
}

impl CustomerLimit {
    /// Uses after this instant count.
    pub fn since(&self, now: Timestamp) -> Timestamp {
        self.days.map_or(Timestamp(i64::MIN), |days| {
            Timestamp(now.0.saturating_sub(i64::from(days) * Timestamp::MICROS_PER_DAY))
        })
    }
}

impl Benefit {
    /// What it is worth in the shop's currency, where that is a fixed sum; minor units.
    pub const fn value_minor(&self) -> i64 {
        match self {
            Benefit::AmountOff { amount_minor, .. }
            | Benefit::StoreCredit { amount_minor, .. }
            | Benefit::GiftCard { amount_minor, .. } => *amount_minor,
            Benefit::PercentOff { .. } | Benefit::FreeShipping | Benefit::FreeProduct { .. } => 0,
        }
    }

    pub const fn currency(&self) -> Option<Currency> {
        match self {
            Benefit::AmountOff { currency, .. }
            | Benefit::StoreCredit { currency, .. }
            | Benefit::GiftCard { currency, .. } => Some(*currency),
            Benefit::PercentOff { .. } | Benefit::FreeShipping | Benefit::FreeProduct { .. } => None,
        }
    }

    fn validate(&self) -> Result<(), Fault> {
        let amount = self.currency().map(|_| self.value_minor());
        if amount.is_some_and(|amount| !(1..=MINOR_UNITS_MAX).contains(&amount)) {
            return Err(Fault { pointer: "/amount_minor", problem: "must be positive" });
        }
        match self {
            Benefit::AmountOff { minimum_minor, .. } if !(0..=MINOR_UNITS_MAX).contains(minimum_minor) => {
                Err(Fault { pointer: "/minimum_minor", problem: "must not be negative" })
            }
            Benefit::PercentOff { percent } if !(1..=100).contains(percent) => {
                Err(Fault { pointer: "/percent", problem: "must be from 1 to 100" })
            }
            Benefit::FreeProduct { product_id }
                if product_id.is_empty()
                    || product_id.len() > PRODUCT_ID_DIGITS_MAX
                    || !product_id.bytes().all(|digit| digit.is_ascii_digit()) =>
            {
                Err(Fault { pointer: "/product_id", problem: "must be the shop's id of a product" })
            }
            _ => Ok(()),
        }
    }
}

impl RewardDefinition {
    /// # Errors
    /// What cannot stand, and where it is said.
    pub fn validate(&self) -> Result<(), Fault> {
        let fault = |pointer, problem| Err(Fault { pointer, problem });
        let letters = self.name.chars().count();
        if self.name.trim().is_empty() || letters > NAME_LETTERS_MAX {
            return fault("/name", "must have from 1 to 120 characters");
        }
        if !(1..=COST_MAX).contains(&self.cost_points) {
            return fault("/cost_points", "must be from 1 to 1000000000");
        }
        self.benefit.validate()?;
        if self.per_customer.is_some_and(|limit| limit.uses == 0) {
            return fault("/per_customer/uses", "must be positive");
        }
        let limit_days = self.per_customer.and_then(|limit| limit.days);
        if limit_days.is_some_and(|days| !(1..=DAYS_MAX).contains(&days)) {
            return fault("/per_customer/days", "must be from 1 to 3650");
        }
        if self.code_days.is_some_and(|days| !(1..=DAYS_MAX).contains(&days)) {
            return fault("/code_days", "must be from 1 to 3650");
        }
        if self.segments.len() > NAMES_MAX {
            return fault("/segments", "more than 50");
        }
        if self.tiers.len() > NAMES_MAX {
            return fault("/tiers", "more than 50");
        }
        match (self.from, self.until) {
            (Some(from), Some(until)) if from >= until => fault("/until", "must be later than `from`"),
            _ => Ok(()),
        }
    }

    pub fn is_offered_at(&self, now: Timestamp) -> bool {
        self.from.is_none_or(|from| from <= now) && self.until.is_none_or(|until| now < until)
    }

    pub fn is_for(&self, standing: &Standing) -> bool {
        let among = |names: &[String], name: &Option<String>| {
            names.is_empty() || name.as_ref().is_some_and(|name| names.contains(name))
        };
        among(&self.segments, &standing.segment) && among(&self.tiers, &standing.tier)
    }
}
