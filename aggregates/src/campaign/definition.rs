//! What a campaign is.

use std::fmt;

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use crate::{program::tiers::TierId, rfm::SegmentName, time::Timestamp};

/// Longest name of a campaign, in bytes.
const NAME_BYTES_MAX: usize = 100;
/// Longest name of an action, in bytes.
const ACTION_BYTES_MAX: usize = 40;
/// Tiers and segments of one audience.
const AUDIENCE_MAX: usize = 125;
/// What orders can be multiplied by.
const FACTOR_MAX: u32 = 1_000;
/// Points for one action.
const POINTS_MAX: i64 = 1_000_000_000;
/// How often something can be limited to.
const TIMES_MAX: u32 = 1_000_000;

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Campaign {
    /// For people.
    pub name: String,
    pub from: Timestamp,
    /// The first instant at which it is over; none for one without an end.
    pub until: Option<Timestamp>,
    pub audience: Audience,
    pub effect: Effect,
}

/// For whom it is. An empty list is everybody; of two lists, somebody has to be in both.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Audience {
    pub tiers: Vec<TierId>,
    pub segments: Vec<SegmentName>,
}

/// What is known of somebody.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Who {
    pub tier: Option<TierId>,
    pub segment: Option<SegmentName>,
}

/// New ones are added at the end.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Effect {
    /// Points of orders are multiplied.
    Multiply {
        /// Exact.
        factor: Decimal,
        /// Of campaigns that do not stack, the one with the highest counts.
        priority: i32,
        /// Multiplies together with all others, instead of competing with them.
        stacks: bool,
    },
    /// Points for something that is not an order.
    Reward { action: Action, points: i64, limit: Option<Limit> },
}

/// New ones are added at the end.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Action {
    /// Became a member while the campaign runs. Noticed by ourselves.
    SignUp,
    /// Once a year. Noticed by ourselves.
    Birthday,
    Review,
    Social,
    /// The merchant's own.
    Custom(ActionName),
}

/// The merchant's own name for an action: lower-case letters, digits and `_`, and none of ours.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ActionName(String);

/// Not a name for an action.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("an action's name has from 1 to 40 lower-case letters, digits or `_`")]
pub struct NotAnActionName;

impl Action {
    /// # Errors
    /// [`NotAnActionName`]
    pub fn parse(text: &str) -> Result<Self, NotAnActionName> {
        let fits = (1..=ACTION_BYTES_MAX).contains(&text.len())
            && text.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_');
        match text {
            "sign_up" => Ok(Action::SignUp),
            "birthday" => Ok(Action::Birthday),
            "review" => Ok(Action::Review),
            "social" => Ok(Action::Social),
            own if fits => Ok(Action::Custom(ActionName(own.to_owned()))),
            _ => Err(NotAnActionName),
        }
    }

    pub fn as_str(&self) -> &str {
        match self {
            Action::SignUp => "sign_up",
            Action::Birthday => "birthday",
            Action::Review => "review",
            Action::Social => "social",
            Action::Custom(name) => &name.0,
        }
    }

    /// Whether somebody has to tell of it; the others we notice ourselves.
    pub const fn is_told(&self) -> bool {
        !matches!(self, Action::SignUp | Action::Birthday)
    }
}

impl fmt::Display for Action {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// At most so many times in each period, for each customer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Limit {
    pub times: u32,
    pub per: Per,
}

/// By the shop's calendar. New ones are added at the end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Per {
    Day,
    Month,
    Year,
    Lifetime,
}

impl Audience {
    pub fn includes(&self, who: &Who) -> bool {
        let tier = self.tiers.is_empty() || who.tier.as_ref().is_some_and(|tier| self.tiers.contains(tier));
        let segment =
            self.segments.is_empty() || who.segment.as_ref().is_some_and(|segment| self.segments.contains(segment));
        tier && segment
    }
}

impl Campaign {
    pub fn runs_at(&self, instant: Timestamp) -> bool {
        self.from.had_happened_by(instant) && self.until.is_none_or(|until| instant < until)
    }

    /// # Errors
    /// Where something cannot stand, and why.
    pub fn validate(&self) -> Result<(), (&'static str, &'static str)> {
        if self.name.is_empty() || self.name.len() > NAME_BYTES_MAX {
            return Err(("name", "must have from 1 to 100 bytes"));
        }
        if self.until.is_some_and(|until| until <= self.from) {
            return Err(("until", "must be later than `from`"));
        }
        if self.audience.tiers.len() > AUDIENCE_MAX || self.audience.segments.len() > AUDIENCE_MAX {
            return Err(("audience", "more than 125 tiers or segments"));
        }
        match &self.effect {
            Effect::Multiply { factor, .. } => {
                let fits = !factor.is_sign_negative() && *factor <= Decimal::from(FACTOR_MAX) && factor.scale() <= 8;
                if fits {
                    Ok(())
                } else {
                    Err(("multiply/factor", "must be from 0 to 1000 with at most 8 decimal places"))
                }
            }
            Effect::Reward { points, limit, .. } => {
                if !(1..=POINTS_MAX).contains(points) {
                    return Err(("reward/points", "must be from 1 to 1000000000"));
                }
                let times = limit.map_or(1, |limit| limit.times);
                if (1..=TIMES_MAX).contains(&times) {
                    Ok(())
                } else {
                    Err(("reward/limit/times", "must be from 1 to 1000000"))
                }
            }
        }
    }
}
