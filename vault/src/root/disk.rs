//! The file as a file: read whole, replaced whole, private to its owner, one writer at a time.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, Read, Write},
    os::unix::fs::{MetadataExt, OpenOptionsExt},
    path::{Path, PathBuf},
    sync::Arc,
};

use zeroize::Zeroizing;

use super::RootKeyError;
use crate::turn::{self, PRIVATE, Turn};

const OTHERS: u32 = 0o077;

/// Tells one file from the one that replaced it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct FileIdentity {
    inode: u64,
    bytes: u64,
    modified: (i64, i64),
}

impl FileIdentity {
    fn of(metadata: &fs::Metadata) -> Self {
        FileIdentity {
            inode: metadata.ino(),
            bytes: metadata.size(),
            modified: (metadata.mtime(), metadata.mtime_nsec()),
        }
    }
}

/// Waits for this process's turn to write.
pub(super) fn lock(path: &Path) -> Result<Turn, RootKeyError> {
    turn::take(path).map_err(failed(path))
}

/// A writer that died between writing and renaming leaves keys behind that may be destroyed later. The caller
/// holds the lock, so nobody is writing it now.
pub(super) fn remove_unfinished(path: &Path) -> Result<(), RootKeyError> {
    let unfinished = unfinished(path);
    match fs::remove_file(&unfinished) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(failed(&unfinished)(error)),
        _ => Ok(()),
    }
}

pub(super) fn exists(path: &Path) -> Result<bool, RootKeyError> {
    path.try_exists().map_err(failed(path))
}

pub(super) fn identity(path: &Path) -> Result<FileIdentity, RootKeyError> {
    fs::metadata(path).map(|metadata| FileIdentity::of(&metadata)).map_err(failed(path))
}

/// The whole file, and which file it was.
pub(super) fn read(path: &Path) -> Result<(Zeroizing<Vec<u8>>, FileIdentity), RootKeyError> {
    let mut file = File::open(path).map_err(failed(path))?;
    let metadata = file.metadata().map_err(failed(path))?;
    let mode = metadata.mode() & 0o777;
    if mode & OTHERS != 0 {
        return Err(RootKeyError::Exposed { path: path.to_owned(), mode });
    }
    // Room for all of it at once: growing would leave copies of keys in freed memory.
    let room = usize::try_from(metadata.size()).unwrap_or(usize::MAX).saturating_add(1);
    let mut bytes = Zeroizing::new(Vec::new());
    bytes.try_reserve_exact(room).map_err(|error| failed(path)(io::Error::other(error)))?;
    file.read_to_end(&mut bytes).map_err(failed(path))?;
    Ok((bytes, FileIdentity::of(&metadata)))
}

/// Puts `bytes` in the place of the file so that every reader, and every restart after a crash, finds either the
/// old or the new whole. The caller holds the lock.
pub(super) fn replace(path: &Path, bytes: &[u8]) -> Result<(), RootKeyError> {
    let new = unfinished(path);
    remove_unfinished(path)?;
    let write = || {
        let mut file = OpenOptions::new().create_new(true).write(true).mode(PRIVATE).open(&new)?;
        file.write_all(bytes)?;
        file.sync_all()?;
        fs::rename(&new, path)?;
        File::open(turn::folder(path))?.sync_all()
    };
    write().map_err(failed(path))
}

pub(super) fn unfinished(path: &Path) -> PathBuf {
    turn::beside(path, ".new")
}

fn failed(path: &Path) -> impl Fn(io::Error) -> RootKeyError {
    move |source| match source.kind() {
        io::ErrorKind::NotFound => RootKeyError::Missing { path: path.to_owned() },
        _ => RootKeyError::Io { path: path.to_owned(), source: Arc::new(source) },
    }
}
