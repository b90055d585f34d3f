//! The root key store: one small file that holds what Postgres must never hold, the keys of merchants and
//! buckets. Whatever this file no longer has is destroyed, for every copy of the database there is.
//!
//! Several processes share it. Readers need no lock, because the file is replaced whole; writers take turns by a
//! lock file beside it, and start from what they read under that lock.

mod contents;
mod disk;
mod image;

use std::{
    io,
    path::{Path, PathBuf},
    sync::{Arc, PoisonError, RwLock},
};

use uuid::Uuid;

pub use contents::BucketGeneration;
pub(crate) use contents::{Contents, ItemDay};
use disk::FileIdentity;

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
}

/// A handle on the file. Cheap to keep; re-reads the file when it has been replaced.
#[derive(Debug)]
pub struct RootKeyStore {
    path: PathBuf,
    held: RwLock<Held>,
}

/// What the file held when it was this file.
#[derive(Debug)]
struct Held {
    identity: FileIdentity,
    contents: Arc<Contents>,
}

impl RootKeyStore {
    /// Opens the store at `path`, whose folder exists, and makes a new one, mode 0600, if there is none.
    /// Callers that know a database has been filled use [`open`](Self::open): a new store opens nothing old.
    pub fn open_or_create(path: &Path) -> Result<Self, RootKeyError> {
        {
            let _turn = disk::lock(path)?;
            disk::remove_unfinished(path)?;
            if !disk::exists(path)? {
                disk::replace(path, &image::encode(&Contents::fresh()))?;
            }
        }
        Self::read(path)
    }

    /// Opens the store at `path`, which must exist.
    pub fn open(path: &Path) -> Result<Self, RootKeyError> {
        {
            let _turn = disk::lock(path)?;
            disk::remove_unfinished(path)?;
        }
        Self::read(path)
    }

    fn read(path: &Path) -> Result<Self, RootKeyError> {
        let held = Held::read(path)?;
        Ok(RootKeyStore { path: path.to_owned(), held: RwLock::new(held) })
    }

    pub fn path(&self) -> &Path {
        &self.path
    }

    /// What keeps the root key, in a word or two.
    pub fn kept_by(&self) -> &'static str {
        "file"
    }

    /// What the file holds now. Costs one `stat`, and a read when another process has replaced it; so a key that
    /// was just made elsewhere is found, and a key that was destroyed elsewhere is gone.
    pub(crate) fn current(&self) -> Result<Arc<Contents>, RootKeyError> {
        let identity = disk::identity(&self.path)?;
        if let Some(contents) = self.held_as(identity) {
            return Ok(contents);
        }
        let mut held = self.held.write().unwrap_or_else(PoisonError::into_inner);
        if held.identity != disk::identity(&self.path)? {
            *held = Held::read(&self.path)?;
        }
        Ok(held.contents.clone())
    }

    /// [`current`](Self::current) for callers that must not block their thread: only a file that was replaced is read
    /// elsewhere.
    pub(crate) async fn contents(self: &Arc<Self>) -> Result<Arc<Contents>, RootKeyError> {
        let identity = disk::identity(&self.path)?;
        if let Some(contents) = self.held_as(identity) {
            return Ok(contents);
        }
        let store = self.clone();
        self.in_background(move || store.current()).await
    }

    /// Changes the file, durably, before it returns. Blocks while another process changes it.
    pub(crate) fn change<R>(&self, change: impl FnOnce(&mut Contents) -> R) -> Result<R, RootKeyError> {
        let _turn = disk::lock(&self.path)?;
        let mut contents = (*self.current()?).clone();
        let outcome = change(&mut contents);
        disk::replace(&self.path, &image::encode(&contents))?;
        let identity = disk::identity(&self.path)?;
        let mut held = self.held.write().unwrap_or_else(PoisonError::into_inner);
        *held = Held { identity, contents: Arc::new(contents) };
        Ok(outcome)
    }

    /// [`change`](Self::change) for callers that must not block their thread. It runs to its end once begun.
    pub(crate) async fn change_in_background<R: Send + 'static>(
        self: &Arc<Self>,
        change: impl FnOnce(&mut Contents) -> R + Send + 'static,
    ) -> Result<R, RootKeyError> {
        let store = self.clone();
        self.in_background(move || store.change(change)).await
    }

    /// [`change_in_background`](Self::change_in_background) for changes that destroy something.
    pub(crate) async fn forget<R: Send + 'static>(
        self: &Arc<Self>,
        change: impl FnOnce(&mut Contents) -> R + Send + 'static,
    ) -> Result<R, RootKeyError> {
        self.change_in_background(change).await
    }

    fn held_as(&self, identity: FileIdentity) -> Option<Arc<Contents>> {
        let held = self.held.read().unwrap_or_else(PoisonError::into_inner);
        (held.identity == identity).then(|| held.contents.clone())
    }

    async fn in_background<R: Send + 'static>(
        &self,
        work: impl FnOnce() -> Result<R, RootKeyError> + Send + 'static,
    ) -> Result<R, RootKeyError> {
        match tokio::task::spawn_blocking(work).await {
            Ok(outcome) => outcome,
            Err(stopped) => match stopped.try_into_panic() {
                Ok(panic) => std::panic::resume_unwind(panic),
                Err(cancelled) => {
                    Err(RootKeyError::Io { path: self.path.clone(), source: Arc::new(io::Error::other(cancelled)) })
                }
            },
        }
    }
}

impl Held {
    fn read(path: &Path) -> Result<Self, RootKeyError> {
        let (bytes, identity) = disk::read(path)?;
        let contents = image::decode(&bytes).map_err(|unreadable| unreadable.at(path))?;
        Ok(Held { identity, contents: Arc::new(contents) })
    }
}

#[cfg(test)]
mod tests;
