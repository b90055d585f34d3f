//! Where the server programs are, and whether they are new enough.

use std::cmp::Reverse;
use std::env;
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};

use tokio::process::Command;

use super::ServerError;

/// A server program this code can drive, and where a person may name one.
struct Program {
    name: &'static str,
    /// The executable asked for its version.
    file: &'static str,
    minimum: &'static str,
    variable: &'static str,
    /// What stands before the number in its answer to `--version`.
    version_prefix: &'static str,
}

/// The first release whose guarded atomic batches keep what the journal relies on.
const NATS: Program = Program {
    name: "nats-server",
    file: "nats-server",
    minimum: "2.15.1",
    variable: "LOYALNEST_NATS_SERVER",
    version_prefix: "nats-server: v",
};

/// The oldest major that the SQL is tested on.
const POSTGRES: Program = Program {
    name: "PostgreSQL",
    file: "postgres",
    minimum: "15",
    variable: "LOYALNEST_POSTGRES_BIN",
    version_prefix: "postgres (PostgreSQL) ",
};

const TIMESCALE_VARIABLE: &str = "LOYALNEST_TIMESCALE_BIN";
/// Made by `make setup`.
const TOOLS: &str = ".tools";
/// Where Debian keeps the server programs, one folder per major version, outside PATH.
const DEBIAN_POSTGRES: &str = "/usr/lib/postgresql";

/// What the person named on the command line; it wins over everything else.
#[derive(Debug, Clone, Default)]
pub struct Named {
    pub nats_server: Option<PathBuf>,
    /// The folder with `postgres` and `initdb`.
    pub postgres_bin_dir: Option<PathBuf>,
}

/// Both server programs, found and new enough.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Binaries {
    pub nats_server: PathBuf,
    pub postgres_bin_dir: PathBuf,
}

impl Binaries {
    /// Looks at what was named, then at `LOYALNEST_NATS_SERVER` and `LOYALNEST_POSTGRES_BIN` (a named one that does not
    /// do is an error), then in `.tools` here, further up and above this program, in PATH, and where Debian keeps
    /// PostgreSQL (there, one that does not do is passed over).
    pub async fn find(named: &Named) -> Result<Binaries, ServerError> {
        let nats_server = NATS.find(named.nats_server.clone(), Self::nats_candidates()).await?;
        let postgres_bin_dir = POSTGRES
            .find(named.postgres_bin_dir.as_ref().map(|folder| folder.join(POSTGRES.file)), Self::postgres_candidates())
            .await?;
        Ok(Binaries { nats_server, postgres_bin_dir: folder_of(&postgres_bin_dir) })
    }

    /// The same NATS beside a PostgreSQL that has TimescaleDB: `LOYALNEST_TIMESCALE_BIN`, or what
    /// `make setup-timescale` has unpacked.
    pub async fn with_timescale(&self) -> Result<Binaries, ServerError> {
        let candidates = env::var_os(TIMESCALE_VARIABLE)
            .map(|folder| absolute(PathBuf::from(folder)))
            .into_iter()
            .chain(tools_folders().into_iter().map(|tools| tools.join("timescale/bin")));
        for folder in candidates {
            if POSTGRES.check(&folder.join(POSTGRES.file)).await.is_ok() {
                return Ok(Binaries { postgres_bin_dir: folder, ..self.clone() });
            }
        }
        Err(ServerError::NoTimescale)
    }

    fn nats_candidates() -> Vec<PathBuf> {
        let in_tools = tools_folders().into_iter().map(|tools| tools.join("bin"));
        in_tools.chain(path_folders()).map(|folder| folder.join(NATS.file)).collect()
    }

    fn postgres_candidates() -> Vec<PathBuf> {
        let in_tools = tools_folders().into_iter().map(|tools| tools.join("postgres/bin"));
        in_tools
            .chain(path_folders())
            .chain(debian_postgres_folders())
            .map(|folder| folder.join(POSTGRES.file))
            // PATH may hold a lone link to the server; `initdb` is beside what it points to.
            .filter_map(|file| file.canonicalize().ok())
            .filter(|file| folder_of(file).join("initdb").is_file())
            .collect()
    }
}

impl Program {
    async fn find(&self, named: Option<PathBuf>, candidates: Vec<PathBuf>) -> Result<PathBuf, ServerError> {
        if let Some(path) = named.or_else(|| self.named_by_environment()) {
            // The servers are started in folders of their own, from where a relative path leads elsewhere.
            let path = absolute(path);
            return self.check(&path).await.map(|()| path);
        }
        for path in candidates {
            if path.is_file() && self.check(&path).await.is_ok() {
                return Ok(path);
            }
        }
        Err(ServerError::NotFound { program: self.name, minimum: self.minimum, variable: self.variable })
    }

    /// The variable holds the program itself, or the folder it is in.
    fn named_by_environment(&self) -> Option<PathBuf> {
        let named = PathBuf::from(env::var_os(self.variable).filter(|value| !value.is_empty())?);
        Some(if named.is_dir() { named.join(self.file) } else { named })
    }

    async fn check(&self, path: &Path) -> Result<(), ServerError> {
        let unusable = |reason: String| ServerError::Unusable { path: path.to_owned(), reason };
        let output = Command::new(path).arg("--version").output().await.map_err(|error| unusable(error.to_string()))?;
        let answer = String::from_utf8_lossy(&output.stdout);
        let found = self.version_in(&answer).ok_or_else(|| unusable(format!("it answers {:?}", answer.trim())))?;
        if number_parts(found) < number_parts(self.minimum) {
            return Err(ServerError::TooOld {
                program: self.name,
                path: path.to_owned(),
                found: found.to_owned(),
                minimum: self.minimum,
            });
        }
        Ok(())
    }

    fn version_in<'a>(&self, answer: &'a str) -> Option<&'a str> {
        let version = answer.trim().strip_prefix(self.version_prefix)?;
        let end = version.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(version.len());
        Some(&version[..end]).filter(|version| !version.is_empty())
    }
}

/// `2.15.1` → [2, 15, 1], which compare from the left.
fn number_parts(version: &str) -> Vec<u32> {
    version.split('.').map_while(|part| part.parse().ok()).collect()
}

/// Every `.tools` from here and from this program upwards, nearest first.
fn tools_folders() -> Vec<PathBuf> {
    let starts = [env::current_dir().ok(), env::current_exe().ok()];
    starts
        .iter()
        .flatten()
        .flat_map(|start| start.ancestors())
        .map(|folder| folder.join(TOOLS))
        .filter(|tools| tools.is_dir())
        .collect()
}

fn path_folders() -> Vec<PathBuf> {
    env::split_paths(&env::var_os("PATH").unwrap_or_default()).map(absolute).collect()
}

/// Newest major first.
fn debian_postgres_folders() -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(DEBIAN_POSTGRES) else { return Vec::new() };
    let mut majors: Vec<OsString> = entries.flatten().map(|entry| entry.file_name()).collect();
    majors.sort_by_key(|major| Reverse(number_parts(&major.to_string_lossy())));
    majors.into_iter().map(|major| Path::new(DEBIAN_POSTGRES).join(major).join("bin")).collect()
}

fn absolute(path: PathBuf) -> PathBuf {
    std::path::absolute(&path).unwrap_or(path)
}

fn folder_of(file: &Path) -> PathBuf {
    file.parent().map(Path::to_owned).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_read_from_what_the_programs_answer() {
        assert_eq!(NATS.version_in("nats-server: v2.15.1\n"), Some("2.15.1"));
        assert_eq!(NATS.version_in("nats-server: v2.16.0-RC.1"), Some("2.16.0"));
        assert_eq!(POSTGRES.version_in("postgres (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)"), Some("15.18"));
        assert_eq!(POSTGRES.version_in("postgres (PostgreSQL) 19devel"), Some("19"));
        assert_eq!(POSTGRES.version_in("cannot be run as root"), None);
    }

    #[test]
    fn versions_compare_by_number_not_by_letter() {
        assert!(number_parts("2.9.10") < number_parts("2.15.1"));
        assert!(number_parts("2.15.1") <= number_parts("2.15.1"));
        assert!(number_parts("18.6") >= number_parts("15"));
    }

    #[tokio::test]
    async fn a_named_program_that_does_not_do_is_an_error_and_not_passed_over() {
        let named = Named { nats_server: Some(PathBuf::from("/bin/true")), ..Named::default() };
        assert!(matches!(Binaries::find(&named).await, Err(ServerError::Unusable { .. })));
        let folder = tempfile::tempdir().unwrap();
        let old = folder.path().join("nats-server");
        fs::write(&old, "#!/bin/sh\necho nats-server: v2.10.27\n").unwrap();
        fs::set_permissions(&old, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
        let named = Named { nats_server: Some(old), ..Named::default() };
        assert!(matches!(Binaries::find(&named).await, Err(ServerError::TooOld { found, .. }) if found == "2.10.27"));
    }
}
