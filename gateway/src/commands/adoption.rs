//! A log that was restored from a copy, or replaced, becomes the truth: on record, and for everything beside it that
//! remembers the one before.
//!
//! The read models begin again. The vault stays as it is, but for facts that wait: it says where in the log they are, and
//! there lies something else now. Whatever else it remembers does no harm, because the log has the last word:
//!
//! - an order that was claimed, and whose commit is lost, is recorded by the next delivery of any of its webhooks, on the
//!   account that claimed it;
//! - a person whose enrolment is lost becomes a member again on the next sight, under the id and the keys they had;
//! - an idempotency key whose commit is lost does its work when the request is repeated, under the same ids and code;
//! - a merchant whose creation is lost is made again by `merchant create`, under the same id and a new API key.

use aggregates::{
    installation::{AdoptionNote, Installation, InstallationCommand, LeftBehind, LogAdopted, LogPlace},
    waiting::WaitingEvent,
};
use journal::{Actor, Aggregates, CommandContext, JournalError, Positioned, Subject, Versioned, executor::Capacity};
use projections::{Checkpoint, epoch, projection::events_of};
use vault::PlacedItem;

use super::error::CommandError;
use crate::{clock::new_id, gateway::Gateway};

const NOTE_TAG: &str = "installation.adoption_note";

/// What is wrong with the log, as seen by those beside it: what adopting it comes to.
#[derive(Debug, Clone)]
pub struct Findings {
    /// The log and its end.
    pub log: LogPlace,
    /// Read models that were made from another one.
    pub left_behind: Vec<Checkpoint>,
    /// Facts that the vault knows to wait, at places where this log has something else, or nothing.
    pub lost_facts: Vec<PlacedItem>,
}

impl Findings {
    pub fn nothing_to_adopt(&self) -> bool {
        self.left_behind.is_empty() && self.lost_facts.is_empty()
    }

    fn adoption(&self, note: aggregates::sealed::Sealed<AdoptionNote>) -> LogAdopted {
        let left = |checkpoint: &Checkpoint| LeftBehind {
            read_model: checkpoint.projection.clone(),
            stood_at: LogPlace {
                stream: checkpoint.stream.clone(),
                position: checkpoint.position,
                commit_hash: checkpoint.commit_hash,
            },
        };
        LogAdopted {
            left_behind: self.left_behind.iter().map(left).collect(),
            adopted: self.log.clone(),
            forgotten_facts: u64::try_from(self.lost_facts.len()).unwrap_or(u64::MAX),
            note,
        }
    }
}

impl Gateway {
    /// Compares the log with what is remembered of it. Changes nothing.
    pub async fn compare_with_log(&self) -> Result<Findings, CommandError> {
        let stream = self.journal.identity().await?.to_string();
        let position = self.journal.last_position().await?;
        let commit_hash = self.journal.at(position).await?.map(|commit| commit.hash());
        let left_behind = epoch::left_behind(&self.journal, &self.db).await.map_err(|error| match error {
            epoch::EpochError::Journal(error) => CommandError::from(error),
            epoch::EpochError::Database(error) => error.into(),
        })?;
        let lost_facts = self.lost_facts().await?;
        Ok(Findings { log: LogPlace { stream, position, commit_hash }, left_behind, lost_facts })
    }

    async fn lost_facts(&self) -> Result<Vec<PlacedItem>, CommandError> {
        let mut lost = Vec::new();
        let mut after = None;
        loop {
            let page = self.vault.placed_waiting(after).await?;
            let Some(last) = page.last() else { return Ok(lost) };
            after = Some(last.item);
            for fact in page {
                if !self.has_fact(&fact).await? {
                    lost.push(fact);
                }
            }
        }
    }

    async fn has_fact(&self, fact: &PlacedItem) -> Result<bool, CommandError> {
        match self.journal.at(fact.position).await {
            Ok(commit) => Ok(commit.is_some_and(|commit| tells_of(&commit, fact))),
            Err(JournalError::Poison(_)) => Ok(false),
            Err(error) => Err(error.into()),
        }
    }

    /// Makes this log the truth. Each step can be repeated, and the read models are the last of them: an adoption that was
    /// cut short is found wanting again, and completed. [`CommandError::Contended`] if something has changed since the
    /// log was compared; then compare again. Gives the installation as it is on record after that.
    pub async fn adopt_log(
        &self,
        findings: &Findings,
        actor: Actor,
        note: &AdoptionNote,
    ) -> Result<Versioned<Installation>, CommandError> {
        let note = self.vault.installation()?.seal(NOTE_TAG, note);
        let context = CommandContext::of(actor, new_id(), self.clock.now());
        let command = InstallationCommand::AdoptLog(findings.adoption(note));
        let recorded = self.installation().execute(Subject::installation(), &context, &command).await?;
        self.vault.forget_waiting(&findings.lost_facts).await?;
        if !epoch::begin_again(&self.db, &findings.log.stream, &findings.left_behind).await? {
            return Err(CommandError::Contended);
        }
        Ok((*recorded.state).clone())
    }

    /// The installation as the log tells.
    pub async fn installation_on_record(&self) -> Result<Versioned<Installation>, CommandError> {
        Ok((*self.installation().load_confirmed(Subject::installation()).await?).clone())
    }

    pub fn open_adoption_note(&self, adopted: &LogAdopted) -> Result<AdoptionNote, CommandError> {
        let opened = self.vault.installation()?.open(NOTE_TAG, &adopted.note);
        opened.map_err(|error| CommandError::Internal(format!("a note on an adoption does not open: {error}")))
    }

    /// Asked for by operators, once in years: nothing is kept in memory for it.
    pub(super) fn installation(&self) -> Aggregates<Installation> {
        Aggregates::new(self.journal.clone(), Capacity(1))
    }
}

/// Whether this commit is the one that set the fact aside.
fn tells_of(commit: &Positioned, fact: &PlacedItem) -> bool {
    let set_aside = |event: &WaitingEvent| {
        let WaitingEvent::FactSetAside(aside) = event;
        aside.item == fact.item.0
    };
    commit.subject.merchant == fact.merchant
        && events_of::<WaitingEvent>(commit).is_ok_and(|events| events.iter().any(set_aside))
}
