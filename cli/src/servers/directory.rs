//! The private directory of one server, its lock, and the small facts remembered in it.

use std::fs::{self, DirBuilder, File, OpenOptions, Permissions};
use std::io::{ErrorKind, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use nix::fcntl::{Flock, FlockArg};

use super::{Secret, ServerError};

/// Only the owner may look inside.
const DIRECTORY_MODE: u32 = 0o700;
/// Folders made on the way there: others may pass, as the account of a server may have to, but not list.
const PASSAGE_MODE: u32 = 0o711;
const FILE_MODE: u32 = 0o600;

/// A directory that nobody else uses as long as this value lives. The kernel gives the lock back when its holder dies,
/// however it dies.
pub(super) struct Directory {
    path: PathBuf,
    _lock: Flock<File>,
}

impl Directory {
    /// Makes the directory (and its parents) when missing, makes it private, and locks it.
    pub(super) fn lock(path: &Path) -> Result<Directory, ServerError> {
        DirBuilder::new().recursive(true).mode(PASSAGE_MODE).create(path).map_err(ServerError::at(path))?;
        fs::set_permissions(path, Permissions::from_mode(DIRECTORY_MODE)).map_err(ServerError::at(path))?;
        // Absolute and without links: servers report their directory in this form.
        let path = path.canonicalize().map_err(ServerError::at(path))?;
        let lock_path = path.join("lock");
        let file = OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(false)
            .mode(FILE_MODE)
            .open(&lock_path)
            .map_err(ServerError::at(&lock_path))?;
        match Flock::lock(file, FlockArg::LockExclusiveNonblock) {
            Ok(lock) => Ok(Directory { path, _lock: lock }),
            Err(_) => Err(ServerError::InUse { directory: path }),
        }
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    pub(super) fn join(&self, name: &str) -> PathBuf {
        self.path.join(name)
    }

    /// The text of a file, or `None` when there is no such file.
    pub(super) fn read(&self, name: &str) -> Result<Option<String>, ServerError> {
        let path = self.join(name);
        match fs::read_to_string(&path) {
            Ok(text) => Ok(Some(text)),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            Err(error) => Err(ServerError::at(&path)(error)),
        }
    }

    /// Replaces a file as a whole: a reader, or the next start after a crash, sees the old text or the new one.
    pub(super) fn write(&self, name: &str, text: &str) -> Result<(), ServerError> {
        let path = self.join(name);
        let staged = self.join(&format!("{name}.new"));
        let write = || {
            let mut file = OpenOptions::new().write(true).create(true).truncate(true).mode(FILE_MODE).open(&staged)?;
            file.write_all(text.as_bytes())?;
            file.sync_all()?;
            fs::rename(&staged, &path)
        };
        write().map_err(ServerError::at(&path))
    }

    /// The secret kept under this name, made on first use.
    pub(super) fn secret(&self, name: &str) -> Result<Secret, ServerError> {
        if let Some(secret) = self.read(name)?.as_deref().and_then(Secret::parse) {
            return Ok(secret);
        }
        let secret = Secret::random();
        self.write(name, secret.expose())?;
        Ok(secret)
    }

    /// The port used last time, so that clients find the server again.
    pub(super) fn last_port(&self) -> Result<Option<u16>, ServerError> {
        Ok(self.read("port")?.and_then(|text| text.parse().ok()))
    }

    pub(super) fn remember_port(&self, port: u16) -> Result<(), ServerError> {
        self.write("port", &port.to_string())
    }
}

/// The last lines of a log, for an error message.
pub(super) fn last_lines(log: &Path) -> String {
    const LINES: usize = 8;
    let text = fs::read(log).map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).unwrap_or_default();
    let lines: Vec<&str> = text.lines().collect();
    lines[lines.len().saturating_sub(LINES)..].join("\n")
}
