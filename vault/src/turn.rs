//! Taking turns between processes: a lock on a file beside the one that is written.

use std::{
    fs::{File, OpenOptions},
    io,
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
};

/// Files of the vault are their owner's alone.
pub(crate) const PRIVATE: u32 = 0o600;

/// A writer's turn; ends when dropped, also by the death of the process.
pub(crate) struct Turn(#[expect(dead_code, reason = "held for its lock")] File);

/// The path of a file that belongs to `path` and lies beside it.
pub(crate) fn beside(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(ending);
    name.into()
}

/// Waits for this process's turn to write `path`.
pub(crate) fn take(path: &Path) -> io::Result<Turn> {
    let file = OpenOptions::new().create(true).truncate(false).write(true).mode(PRIVATE).open(beside(path, ".lock"))?;
    file.lock()?;
    Ok(Turn(file))
}

/// The folder that has to reach the disk for a new name in it to last.
pub(crate) fn folder(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}
