//! What a merchant can set of badges. A part of the programme's settings, and versioned with them.

use std::{collections::BTreeSet, fmt};

use serde::{Deserialize, Serialize};

use super::period::Month;
use crate::money::Currency;

/// Badges in one programme.
pub const BADGES_MAX: usize = 100;
/// Characters of a badge's name.
pub const NAME_MAX: usize = 80;
/// Letters of a badge's id.
const ID_MAX: usize = 40;
/// Points that one award can bring.
pub const POINTS_MAX: i64 = 1_000_000;
/// Months that a streak can ask for: ten years.
const STREAK_MAX: u32 = 120;

/// The merchant's own word for a badge, such as `ten_orders`; never reused for a badge that means something else.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct BadgeId(String);

/// Text that is not the id of a badge.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must have from 1 to 40 letters from a to z, digits and underscores")]
pub struct NotABadgeId;

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct BadgeSettings {
    pub badges: Vec<BadgeDefinition>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BadgeDefinition {
    pub id: BadgeId,
    /// As customers see it.
    pub name: String,
    pub rule: BadgeRule,
    pub repeats: Repeats,
    /// What was done in earlier months does not count; none for everything there is.
    pub counts_from: Option<Month>,
    /// That each award brings; may be none.
    pub points: i64,
}

/// What it takes. New ones are added at the end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum BadgeRule {
    /// Only by staff.
    ByHand,
    /// So many orders that were paid for and kept, at least in part.
    Orders { count: u32 },
    /// Merchandise paid for and kept, in this currency; minor units.
    Spend { amount_minor: i64, currency: Currency },
    /// So many months one after the other, each with an order.
    Streak { months: u32 },
    /// So many friends brought, for whom both were paid and who kept their order.
    Referrals { count: u32 },
    /// Their birthday, where it is known.
    Birthday,
}

/// How often one customer can have it. New ones are added at the end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Repeats {
    Once,
    /// Once for what was done in each month of the shop's calendar.
    Monthly,
    Yearly,
}

impl BadgeId {
    pub fn parse(text: &str) -> Result<Self, NotABadgeId> {
        let fits = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_';
        let is_one = (1..=ID_MAX).contains(&text.len()) && text.bytes().all(fits);
        is_one.then(|| BadgeId(text.to_owned())).ok_or(NotABadgeId)
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for BadgeId {
    type Error = NotABadgeId;

    fn try_from(text: String) -> Result<Self, NotABadgeId> {
        BadgeId::parse(&text)
    }
}

impl From<BadgeId> for String {
    fn from(id: BadgeId) -> String {
        id.0
    }
}

impl fmt::Display for BadgeId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl BadgeSettings {
    pub fn badge(&self, id: &BadgeId) -> Option<&BadgeDefinition> {
        self.badges.iter().find(|badge| badge.id == *id)
    }

    /// Whether there is one for birthdays: then days have to be looked at, and not only what is done.
    pub fn has_birthdays(&self) -> bool {
        self.badges.iter().any(|badge| badge.rule == BadgeRule::Birthday)
    }

    /// # Errors
    /// Where in this section something cannot stand, and why.
    pub fn validate(&self) -> Result<(), (String, &'static str)> {
        if self.badges.len() > BADGES_MAX {
            return Err((String::new(), "more than 100 badges"));
        }
        let mut seen = BTreeSet::new();
        for (index, badge) in self.badges.iter().enumerate() {
            if !seen.insert(&badge.id) {
                return Err((format!("/{index}/id"), "another badge has this id"));
            }
            badge.validate().map_err(|(field, problem)| (format!("/{index}/{field}"), problem))?;
        }
        Ok(())
    }
}

impl BadgeDefinition {
    fn validate(&self) -> Result<(), (&'static str, &'static str)> {
        if !(1..=NAME_MAX).contains(&self.name.trim().chars().count()) {
            return Err(("name", "must have from 1 to 80 characters"));
        }
        if !(0..=POINTS_MAX).contains(&self.points) {
            return Err(("points", "must be from 0 to 1000000"));
        }
        match self.rule {
            BadgeRule::Orders { count: 0 } | BadgeRule::Referrals { count: 0 } => {
                Err(("rule/count", "must be at least 1"))
            }
            BadgeRule::Spend { amount_minor, .. } if amount_minor < 1 => {
                Err(("rule/amount_minor", "must be at least 1"))
            }
            BadgeRule::Streak { months } if !(2..=STREAK_MAX).contains(&months) => {
                Err(("rule/months", "must be from 2 to 120"))
            }
            BadgeRule::Streak { .. } if self.repeats == Repeats::Monthly => {
                Err(("repeats", "no month holds a streak of months"))
            }
            BadgeRule::Streak { months } if self.repeats == Repeats::Yearly && months > 12 => {
                Err(("rule/months", "no year has so many months"))
            }
            BadgeRule::Birthday if self.repeats == Repeats::Monthly => {
                Err(("repeats", "nobody has a birthday every month"))
            }
            _ => Ok(()),
        }
    }
}
