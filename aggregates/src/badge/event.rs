//! What is recorded when a badge is awarded. It stands among the events of its customer.

use serde::{Deserialize, Serialize};

use uuid::Uuid;

use super::{definition::BadgeId, period::Period};
use crate::{
    id::{BonusId, CustomerId},
    points::StaffNote,
    sealed::Sealed,
    time::Timestamp,
};

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

impl HeldBadge {
    /// The points that this badge brings this customer: the same whenever it is awarded.
    pub fn bonus_of(&self, customer: CustomerId) -> BonusId {
        BonusId(hashed(&[customer.0.as_bytes(), self.badge.as_str().as_bytes(), self.period.to_string().as_bytes()]))
    }

    /// What such points are for, whoever has them.
    pub fn source(&self) -> Uuid {
        hashed(&[self.badge.as_str().as_bytes()])
    }
}

/// FNV-1a. Its few lines are here because the result may never depend on somebody's next release. Nobody gains by two that
/// meet: words are the merchant's own.
fn hashed(words: &[&[u8]]) -> Uuid {
    let mut hash: u128 = 0x6c62_272e_07bb_0142_62b8_2175_6295_c58d;
    for byte in words.iter().flat_map(|word| word.iter().chain(&[0])) {
        hash = (hash ^ u128::from(*byte)).wrapping_mul(0x0000_0000_0100_0000_0000_0000_0000_013b);
    }
    uuid::Builder::from_custom_bytes(hash.to_be_bytes()).into_uuid()
}
