//! Why the root key store gives no key.

use std::{io, path::PathBuf, sync::Arc};

use uuid::Uuid;

use super::GuardError;

/// Why the root key store gives no key.
#[derive(Debug, Clone, thiserror::Error)]
pub enum RootKeyError {
    /// Nothing at this path. Losing this file loses every key: look for it before making a new one.
    #[error("no root key store at {}", path.display())]
    Missing { path: PathBuf },
    #[error("cannot use the root key store at {}", path.display())]
    Io {
        path: PathBuf,
        #[source]
        source: Arc<io::Error>,
    },
    /// Others than its owner may read or write it: `chmod 600` it.
    #[error("the root key store at {} must be open to its owner only, but has mode {mode:o}", path.display())]
    Exposed { path: PathBuf, mode: u32 },
    /// Not a root key store, or not all of one.
    #[error("the root key store at {} is damaged", path.display())]
    Damaged { path: PathBuf },
    /// Written by a newer release.
    #[error("the root key store at {} has version {version}, which this release does not know", path.display())]
    UnknownVersion { path: PathBuf, version: u8 },
    /// The database was filled under another root key store. Nothing in it can be opened with this one.
    #[error("the database belongs to root key store {expected}, this one is {found}")]
    OtherStore { expected: Uuid, found: Uuid },
    /// The database names a key that the store does not have: the store is older than the database.
    #[error("the root key store has no {key}: it is older than the database")]
    NoSuchKey { key: String },
    /// The database names a key that the store has destroyed on purpose: the database is older than the store.
    #[error("the root key store has forgotten {key}: the database is older than the store")]
    Forgotten { key: String },
    /// A key service closed it, and none is configured.
    #[error("the root key store at {} is closed by a key service, and none is configured", path.display())]
    Guarded { path: PathBuf },
    #[error(transparent)]
    Guard(#[from] GuardError),
}
