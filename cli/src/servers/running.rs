//! The servers of an installation as anybody finds them who knows its directory.

use std::{fs, path::Path};

use nix::unistd::Pid;

use super::resident::Resident;

/// Which of the two run, by the ids of their processes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Running {
    pub nats: Option<Pid>,
    /// The one that all others of the same name are children of.
    pub postgres: Option<Pid>,
}

/// What works in `nats` and `postgres` below `directory`, whoever started it.
pub fn running_below(directory: &Path) -> Running {
    let directory = directory.canonicalize().unwrap_or_else(|_| directory.to_owned());
    let data = directory.join("postgres/data");
    let on_file = fs::read_to_string(data.join("postmaster.pid")).unwrap_or_default();
    let postgres = on_file.lines().next().and_then(|line| line.trim().parse().ok()).map(Pid::from_raw);
    Running {
        nats: Resident::all("nats-server", &directory.join("nats")).first().map(|found| found.pid),
        postgres: postgres.and_then(|pid| Resident::at(pid, "postgres", &data)).map(|found| found.pid),
    }
}

/// How many processes work in `postgres` below `directory`: sessions outlive a killed server for the moment that it takes
/// them to notice, and finish what they are at.
pub fn database_processes_below(directory: &Path) -> usize {
    let directory = directory.canonicalize().unwrap_or_else(|_| directory.to_owned());
    Resident::all("postgres", &directory.join("postgres/data")).len()
}
