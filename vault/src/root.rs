//! The root key store: one small file that holds what Postgres must never hold, the keys of merchants and
//! buckets. Whatever this file no longer has is destroyed, for every copy of the database there is.
//!
//! Several processes share it. Readers need no lock, because the file is replaced whole; writers take turns by a
//! lock file beside it, and start from what they read under that lock.

mod contents;
mod disk;
mod error;
mod guard;
mod image;

use std::{
    io,
    path::{Path, PathBuf},
    sync::{Arc, PoisonError, RwLock},
};

pub use contents::BucketGeneration;
pub(crate) use contents::{Contents, ItemDay};
use disk::FileIdentity;
pub use error::RootKeyError;
pub use guard::{GuardError, KeyService, RootGuard, Transit};
use image::Image;

use crate::secret::Secret;

/// A file that is replaced while it is read is read again, so often.
const READS: u32 = 3;

/// A handle on the file. Cheap to keep; re-reads the file when it has been replaced.
#[derive(Debug)]
pub struct RootKeyStore {
    path: PathBuf,
    /// What keeps the root key; without one, the file does.
    guard: Option<Arc<dyn RootGuard>>,
    held: RwLock<Held>,
}

/// What the file held when it was this file.
#[derive(Debug)]
struct Held {
    identity: FileIdentity,
    contents: Arc<Contents>,
    /// The file's key as the guard closed it.
    closed_key: Option<String>,
}

impl RootKeyStore {
    /// Opens the store at `path`, whose folder exists, and makes a new one, mode 0600, if there is none.
    /// Callers that know a database has been filled use [`open`](Self::open): a new store opens nothing old.
    pub fn open_or_create(path: &Path) -> Result<Self, RootKeyError> {
        Self::open_or_create_guarded(path, None)
    }

    /// The same, with a guard. A store that lies open is taken as it is, and closed when it is next written.
    pub fn open_or_create_guarded(path: &Path, guard: Option<Arc<dyn RootGuard>>) -> Result<Self, RootKeyError> {
        {
            let _turn = disk::lock(path)?;
            disk::remove_unfinished(path)?;
            if !disk::exists(path)? {
                write(path, guard.as_deref(), &Contents::fresh())?;
            }
        }
        Self::read(path, guard)
    }

    /// Opens the store at `path`, which must exist.
    pub fn open(path: &Path) -> Result<Self, RootKeyError> {
        Self::open_guarded(path, None)
    }

    /// The same, with a guard, who forgets what a process that was killed left for it to forget.
    pub fn open_guarded(path: &Path, guard: Option<Arc<dyn RootGuard>>) -> Result<Self, RootKeyError> {
        {
            let _turn = disk::lock(path)?;
            disk::remove_unfinished(path)?;
        }
        let store = Self::read(path, guard)?;
        store.forget_old_files()?;
        Ok(store)
    }

    fn read(path: &Path, guard: Option<Arc<dyn RootGuard>>) -> Result<Self, RootKeyError> {
        let held = Held::read(path, guard.as_deref())?;
        if guard.is_some() && held.closed_key.is_none() {
            tracing::warn!("the root key store lies open until `loyalnest keys rotate --root` closes it");
        }
        Ok(RootKeyStore { path: path.to_owned(), guard, held: RwLock::new(held) })
    }

    pub fn path(&self) -> &Path {
        &self.path
    }

    /// What keeps the root key, in a word or two. As long as the file has not been closed, the file does, guard or not.
    pub fn kept_by(&self) -> &'static str {
        let is_closed = self.held.read().unwrap_or_else(PoisonError::into_inner).closed_key.is_some();
        self.guard.as_ref().filter(|_| is_closed).map_or("file", |guard| guard.name())
    }

    /// What the file holds now. Costs one `stat`, and a read when another process has replaced it; so a key that
    /// was just made elsewhere is found, and a key that was destroyed elsewhere is gone.
    pub(crate) fn current(&self) -> Result<Arc<Contents>, RootKeyError> {
        let identity = disk::identity(&self.path)?;
        if let Some(contents) = self.held_as(identity) {
            return Ok(contents);
        }
        // Others go on with what is held meanwhile: a guard takes its time. Of two who read at once, the one who read less
        // may come last; then the next look finds another file than is held, and reads again.
        let read = Held::read(&self.path, self.guard.as_deref())?;
        let contents = read.contents.clone();
        *self.held.write().unwrap_or_else(PoisonError::into_inner) = read;
        Ok(contents)
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
        self.change_in_turn(change)
    }

    fn change_in_turn<R>(&self, change: impl FnOnce(&mut Contents) -> R) -> Result<R, RootKeyError> {
        let mut contents = (*self.current()?).clone();
        let outcome = change(&mut contents);
        let closed_key = write(&self.path, self.guard.as_deref(), &contents)?;
        let identity = disk::identity(&self.path)?;
        let mut held = self.held.write().unwrap_or_else(PoisonError::into_inner);
        *held = Held { identity, contents: Arc::new(contents), closed_key };
        Ok(outcome)
    }

    /// [`change`](Self::change) for changes that destroy something: what the file was before opens nowhere afterwards, as far
    /// as there is a guard to forget how.
    fn change_and_forget<R>(&self, change: impl FnOnce(&mut Contents) -> R) -> Result<R, RootKeyError> {
        let _turn = disk::lock(&self.path)?;
        if let Some(guard) = &self.guard {
            guard.turn()?;
        }
        let outcome = self.change_in_turn(change)?;
        self.forget_old_files()?;
        Ok(outcome)
    }

    /// Has the guard forget what files before this one were closed under.
    fn forget_old_files(&self) -> Result<(), RootKeyError> {
        let Some(guard) = &self.guard else { return Ok(()) };
        self.current()?;
        let closed_key = self.held.read().unwrap_or_else(PoisonError::into_inner).closed_key.clone();
        Ok(closed_key.map_or(Ok(()), |closed_key| guard.forget_before(&closed_key))?)
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
        let store = self.clone();
        self.in_background(move || store.change_and_forget(change)).await
    }

    /// Does what is left to do of [`forget`](Self::forget) if the guard did not answer the last time.
    pub(crate) async fn finish_forgetting(self: &Arc<Self>) -> Result<(), RootKeyError> {
        if self.guard.is_none() {
            return Ok(());
        }
        let store = self.clone();
        self.in_background(move || store.forget_old_files()).await
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
    /// A file that another process replaces may have been forgotten by the guard before it is opened here: the next one is
    /// in its place then.
    fn read(path: &Path, guard: Option<&dyn RootGuard>) -> Result<Self, RootKeyError> {
        let mut reads = 0;
        loop {
            reads += 1;
            let (bytes, identity) = disk::read(path)?;
            match Self::open(path, guard, &bytes, identity) {
                Err(RootKeyError::Guard(GuardError::Forgotten { .. }))
                    if reads < READS && disk::identity(path)? != identity => {}
                outcome => return outcome,
            }
        }
    }

    fn open(
        path: &Path,
        guard: Option<&dyn RootGuard>,
        bytes: &[u8],
        identity: FileIdentity,
    ) -> Result<Self, RootKeyError> {
        let (contents, closed_key) = match image::decode(bytes).map_err(|unreadable| unreadable.at(path))? {
            Image::Open(contents) => (contents, None),
            Image::Guarded { closed_key, sealed } => {
                let guard = guard.ok_or_else(|| RootKeyError::Guarded { path: path.to_owned() })?;
                let mut file_key = guard.open(&closed_key)?;
                let file_key = Secret::take(&mut file_key).ok_or(GuardError::NotUnderstood)?;
                let contents = image::unseal(&sealed, &file_key).map_err(|unreadable| unreadable.at(path))?;
                (contents, Some(closed_key))
            }
        };
        Ok(Held { identity, contents: Arc::new(contents), closed_key })
    }
}

/// Replaces the file; gives the file's key as the guard closed it. The caller has the turn.
fn write(path: &Path, guard: Option<&dyn RootGuard>, contents: &Contents) -> Result<Option<String>, RootKeyError> {
    let Some(guard) = guard else {
        disk::replace(path, &image::encode(contents))?;
        return Ok(None);
    };
    let file_key = Secret::random();
    let closed_key = guard.close(file_key.expose())?;
    let bytes = image::encode_guarded(contents, &file_key, &closed_key).map_err(|_| GuardError::NotUnderstood)?;
    disk::replace(path, &bytes)?;
    Ok(Some(closed_key))
}

#[cfg(test)]
mod tests;
