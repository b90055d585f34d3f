//! The installation as a whole: what concerns every merchant at once, and belongs to none of them.

use serde::{Deserialize, Serialize};

use crate::{
    Aggregate, Context,
    event::{Recorded, events},
    sealed::Sealed,
};

events! {
    /// What happened to the installation.
    InstallationEvent {
        /// A log that was restored or replaced behind the read models is the truth from now on.
        LogAdopted(LogAdopted) = "installation.log_adopted" v 1;
    }
}

/// A place in one particular log. Another log may have the same position, but not with the same commit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LogPlace {
    /// Name and birthday of the stream.
    pub stream: String,
    pub position: u64,
    /// Hash of the commit at `position`; none before the first.
    pub commit_hash: Option<[u8; 32]>,
}

/// A read model, and where it stood in a log that is no more.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LeftBehind {
    pub read_model: String,
    pub stood_at: LogPlace,
}

/// Who adopted the log and why, in their own words. Staff are people too.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AdoptionNote {
    pub operator: String,
    pub reason: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LogAdopted {
    /// Read models that had been made from another log, by name.
    pub left_behind: Vec<LeftBehind>,
    /// The log that counts from now on, and its end when it was adopted.
    pub adopted: LogPlace,
    /// Facts that the vault knew to wait for their order, and that this log never heard of.
    pub forgotten_facts: u64,
    pub note: Sealed<AdoptionNote>,
}

impl LogAdopted {
    /// Whether `other` is this adoption, begun again after it was cut short: the same read models still stand where this
    /// one found them. The log itself has grown meanwhile.
    fn is_repeated_by(&self, other: &LogAdopted) -> bool {
        !self.left_behind.is_empty()
            && self.left_behind == other.left_behind
            && self.adopted.stream == other.adopted.stream
    }
}

#[derive(Debug, Clone)]
pub enum InstallationCommand {
    AdoptLog(LogAdopted),
}

#[derive(Debug, Clone, Default)]
pub struct Installation {
    /// Adoptions on record in this log, the newest last.
    pub adoptions: Vec<(Recorded, LogAdopted)>,
}

impl Installation {
    /// The first epoch begins with the log, each further one with an adoption.
    pub fn epoch(&self) -> usize {
        self.adoptions.len() + 1
    }
}

impl Aggregate for Installation {
    const CONTEXT: Context = Context::Installation;
    type Event = InstallationEvent;
    type Command = InstallationCommand;
    type Refusal = std::convert::Infallible;

    fn decide(&self, command: &InstallationCommand) -> Result<Vec<InstallationEvent>, std::convert::Infallible> {
        let InstallationCommand::AdoptLog(adopted) = command;
        Ok(match self.adoptions.last() {
            Some((_, newest)) if newest.is_repeated_by(adopted) => Vec::new(),
            _ => vec![InstallationEvent::LogAdopted(adopted.clone())],
        })
    }

    fn apply(&mut self, event: &InstallationEvent, recorded: &Recorded) {
        let InstallationEvent::LogAdopted(adopted) = event;
        self.adoptions.push((*recorded, adopted.clone()));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::Timestamp;

    fn place(stream: &str, position: u64) -> LogPlace {
        LogPlace { stream: stream.to_owned(), position, commit_hash: Some([7; 32]) }
    }

    fn adoption(stood_at: &[(&str, u64)], adopted: LogPlace) -> InstallationCommand {
        let left = |(name, position): &(&str, u64)| LeftBehind {
            read_model: (*name).to_owned(),
            stood_at: place("JOURNAL of old", *position),
        };
        InstallationCommand::AdoptLog(LogAdopted {
            left_behind: stood_at.iter().map(left).collect(),
            adopted,
            forgotten_facts: 0,
            note: Sealed::from_ciphertext([1]),
        })
    }

    fn after(commands: &[InstallationCommand]) -> Installation {
        let mut installation = Installation::default();
        for command in commands {
            for event in installation.decide(command).unwrap() {
                installation.apply(&event, &Recorded { position: 1, at: Timestamp(0) });
            }
        }
        installation
    }

    #[test]
    fn each_adoption_begins_an_epoch() {
        let first = adoption(&[("balances", 9)], place("JOURNAL of new", 4));
        let second = adoption(&[("balances", 12)], place("JOURNAL of new", 6));
        assert_eq!(after(&[]).epoch(), 1);
        assert_eq!(after(&[first, second]).epoch(), 3);
    }

    #[test]
    fn an_adoption_that_was_cut_short_is_on_record_once() {
        let begun = adoption(&[("balances", 9), ("customers", 8)], place("JOURNAL of new", 4));
        let again = adoption(&[("balances", 9), ("customers", 8)], place("JOURNAL of new", 40));
        assert_eq!(after(&[begun, again]).epoch(), 2);
    }

    #[test]
    fn the_same_read_models_can_be_left_behind_by_yet_another_log() {
        let first = adoption(&[("balances", 9)], place("JOURNAL of new", 4));
        let second = adoption(&[("balances", 9)], place("JOURNAL of newer", 4));
        assert_eq!(after(&[first, second]).epoch(), 3);
    }

    #[test]
    fn forgetting_facts_alone_is_always_put_on_record() {
        let facts_only = || adoption(&[], place("JOURNAL of new", 4));
        assert_eq!(after(&[facts_only(), facts_only()]).epoch(), 3);
    }
}
