//! Why the deletion journal is not used.

use std::{io, path::PathBuf, sync::Arc};

use aggregates::id::GdprRequestId;

/// Each is a refusal: nobody is served, and nobody erased, beside a journal that cannot be trusted.
#[derive(Debug, Clone, thiserror::Error)]
pub enum DeletionJournalError {
    #[error("cannot use the deletion journal at {}", path.display())]
    Io {
        path: PathBuf,
        #[source]
        source: Arc<io::Error>,
    },
    /// Both places are the same: one fault would take both.
    #[error("the deletion journal needs two places, and was given {} twice", path.display())]
    OnePlace { path: PathBuf },
    /// The two places say different things. Find out which is right, and copy it over the other.
    #[error("the two places of the deletion journal contradict each other at entry {sequence}: {} and {}",
        places[0].display(), places[1].display())]
    Contradiction { places: [PathBuf; 2], sequence: u64 },
    /// Not an entry, not signed by this installation, or not what follows on the entry before.
    #[error("entry {sequence} of the deletion journal at {} is not genuine: {fault}", path.display())]
    NotGenuine { path: PathBuf, sequence: u64, fault: &'static str },
    /// More than a line may hold; nothing was written.
    #[error("the entry for {request} is too long for the deletion journal")]
    TooLong { request: GdprRequestId },
    /// Shorter than it was: somebody has cut it, or put an older one in its place.
    #[error("the deletion journal at {} has lost its end", path.display())]
    Shrunk { path: PathBuf },
    /// The process is shutting down.
    #[error("the deletion journal was not written: the process is shutting down")]
    Stopped,
}

impl DeletionJournalError {
    pub(super) fn io(path: &std::path::Path) -> impl FnOnce(io::Error) -> Self {
        move |source| DeletionJournalError::Io { path: path.to_owned(), source: Arc::new(source) }
    }
}
