//! What a subject has gained since a known place, found from its end.
//!
//! Asked for what follows a position, the server searches the blocks of the log one by one: the longer the log, the
//! longer that takes, and blocks that rest on the disk are read for it. The last message of a subject, and a message at
//! a position, cost the same in a log of any length. And every commit says where the one before it stands: that is the
//! guard under which the server took it.
//!
//! A guard is only a header, so no position it names is taken on trust. Counting does the proof: so many commits lie up
//! to the known place, the walk has found different ones after it, and the leader, asked when the newest was already
//! known, counts exactly as many as both together. Then none was passed over. Whatever does not add up is read the long
//! way.

use std::collections::HashMap;

use serde::{Deserialize, Serialize};

use crate::connection::{JournalError, STREAM};
use crate::positioned::Positioned;
use crate::subject::Subject;

use super::Log;
use super::direct::Linked;

/// Commits that are fetched one after the other at most. For more of them one long question costs less than many short ones.
const STEPS_MAX: u64 = 32;

/// How far a subject is known already: up to the commit at a position, which was so many.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Known {
    /// 0: nothing is known.
    pub position: u64,
    pub commits: u64,
}

/// Why the short way does not lead there.
enum Astray {
    /// The guards or the numbers do not add up, or the way is not short.
    Lost,
    Failed(JournalError),
}

impl From<JournalError> for Astray {
    fn from(error: JournalError) -> Self {
        Astray::Failed(error)
    }
}

impl Log {
    /// The newest commit of a subject, as any replica has it.
    pub async fn newest(&self, subject: &Subject) -> Result<Option<Linked>, JournalError> {
        self.direct.newest(&subject.to_string()).await
    }

    /// Every commit of a subject from the known one on, that one included, oldest first. `newest` was asked for by the
    /// caller, who had something else to wait for. If another log was known, the first is not the known one.
    pub async fn since(
        &self,
        subject: &Subject,
        known: Known,
        newest: &Linked,
    ) -> Result<Vec<Positioned>, JournalError> {
        if newest.stored.position == known.position {
            return Ok(vec![newest.stored.clone().read()?]);
        }
        let address = subject.to_string();
        let walk = self.back_to(&address, known, newest);
        match futures::future::try_join(self.few_gained(&address, known), walk).await {
            Ok((gained, commits)) if known.gained(&commits) == gained => Ok(commits),
            Ok(_) | Err(Astray::Lost) => self.direct.read(&address, known.position.saturating_sub(1)).await,
            Err(Astray::Failed(error)) => Err(error),
        }
    }

    /// How many commits the subject has gained, as the leader counts them, if they are few enough to be walked.
    async fn few_gained(&self, address: &str, known: Known) -> Result<u64, Astray> {
        let counted = self.count(address).await.ok_or(Astray::Lost)?;
        counted.checked_sub(known.commits).filter(|gained| *gained <= STEPS_MAX).ok_or(Astray::Lost)
    }

    /// From guard to guard, back to the known commit.
    async fn back_to(&self, address: &str, known: Known, newest: &Linked) -> Result<Vec<Positioned>, Astray> {
        let mut at = newest.clone();
        let mut commits = Vec::new();
        for _ in 0..=STEPS_MAX {
            let position = at.stored.position;
            if at.stored.subject != address || position < known.position {
                return Err(Astray::Lost);
            }
            commits.push(at.stored.read()?);
            if position == known.position || at.follows == Some(0) {
                commits.reverse();
                return Ok(commits);
            }
            let follows = at.follows.filter(|follows| *follows < position).ok_or(Astray::Lost)?;
            at = self.direct.at(follows).await?.ok_or(Astray::Lost)?;
        }
        Err(Astray::Lost)
    }

    /// How many commits the leader has of one subject. Of one: to name them all takes seconds.
    async fn count(&self, address: &str) -> Option<u64> {
        let question = CountQuestion { subjects_filter: address };
        let answer: Result<CountAnswer, _> = self.jetstream.request(format!("STREAM.INFO.{STREAM}"), &question).await;
        answer.ok()?.state?.subjects?.remove(address)
    }
}

impl Known {
    /// How many of these, which begin with the known one if there is one, are new.
    fn gained(self, commits: &[Positioned]) -> u64 {
        commits.iter().map(|commit| u64::from(commit.position > self.position)).sum()
    }
}

#[derive(Serialize)]
struct CountQuestion<'a> {
    subjects_filter: &'a str,
}

/// The few words that count in the server's description of a stream.
#[derive(Deserialize)]
struct CountAnswer {
    state: Option<CountState>,
}

#[derive(Deserialize)]
struct CountState {
    subjects: Option<HashMap<String, u64>>,
}
