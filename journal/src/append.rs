//! Handing commits to the log.

use std::collections::HashSet;

use aggregates::id::CommitId;
use bytes::Bytes;
use tokio::time::Instant;
use tracing::Instrument;

use crate::commit::{Commit, Group, MAX_COMMIT_BYTES};
use crate::committer::MAX_BATCH_MESSAGES;
use crate::connection::Journal;
use crate::subject::Subject;

/// A commit and where it goes.
#[derive(Debug, Clone)]
pub struct Append {
    pub subject: Subject,
    /// Position of the subject's last commit when the decision was made; 0 if it had none.
    pub expected: u64,
    pub commit: Commit,
    /// W3C trace context to travel beside the commit.
    pub traceparent: Option<String>,
}

/// Why a commit is not in the log, or why nobody can say.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AppendError {
    /// The subject has moved since the decision was made. Nothing was written: load again and decide again.
    #[error("the subject has moved since the decision")]
    Conflict,
    /// Larger than [`MAX_COMMIT_BYTES`]. Nothing was written.
    #[error("a commit of {bytes} bytes is over the limit of {MAX_COMMIT_BYTES}")]
    TooLarge { bytes: usize },
    /// These cannot be one atomic write: a subject in two places, or more than [`MAX_BATCH_MESSAGES`]. Nothing was written.
    #[error("cannot be written together: {0}")]
    NotTogether(&'static str),
    /// The log did not take it, and when the leader was last asked it was not there. Try again later.
    #[error("the log does not answer")]
    Unavailable,
    /// The log refused it for a reason that trying again does not change, such as a full disk.
    #[error("the log refused the commit: {code} {description}")]
    Rejected { code: u64, description: String },
    /// Sent, never answered, and the leader could not be asked either. It may be in the log: repeat the command
    /// with the same command id, and the decision will see whether its effect is there.
    #[error("the outcome is unknown")]
    Unknown,
}

/// A commit ready for the wire, with what it takes to find it again.
#[derive(Debug)]
pub(crate) struct Parcel {
    pub subject: Subject,
    pub expected: u64,
    pub commit_id: CommitId,
    /// Names and versions of the events, copied out for people who look at headers.
    pub events: String,
    pub traceparent: Option<String>,
    pub payload: Bytes,
    /// Stands right behind the parcel before it, on the same subject: written with that one or not at all, so it needs no
    /// guard of its own. The server takes one guard per subject in a batch.
    pub continues: bool,
    event_count: u64,
}

/// The list of event names in the header stops growing here, in bytes; the payload has them all.
const EVENTS_HEADER_BYTES: usize = 1024;

/// A trace context of version 00 has this length.
const TRACEPARENT_BYTES: usize = 55;

impl Parcel {
    fn pack(append: Append) -> Result<Self, AppendError> {
        let payload = append.commit.encode();
        if payload.len() > MAX_COMMIT_BYTES {
            return Err(AppendError::TooLarge { bytes: payload.len() });
        }
        Ok(Parcel {
            subject: append.subject,
            expected: append.expected,
            commit_id: append.commit.commit_id,
            events: events_header(&append.commit),
            traceparent: append.traceparent.filter(|text| is_traceparent(text)),
            payload: payload.into(),
            continues: false,
            event_count: append.commit.events.len().try_into().unwrap_or(u64::MAX),
        })
    }
}

#[cfg(test)]
impl Parcel {
    /// For tests of what does not look inside.
    pub fn empty(subject: Subject, expected: u64) -> Self {
        let commit_id = CommitId(uuid::Uuid::nil());
        let (events, payload) = (String::new(), Bytes::new());
        Parcel { subject, expected, commit_id, events, traceparent: None, payload, continues: false, event_count: 0 }
    }

    pub fn continuing(self) -> Self {
        Parcel { continues: true, ..self }
    }
}

/// Whether this is a W3C trace context and nothing else: it came from outside and goes into a header.
fn is_traceparent(text: &str) -> bool {
    text.len() == TRACEPARENT_BYTES && text.bytes().all(|byte| byte == b'-' || byte.is_ascii_hexdigit())
}

fn events_header(commit: &Commit) -> String {
    let mut list = String::new();
    for event in &commit.events {
        if list.len() > EVENTS_HEADER_BYTES {
            list.push_str(",...");
            break;
        }
        let comma = if list.is_empty() { "" } else { "," };
        list.push_str(comma);
        list.push_str(&event.name);
        list.push('/');
        list.push_str(&event.version.to_string());
    }
    list
}

impl Journal {
    /// Writes one commit if its subject has not moved, and gives its position once it is durable.
    ///
    /// An outcome that stays unknown is looked up at the leader before anything is tried again. Dropping the future
    /// does not take back what was handed over.
    ///
    /// # Errors
    /// See [`AppendError`]; only [`AppendError::Unknown`] leaves open whether the commit is in the log.
    pub async fn append(&self, append: Append) -> Result<u64, AppendError> {
        let positions = self.hand_over(vec![Parcel::pack(append)?]).await?;
        Ok(positions[0])
    }

    /// Writes several commits, all or none, and gives their positions in the same order. They are marked as one
    /// [`Group`]. Each subject is guarded by its own `expected`. Several commits on one subject follow one another, with
    /// the same `expected`: the first is guarded by it, and nothing comes between it and the others.
    ///
    /// # Errors
    /// See [`AppendError`]; a conflict on one is a conflict of all.
    pub async fn append_together(&self, mut appends: Vec<Append>) -> Result<Vec<u64>, AppendError> {
        mark_group(&mut appends);
        self.append_as_written(appends).await
    }

    /// As [`Journal::append_together`], but the commits stay as they are: whether they are one group was decided when they
    /// were first written, in another log.
    ///
    /// # Errors
    /// As [`Journal::append_together`].
    pub async fn append_as_written(&self, appends: Vec<Append>) -> Result<Vec<u64>, AppendError> {
        if !subjects_have_one_place(&appends) {
            return Err(AppendError::NotTogether("one subject appears in two places"));
        }
        if appends.len() > MAX_BATCH_MESSAGES {
            return Err(AppendError::NotTogether("more commits than a batch takes"));
        }
        let mut parcels = appends.into_iter().map(Parcel::pack).collect::<Result<Vec<_>, _>>()?;
        if parcels.is_empty() {
            return Ok(Vec::new());
        }
        for behind in 1..parcels.len() {
            parcels[behind].continues = parcels[behind].subject == parcels[behind - 1].subject;
        }
        self.hand_over(parcels).await
    }

    async fn hand_over(&self, parcels: Vec<Parcel>) -> Result<Vec<u64>, AppendError> {
        let context = parcels[0].subject.context.as_str();
        let written: Vec<_> = parcels.iter().map(|parcel| (parcel.subject.context, parcel.event_count)).collect();
        let span = tracing::info_span!("journal.append", context, commits = written.len());
        let started = Instant::now();
        let outcome = self.shared.committer.submit(parcels).instrument(span).await;
        metrics::histogram!("loyalty_commit_seconds").record(started.elapsed());
        match &outcome {
            Ok(_) => {
                for (context, events) in written {
                    metrics::counter!("loyalty_events_appended_total", "context" => context.as_str()).increment(events);
                }
            }
            Err(AppendError::Conflict) => metrics::counter!("loyalty_commit_conflicts_total").increment(1),
            Err(_) => {}
        }
        outcome
    }
}

/// Each subject's commits follow one another, on top of one state.
fn subjects_have_one_place(appends: &[Append]) -> bool {
    let runs = || appends.chunk_by(|one, next| one.subject == next.subject);
    let mut subjects = HashSet::new();
    runs().all(|run| subjects.insert(run[0].subject) && run.iter().all(|append| append.expected == run[0].expected))
}

/// Tells the members of a group of one another. A commit alone is no group.
fn mark_group(appends: &mut [Append]) {
    let count = u16::try_from(appends.len()).unwrap_or(u16::MAX);
    let Some(id) = appends.first().filter(|_| count > 1).map(|first| first.commit.commit_id.0) else { return };
    for (index, append) in (0..count).zip(appends) {
        append.commit.group = Some(Group { id, index, count });
    }
}
