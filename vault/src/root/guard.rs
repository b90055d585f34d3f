//! What keeps the root key. By default the file itself does: whoever may read it has everything. With a guard, the file is
//! closed under a key that never leaves the guard, a key service; and when something is destroyed, the guard forgets under
//! what the file was closed before, so that old copies of the file open nothing either.

mod transit;

pub use transit::{KeyService, Transit};

use zeroize::Zeroizing;

/// Keeps a key of its own, in versions, and closes a file's key under it.
pub trait RootGuard: std::fmt::Debug + Send + Sync + 'static {
    /// What it is, in a word or two, for operators.
    fn name(&self) -> &'static str;

    /// Closes a file's key under the newest version.
    fn close(&self, file_key: &[u8]) -> Result<String, GuardError>;

    /// The file's key again. [`GuardError::Forgotten`] if it was closed under a version that is gone.
    fn open(&self, closed: &str) -> Result<Zeroizing<Vec<u8>>, GuardError>;

    /// Makes a new version: what is closed from now on is closed under it.
    fn turn(&self) -> Result<(), GuardError>;

    /// Forgets, for good, all versions before the one that this was closed under. Doing it again changes nothing.
    fn forget_before(&self, closed: &str) -> Result<(), GuardError>;
}

/// Why a guard gives nothing. None of these says anything about a key.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum GuardError {
    /// No answer, or one of a server in trouble: try again.
    #[error("the key service gives no answer: {0}")]
    Unavailable(String),
    /// The token is not valid, or may not do this.
    #[error("the key service does not let us {action}")]
    NotAllowed { action: &'static str },
    /// The service has no such key: the wrong service, or a wrong name.
    #[error("the key service has no key {name}")]
    NoSuchKey { name: String },
    /// Closed under a version that was forgotten: this copy of the store is from before something was destroyed.
    #[error(
        "this root key store is an old copy: the key service has forgotten version {version}, under which it was closed"
    )]
    Forgotten { version: u64 },
    /// Not closed by this service, or changed.
    #[error("the key service does not open this root key store")]
    Closed,
    /// An answer that is not in the protocol.
    #[error("the key service gave an answer that cannot be understood")]
    NotUnderstood,
    /// The settings cannot be right.
    #[error("{0}")]
    Misconfigured(String),
}
