//! The newest checkpoint of the top log, outside of the database: for whoever copies it away, and as a second memory. A
//! signer that finds a checkpoint there which the database does not continue, refuses to sign.

use std::{
    fs::{self, File},
    io::{self, Write},
    path::{Path, PathBuf},
    sync::Arc,
};

use proofs::{Checkpoint, NotACheckpoint, VerifierKey};

/// Why the file is of no use.
#[derive(Debug, Clone, thiserror::Error)]
pub enum FileError {
    #[error("cannot use the checkpoint file at {}", path.display())]
    Io {
        path: PathBuf,
        #[source]
        source: Arc<io::Error>,
    },
    /// Signed by another installation, or by nobody. Whoever put it there knows; moving it away lets a new one be written.
    #[error("the file at {} is no checkpoint of this installation: {cause}", path.display())]
    NotOurs { path: PathBuf, cause: NotACheckpoint },
}

/// What was published last; none if nothing was.
pub(super) fn read(path: &Path, key: &VerifierKey) -> Result<Option<Checkpoint>, FileError> {
    let note = match fs::read_to_string(path) {
        Ok(note) => note,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(cannot_use(path, error)),
    };
    let not_ours = |cause| FileError::NotOurs { path: path.to_owned(), cause };
    let checkpoint = Checkpoint::open(&note, key).map_err(not_ours)?;
    if checkpoint.origin == key.name { Ok(Some(checkpoint)) } else { Err(not_ours(NotACheckpoint::Malformed)) }
}

/// Replaces it whole: a reader never sees half of one, and neither does anybody after a crash.
pub(super) fn replace(path: &Path, note: &str) -> Result<(), FileError> {
    let mut unfinished = path.as_os_str().to_owned();
    unfinished.push(".new");
    let unfinished = PathBuf::from(unfinished);
    let written = File::create(&unfinished).and_then(|mut file| {
        file.write_all(note.as_bytes())?;
        file.sync_all()?;
        fs::rename(&unfinished, path)
    });
    written.map_err(|error| cannot_use(path, error))
}

fn cannot_use(path: &Path, error: io::Error) -> FileError {
    FileError::Io { path: path.to_owned(), source: Arc::new(error) }
}
