//! Rewards that points are spent on. Each has a subject of its own, so that whoever takes one from a stock of few has seen
//! everybody who took one before. What a customer may take is decided by their account, which knows what they took.

mod definition;
#[cfg(test)]
mod tests;

use serde::{Deserialize, Serialize};

pub use definition::{Benefit, COST_MAX, CustomerLimit, Fault, RewardDefinition, Standing};

use crate::{
    Aggregate, Context,
    event::{Recorded, events},
    id::RedemptionId,
    time::Timestamp,
};

/// Rewards in a merchant's catalogue, retired ones aside.
pub const CATALOGUE_MAX: usize = 500;

events! {
    /// What happened to a reward.
    RewardEvent {
        /// What it is from now on; the first makes it.
        Defined(RewardVersion) = "reward.defined" v 1;
        /// Nobody can take it any more. What was taken stays what it was.
        Retired(RewardRetired) = "reward.retired" v 1;
        /// One was taken from the stock.
        Taken(RewardTaken) = "reward.taken" v 1;
        /// One came back, because it was not delivered or not wanted.
        PutBack(RewardPutBack) = "reward.put_back" v 1;
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RewardVersion {
    /// From 1.
    pub version: u32,
    pub definition: RewardDefinition,
    pub at: Timestamp,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RewardRetired {
    pub version: u32,
    pub at: Timestamp,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RewardTaken {
    pub redemption: RedemptionId,
    pub version: u32,
    pub at: Timestamp,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RewardPutBack {
    pub redemption: RedemptionId,
    pub at: Timestamp,
}

#[derive(Debug, Clone)]
pub enum RewardCommand {
    /// `expected` is the version its author has seen; 0 makes the reward.
    Define {
        expected: u32,
        definition: RewardDefinition,
        now: Timestamp,
    },
    Retire {
        expected: u32,
        now: Timestamp,
    },
    Take {
        redemption: RedemptionId,
        standing: Standing,
        now: Timestamp,
    },
    /// Only together with the return of the points: that is what happens once.
    PutBack {
        redemption: RedemptionId,
        now: Timestamp,
    },
}

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RewardRefusal {
    #[error("no such reward, or it was retired")]
    Unknown,
    #[error("the reward is at version {current} by now")]
    Stale { current: u32 },
    #[error("{pointer}: {problem}")]
    Faulty { pointer: &'static str, problem: &'static str },
    #[error("the reward cannot be had at this time")]
    NotNow,
    #[error("the reward is for customers of other segments or tiers")]
    NotEligible,
    #[error("none is left")]
    OutOfStock,
}

#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Reward {
    pub current: Option<RewardVersion>,
    pub retired: bool,
    /// Taken and not put back, under whichever version.
    pub taken: u32,
}

impl Reward {
    /// The version that can be taken; `None` of a reward that never was or is no more.
    pub fn on_offer(&self) -> Option<&RewardVersion> {
        self.current.as_ref().filter(|_| !self.retired)
    }

    /// How many are left; `None` where there is no end to them.
    pub fn left(&self) -> Option<u32> {
        let stock = self.current.as_ref()?.definition.stock?;
        Some(stock.saturating_sub(self.taken))
    }

    fn version(&self) -> u32 {
        self.current.as_ref().map_or(0, |current| current.version)
    }

    fn take(
        &self,
        redemption: RedemptionId,
        standing: &Standing,
        now: Timestamp,
    ) -> Result<Vec<RewardEvent>, RewardRefusal> {
        let current = self.on_offer().ok_or(RewardRefusal::Unknown)?;
        if !current.definition.is_offered_at(now) {
            return Err(RewardRefusal::NotNow);
        }
        if !current.definition.is_for(standing) {
            return Err(RewardRefusal::NotEligible);
        }
        if self.left() == Some(0) {
            return Err(RewardRefusal::OutOfStock);
        }
        Ok(vec![RewardEvent::Taken(RewardTaken { redemption, version: current.version, at: now })])
    }
}

impl Aggregate for Reward {
    const CONTEXT: Context = Context::Reward;
    type Event = RewardEvent;
    type Command = RewardCommand;
    type Refusal = RewardRefusal;

    fn decide(&self, command: &RewardCommand) -> Result<Vec<RewardEvent>, RewardRefusal> {
        match command {
            RewardCommand::Define { expected, definition, now } => {
                if self.retired {
                    return Err(RewardRefusal::Unknown);
                }
                if *expected != self.version() {
                    return Err(RewardRefusal::Stale { current: self.version() });
                }
                let faulty = |Fault { pointer, problem }| RewardRefusal::Faulty { pointer, problem };
                definition.validate().map_err(faulty)?;
                let version = self.version() + 1;
                Ok(vec![RewardEvent::Defined(RewardVersion { version, definition: definition.clone(), at: *now })])
            }
            RewardCommand::Retire { expected, now } => {
                let current = self.current.as_ref().ok_or(RewardRefusal::Unknown)?;
                if self.retired {
                    return Ok(Vec::new());
                }
                if *expected != current.version {
                    return Err(RewardRefusal::Stale { current: current.version });
                }
                Ok(vec![RewardEvent::Retired(RewardRetired { version: current.version, at: *now })])
            }
            RewardCommand::Take { redemption, standing, now } => self.take(*redemption, standing, *now),
            RewardCommand::PutBack { redemption, now } if self.current.is_some() => {
                Ok(vec![RewardEvent::PutBack(RewardPutBack { redemption: *redemption, at: *now })])
            }
            RewardCommand::PutBack { .. } => Err(RewardRefusal::Unknown),
        }
    }

    fn apply(&mut self, event: &RewardEvent, _: &Recorded) {
        match event {
            RewardEvent::Defined(version) => self.current = Some(version.clone()),
            RewardEvent::Retired(_) => self.retired = true,
            RewardEvent::Taken(_) => self.taken += 1,
            RewardEvent::PutBack(_) => self.taken = self.taken.saturating_sub(1),
        }
    }
}
