//! The merchant's rules of the game, in versions. A version is never changed, only followed by another: an award names
//! the version it was made under, and its reversal asks that one.

mod award;
mod boost;
mod referrals;
mod sections;
mod settings;
#[cfg(test)]
mod tests;
pub mod tiers;

use serde::{Deserialize, Serialize};

pub use award::{
    AWARD_MAX, AwardError, LineExclusion, RuleAward, award, award_for, exclusion_for, exclusion_of, kept_of,
    merchandise_base, refunded_share,
};
pub use boost::{Boost, BoostSource, factor_of};
pub use referrals::{FraudAction, FraudPolicy, REWARD_POINTS_MAX, ReferralSettings, VelocityLimit};
pub use sections::Section;
pub use settings::{
    DAYS_MAX, EarningRule, Exclusions, Expiry, Inclusions, Multiplier, NegativeBalance, ProgramSettings,
    RedemptionRate, Rounding, RuleId, Selection, SettingsError, TaxBase,
};
pub use tiers::{Downgrade, Measure, NotATierId, Perk, Tier, TierId, TierSettings, TierWindow};

use crate::{
    Aggregate, Context,
    event::{Recorded, events},
    time::Timestamp,
};

/// Settings that were published, and from when on they count.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProgramVersion {
    pub version: u32,
    pub effective_from: Timestamp,
    pub settings: ProgramSettings,
}

events! {
    /// What happened to a programme.
    ProgramEvent {
        SettingsPublished(ProgramVersion) = "program.settings_published" v 1;
    }
}

#[derive(Debug, Clone)]
pub enum ProgramCommand {
    /// Publishes the next version. `expected` is the version its author has seen; 0 opens a programme.
    Publish { expected: u32, effective_from: Timestamp, settings: ProgramSettings },
}

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ProgramRefusal {
    #[error("the settings are at version {current} by now")]
    Stale { current: u32 },
}

/// Every version of one merchant's settings, oldest first.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Program {
    versions: Vec<ProgramVersion>,
}

impl Program {
    pub fn current(&self) -> Option<&ProgramVersion> {
        self.versions.last()
    }

    pub fn version(&self, version: u32) -> Option<&ProgramVersion> {
        self.versions.iter().find(|candidate| candidate.version == version)
    }

    /// Whether any version asks how products were.
    pub fn looks_at_products(&self) -> bool {
        self.versions.iter().any(|version| version.settings.looks_at_products())
    }

    /// The version that counts at `instant`, as a shop tells it: the newest one in effect by then. The first also covers all time
    /// before it.
    pub fn in_effect_at(&self, instant: Timestamp) -> Option<&ProgramVersion> {
        let newest = self.versions.iter().rev().find(|candidate| candidate.effective_from.had_happened_by(instant));
        newest.or(self.versions.first())
    }
}

impl Aggregate for Program {
    const CONTEXT: Context = Context::Program;
    type Event = ProgramEvent;
    type Command = ProgramCommand;
    type Refusal = ProgramRefusal;

    fn decide(&self, command: &ProgramCommand) -> Result<Vec<ProgramEvent>, ProgramRefusal> {
        let ProgramCommand::Publish { expected, effective_from, settings } = command;
        let current = self.current().map_or(0, |version| version.version);
        if *expected != current {
            return Err(ProgramRefusal::Stale { current });
        }
        Ok(vec![ProgramEvent::SettingsPublished(ProgramVersion {
            version: current + 1,
            effective_from: *effective_from,
            settings: settings.clone(),
        })])
    }

    fn apply(&mut self, event: &ProgramEvent, _: &Recorded) {
        let ProgramEvent::SettingsPublished(version) = event;
        self.versions.push(version.clone());
    }
}
