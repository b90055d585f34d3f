//! Tiers that somebody was given, whatever they had bought: by staff, or because they had one in another programme.
//!
//! Such a tier is a floor: nobody falls below it while it lasts, and whoever has bought enough for more has more. When it is
//! over, or was taken back, the rules decide as if it had never been.

use serde::{Deserialize, Serialize};

use super::ladder::Ladder;
use crate::{points::StaffNote, program::tiers::TierId, sealed::Sealed, time::Timestamp};

/// What a reason for giving a tier, or for taking it back, is bound to.
pub const REASON_TAG: &str = "vip_tier.reason";

/// Who has given it. New ones are added at the end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Giver {
    Hand,
    /// They had it in the programme they come from.
    Import,
}

impl Giver {
    pub const fn as_str(self) -> &'static str {
        match self {
            Giver::Hand => "hand",
            Giver::Import => "import",
        }
    }

    pub fn parse(word: &str) -> Option<Self> {
        [Giver::Hand, Giver::Import].into_iter().find(|giver| giver.as_str() == word)
    }
}

/// A tier as it was given.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Gift {
    pub tier: TierId,
    pub giver: Giver,
    pub at: Timestamp,
    /// Its end; without one it is kept as long as a tier that was bought at the same moment, if nothing more were bought.
    pub until: Option<Timestamp>,
}

/// Stands among the events of its customer. What was given before is over with it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TierGiven {
    pub gift: Gift,
    /// Why, where a member of staff has given it.
    pub reason: Option<Sealed<StaffNote>>,
}

/// Whatever was given is over.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TierTakenBack {
    pub reason: Option<Sealed<StaffNote>>,
    pub at: Timestamp,
}

/// A gift, and what became of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Given {
    pub gift: Gift,
    /// It was taken back then, or another one took its place.
    pub ended_at: Option<Timestamp>,
}

impl Given {
    /// Whose doing it is, if the gift has begun or was ended at this very instant.
    pub fn changed_at(&self, instant: Timestamp) -> Option<Giver> {
        match () {
            () if self.gift.at == instant => Some(self.gift.giver),
            () if self.ended_at == Some(instant) => Some(Giver::Hand),
            () => None,
        }
    }
}

/// A floor under somebody's tier, by certain settings.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Floor {
    /// Place among the settings' tiers.
    pub tier: usize,
    pub from: Timestamp,
    /// The first instant at which it is there no more; never, if none.
    pub end: Option<Timestamp>,
}

impl Floor {
    pub fn holds_at(self, instant: Timestamp) -> bool {
        self.from <= instant && self.end.is_none_or(|end| instant < end)
    }
}

impl Ladder {
    /// What was given, as far as the settings still have such a tier and it lasted at all.
    pub(super) fn floors(&self, given: &[Given]) -> Vec<Floor> {
        let floors = given.iter().filter_map(|given| {
            let tier = self.settings.tiers.iter().position(|tier| tier.id == given.gift.tier)?;
            let end = self.end_of_gift(&given.gift).into_iter().chain(given.ended_at).min();
            Some(Floor { tier, from: given.gift.at, end })
        });
        floors.filter(|floor| floor.end.is_none_or(|end| floor.from < end)).collect()
    }

    /// When a gift is over by itself; never, if none.
    pub fn end_of_gift(&self, gift: &Gift) -> Option<Timestamp> {
        gift.until.or_else(|| self.end_without_more(gift.at))
    }
}
