//! What is recorded when a badge is awarded. It stands among the events of its customer.

use serde::{Deserialize, Serialize};

use super::{definition::BadgeId, period::Period};
use crate::{points::StaffNote, sealed::Sealed, time::Timestamp};

/// A badge that somebody has: by this it is recognised for ever.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct HeldBadge {
    pub badge: BadgeId,
    pub period: Period,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BadgeAwarded {
    pub held: HeldBadge,
    pub cause: AwardCause,
    /// What it brings, by the definition it was awarded under.
    pub points: i64,
    /// Version of the programme with that definition.
    pub program_version: u32,
    /// Why, where a member of staff has awarded it.
    pub reason: Option<Sealed<StaffNote>>,
    pub at: Timestamp,
}

/// New ones are added at the end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AwardCause {
    Rule,
    Hand,
}

impl AwardCause {
    pub const fn as_str(self) -> &'static str {
        match self {
            AwardCause::Rule => "rule",
            AwardCause::Hand => "hand",
        }
    }
}
