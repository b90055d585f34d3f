//! What the log and the deletion journal know of each other. They are two records of the same thing in different places, so
//! that a copy of one, brought back from before, is noticed by the other.

use aggregates::{
    Context,
    gdpr::{
        DUE_DAYS, Evidence, Finding, GdprCommand, GdprEvent, RequestKind, RequestReceived, RequestSource, Stage,
        StepDone,
    },
    installation::Installation,
};
use futures::StreamExt;
use journal::{Aggregates, Follow, JournalError, Subject, executor::Capacity};
use projections::{gdpr_requests, projection::events_of};
use sqlx::PgPool;
use vault::{DeletionSubject, RecordedDeletion};

use super::{Eraser, ErasureError};

/// Entries looked at together.
const ENTRIES_AT_ONCE: usize = 1_000;

/// The highest entry of the deletion journal that the log names; 0 if it names none. The read model of requests knows most
/// of them; the rest of the log is read. A history that was imported names entries of another journal, which do not count.
pub async fn highest_deletion_on_record(journal: &journal::Journal, db: &PgPool) -> Result<u64, ErasureError> {
    let seen = projections::list(db).await?;
    let seen = seen.iter().find(|checkpoint| checkpoint.projection == gdpr_requests::GdprRequests::NAME);
    let installation = Aggregates::<Installation>::new(journal.clone(), Capacity(1));
    let installation = installation.load_confirmed(Subject::installation()).await?;
    let imported = &installation.state.imported;
    let mut highest = gdpr_requests::highest_deletion(db, imported).await?;
    let head = journal.last_position().await?;
    let mut commits = journal.follow(seen.map_or(0, |checkpoint| checkpoint.position), Follow::Everything).await?;
    while commits.reached() < head {
        let Some(commit) = commits.next().await else { break };
        let commit = match commit {
            Ok(commit) if commit.subject.context == Context::Gdpr => commit,
            // Who cannot be read names nothing; the read models will say so.
            Ok(_) | Err(JournalError::Poison(_)) => continue,
            Err(error) => return Err(error.into()),
        };
        for event in events_of::<GdprEvent>(&commit)? {
            if let GdprEvent::StepDone(StepDone { evidence: Evidence::Journaled { sequence }, .. }) = event
                && !imported.has(commit.subject.merchant, commit.position)
            {
                highest = highest.max(sequence);
            }
        }
    }
    Ok(highest)
}

impl Eraser {
    /// Takes up again what the deletion journal says and the log does not know: the log was brought back from before. The
    /// keys are gone already, or gone again; what is left is that the log says so. Gives how many requests that were.
    pub async fn execute_again(&self, after: u64) -> Result<usize, ErasureError> {
        let (mut sequence, mut taken_up) = (after, 0);
        loop {
            let entries = self.parts.deletions.entries_after(sequence, ENTRIES_AT_ONCE).await?;
            let Some(last) = entries.last() else { return Ok(taken_up) };
            sequence = last.sequence;
            for entry in &entries {
                taken_up += usize::from(self.receive_again(entry).await?);
            }
        }
    }

    /// Whether the log had not heard of it.
    async fn receive_again(&self, recorded: &RecordedDeletion) -> Result<bool, ErasureError> {
        let entry = &recorded.entry;
        let state = self.load(entry.merchant, entry.request).await?;
        if state.state.stage != Stage::Unknown {
            return Ok(false);
        }
        // A shop of which this log has never heard has nothing in it that could be forgotten.
        let shop = self.parts.merchants.load_confirmed(Subject::merchant(entry.merchant)).await?;
        if shop.position == 0 {
            return Ok(false);
        }
        let now = self.now_of(entry.merchant).await?;
        let (kind, customer) = match entry.subject {
            DeletionSubject::Person(person) => (RequestKind::CustomerRedact, Some(person)),
            DeletionSubject::Merchant => (RequestKind::ShopRedact, None),
        };
        let received = RequestReceived {
            kind,
            source: RequestSource::DeletionJournal,
            customer,
            stated: None,
            received_at: entry.at,
            due_at: entry.at.plus_days(DUE_DAYS),
        };
        let command = GdprCommand::Receive { received, finding: Finding::Known { rests_until: entry.at } };
        self.record(entry.merchant, entry.request, command, now).await?;
        tracing::warn!(request = %entry.request, sequence = recorded.sequence,
            "the log does not know of an erasure: it is executed again");
        self.ask(entry.merchant, entry.request);
        Ok(true)
    }
}
