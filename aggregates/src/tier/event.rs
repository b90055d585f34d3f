//! What is recorded of a shop's tiers.

use serde::{Deserialize, Serialize};

use crate::{event::events, id::CustomerId, program::tiers::TierId, time::Timestamp};

events! {
    /// What happened to a shop's tiers.
    TierEvent {
        /// Some customers came into a tier, or left one.
        Assigned(TiersAssigned) = "vip_tier.assigned" v 1;
        /// Everybody's tier is by this version of the settings from now on.
        DefinitionApplied(DefinitionApplied) = "vip_tier.definition_applied" v 1;
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TiersAssigned {
    /// Version of the programme whose tiers were used.
    pub definition_version: u32,
    /// Orders and points were counted through this position of the journal.
    pub facts_through: u64,
    pub at: Timestamp,
    /// Names that `changes` refer to by their places.
    pub tiers: Vec<TierId>,
    pub changes: Vec<TierChange>,
}

/// Why a tier is another. New ones are added at the end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Cause {
    /// Orders, refunds, points or merges.
    Facts,
    /// Nothing but time: something no longer counts, or a grace is over.
    Time,
    /// Other settings.
    Definition,
    /// Staff has given a tier, or taken it back.
    ByHand,
    /// An import has brought one along.
    Import,
}

impl Cause {
    pub const fn as_str(self) -> &'static str {
        match self {
            Cause::Facts => "facts",
            Cause::Time => "time",
            Cause::Definition => "definition",
            Cause::ByHand => "by_hand",
            Cause::Import => "import",
        }
    }
}

/// One customer's tier as it is from now on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct TierChange {
    pub customer: CustomerId,
    pub cause: Cause,
    /// Places in [`TiersAssigned::tiers`]; none for nobody's tier. Both are the same where only `since` or `look_again_at` are
    /// others than before.
    pub from: Option<u16>,
    pub to: Option<u16>,
    /// When the customer came into it, by what had happened; it may lie before the recording.
    pub since: Timestamp,
    /// What was measured.
    pub measured: i64,
    /// When time alone changes something, as far as is known now.
    pub look_again_at: Option<Timestamp>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct DefinitionApplied {
    pub definition_version: u32,
    pub facts_through: u64,
    /// Customers whose tier is another by it.
    pub moved: u64,
    pub at: Timestamp,
}
