//! Why a server could not be found, started or kept.

use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Each variant is something the person at the terminal can act on; the text says how.
#[derive(Debug, thiserror::Error)]
pub enum ServerError {
    #[error("no {program} {minimum} or newer found: run `make setup`, or name one in {variable}")]
    NotFound { program: &'static str, minimum: &'static str, variable: &'static str },
    #[error("{} is {program} {found}, but {minimum} or newer is needed: run `make setup`", path.display())]
    TooOld { program: &'static str, path: PathBuf, found: String, minimum: &'static str },
    #[error("{} does not tell its version: {reason}", path.display())]
    Unusable { path: PathBuf, reason: String },
    #[error("PostgreSQL with TimescaleDB is not set up: run `make setup-timescale`")]
    NoTimescale,
    #[error("{} is already in use by another start of loyalnest", directory.display())]
    InUse { directory: PathBuf },
    #[error("process {pid} seems to use {} and cannot be identified as ours: stop it first", directory.display())]
    Occupied { directory: PathBuf, pid: i32 },
    #[error("port {port} on 127.0.0.1 is taken by another program")]
    PortTaken { port: u16 },
    #[error("no free port found between {first} and {last} on 127.0.0.1")]
    NoFreePort { first: u16, last: u16 },
    #[error("{} was made by PostgreSQL {made_by}, the server is {server}: name a matching one in LOYALNEST_POSTGRES_BIN, or choose another data directory", directory.display())]
    OtherMajor { directory: PathBuf, made_by: String, server: String },
    #[error("PostgreSQL refuses to run as root, and no other way works here: {reason}")]
    NoAccount { reason: String },
    #[error("{program} failed: {output}")]
    ProgramFailed { program: String, output: String },
    #[error("{server} stopped while starting; the end of {}:\n{last_words}", log.display())]
    Exited { server: &'static str, log: PathBuf, last_words: String },
    #[error("{server} was not ready within {within:?} ({last_answer}); its log is {}", log.display())]
    NotReady { server: &'static str, within: Duration, last_answer: String, log: PathBuf },
    #[error("{}: {source}", path.display())]
    File { path: PathBuf, source: io::Error },
    #[error("{server} could not be prepared: {source}")]
    Database { server: &'static str, source: sqlx::Error },
}

impl ServerError {
    /// For `map_err`: an I/O error with the path it happened at.
    pub(super) fn at(path: &Path) -> impl FnOnce(io::Error) -> ServerError + use<> {
        let path = path.to_owned();
        move |source| ServerError::File { path, source }
    }
}
