//! The log: the only truth of the installation, kept in one JetStream stream named `JOURNAL`.
//!
//! - [`subject`]: where a commit lives; [`commit`]: what it is and how its bytes look.
//! - [`Journal`]: appends guarded commits, reads one aggregate back, follows everything in order.
//! - [`committer`]: how commits reach the server: singly when it is quiet, in shared atomic batches under load.
//! - [`executor`]: load, decide, append, apply: commands on aggregates, with a bounded cache and snapshots.
//! - [`streams`]: the declared streams, and how the server is brought in line with them.
//!
//! What holds everywhere: a commit is written whole or not at all; it is written only if its subject has not moved
//! since the decision was made; acknowledged means durable as the server is configured; an outcome that is not known
//! is looked up before anything is tried again. Nothing here holds or sees personal data in the clear.

pub mod commit;
pub mod committer;
pub mod executor;
pub mod streams;
pub mod subject;

mod append;
mod connection;
mod follow;
mod identity;
mod positioned;
mod reading;

pub use append::{Append, AppendError};
pub use commit::{Actor, Commit, Group, MAX_COMMIT_BYTES, MalformedCommit, StoredEvent, commit_hash};
pub use connection::{Journal, JournalError, JournalOptions, STREAM, connect_client};
pub use executor::{
    Aggregates, Beginning, CommandContext, ExecuteError, Executed, Snapshot, SnapshotSeal, Together, Versioned,
};
pub use follow::{Follow, Following};
pub use identity::StreamIdentity;
pub use positioned::{PoisonCause, PoisonCommit, Positioned};
pub use subject::{NotASubject, Subject, SubjectId};
