//! Commands on aggregates: load, decide, append, apply.
//!
//! The state of hot aggregates is kept in memory, bounded; a cold one comes from its snapshot and the commits after
//! it. A write is guarded by the position of the state it was decided on. A decision that writes nothing has no such
//! guard, so it is given away only after the leader has confirmed that the state was the newest.
//!
//! | file | its idea |
//! |---|---|
//! | [`aggregates`] | the cache of one kind of aggregate, and commands on one of them |
//! | [`rehydrate`] | from the log to a state |
//! | [`decision`] | the commits of one decision: one, or a few where it is large |
//! | [`slot`] | one aggregate in memory: its state, and whose turn it is |
//! | [`idle`] | those that nobody uses are packed |
//! | [`snapshot`] | states set aside, sealed, so that a cold aggregate is one read away |
//! | [`shapes`] | which aggregates have snapshots |
//! | [`together`] | several aggregates in one atomic commit |
//! | [`beginning`] | new aggregates, of which nobody asks the log whether they are new |
//! | [`pause`] | how long to wait before trying again |

mod aggregates;
mod beginning;
mod decision;
mod error;
mod idle;
mod pause;
mod rehydrate;
mod shapes;
mod slot;
mod snapshot;
mod together;

use std::sync::Arc;

use ::aggregates::Aggregate;
use ::aggregates::event::Recorded;
use ::aggregates::id::{CommandId, CommitId, Fingerprint};
use ::aggregates::time::Timestamp;
use uuid::Uuid;

use crate::append::Append;
use crate::commit::{Actor, Commit, StoredEvent};
use crate::subject::Subject;

pub use aggregates::{Aggregates, Capacity};
pub use beginning::Beginning;
pub use error::{ExecuteError, LoadError, TogetherError};
pub use idle::AWAKE_MOST;
pub use pause::{MAX_ATTEMPTS, Retry};
pub use snapshot::{SNAPSHOT_EVERY, SNAPSHOTS, Snapshot, SnapshotSeal};
pub use together::{Held, Together};

/// Where commit ids, and the jitter of pauses, come from.
pub trait Ids: Send + Sync + 'static {
    fn next(&self) -> Uuid;
}

/// Random ids. An id must not tell when its commit was made, nor be guessed.
#[derive(Debug, Clone, Copy, Default)]
pub struct RandomIds;

impl Ids for RandomIds {
    #[expect(clippy::disallowed_methods, reason = "this is the source that is handed in as an argument")]
    fn next(&self) -> Uuid {
        Uuid::new_v4()
    }
}

/// A state and where in the log it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Versioned<A> {
    pub state: A,
    /// Position of the subject's last commit; 0 if it has none.
    pub position: u64,
    /// How many commits the subject has.
    pub commits: u64,
}

impl<A: Default> Default for Versioned<A> {
    fn default() -> Self {
        Versioned { state: A::default(), position: 0, commits: 0 }
    }
}

impl<A: Aggregate> Versioned<A> {
    /// Takes in one commit: its events, and that it is now the last.
    fn take_in(&mut self, events: &[A::Event], recorded: &Recorded) {
        for event in events {
            self.state.apply(event, recorded);
        }
        self.position = recorded.position;
        self.commits += 1;
    }
}

/// Who asks, why, and when: what a commit says besides its events.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CommandContext {
    pub command_id: CommandId,
    pub request: Option<Fingerprint>,
    pub actor: Actor,
    pub correlation: Uuid,
    pub causation: Option<CommitId>,
    pub recorded_at: Timestamp,
    pub occurred_at: Option<Timestamp>,
    pub traceparent: Option<String>,
}

impl CommandContext {
    /// Of a command that no request asked for: it is its own cause. `command` is fresh, or derived from what it does.
    pub fn of(actor: Actor, command: Uuid, recorded_at: Timestamp) -> Self {
        CommandContext {
            command_id: CommandId(command),
            request: None,
            actor,
            correlation: command,
            causation: None,
            recorded_at,
            occurred_at: None,
            traceparent: None,
        }
    }

    fn append(&self, subject: Subject, expected: u64, commit_id: Uuid, events: Vec<StoredEvent>) -> Append {
        let commit = Commit {
            commit_id: CommitId(commit_id),
            command_id: self.command_id,
            group: None,
            actor: self.actor.clone(),
            correlation: self.correlation,
            causation: self.causation,
            recorded_at: self.recorded_at,
            occurred_at: self.occurred_at,
            request: self.request,
            events,
        };
        Append { subject, expected, commit, traceparent: self.traceparent.clone() }
    }

    fn recorded(&self, position: u64) -> Recorded {
        Recorded { position, at: self.recorded_at }
    }
}

/// What a command has done.
#[derive(Debug, Clone, PartialEq)]
pub struct Executed<A: Aggregate> {
    /// The state after it.
    pub state: Arc<Versioned<A>>,
    /// What was written; empty if it was already so.
    pub events: Vec<A::Event>,
    /// Position of the new commit, the last one where there are several; `None` if nothing was written.
    pub position: Option<u64>,
}
