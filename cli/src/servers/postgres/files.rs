//! What lies in a PostgreSQL server's directory: its data, made once by `initdb`, and its configuration, written by us
//! on every start.

use std::ffi::OsString;
use std::fs;
use std::io::ErrorKind;
use std::path::PathBuf;

use nix::unistd::Pid;

use super::databases::OPERATOR;
use super::{Flavour, PostgresServer};
use crate::servers::ServerError;

pub(super) const CONFIGURATION: &str = "server.conf";
const DATA: &str = "data";
/// Where `initdb` works; the rename to `data` is what makes it complete.
const DATA_IN_THE_MAKING: &str = "data.new";

impl PostgresServer {
    pub(super) fn data(&self) -> PathBuf {
        self.directory.join(DATA)
    }

    pub(super) async fn make_data_directory(&self) -> Result<(), ServerError> {
        if self.data().exists() {
            return self.refuse_other_major().await;
        }
        let staged = self.directory.join(DATA_IN_THE_MAKING);
        if staged.exists() {
            fs::remove_dir_all(&staged).map_err(ServerError::at(&staged))?;
        }
        self.account.adopt(self.directory.path()).await?;
        let mut initdb = self.account.command(&self.programs.join("initdb"));
        initdb
            .arg("--pgdata")
            .arg(&staged)
            .arg("--pwfile")
            .arg(self.directory.join(OPERATOR))
            // Bytewise order: the same answers on every system and version, whatever its locales.
            .args(["--encoding", "UTF8", "--locale", "C"])
            .args(["--username", OPERATOR, "--auth", "scram-sha-256", "--data-checksums"])
            .current_dir(self.directory.path());
        let output = initdb.output().await.map_err(ServerError::at(&self.programs))?;
        if !output.status.success() {
            let output = String::from_utf8_lossy(&output.stderr).trim().to_owned();
            return Err(ServerError::ProgramFailed { program: "initdb".to_owned(), output });
        }
        fs::rename(&staged, self.data()).map_err(ServerError::at(&staged))
    }

    /// Data of one major version cannot be read by another, and is too precious to be set aside silently.
    async fn refuse_other_major(&self) -> Result<(), ServerError> {
        let path = self.data().join("PG_VERSION");
        let made_by = fs::read_to_string(&path).map_err(ServerError::at(&path))?.trim().to_owned();
        let output = tokio::process::Command::new(self.programs.join("postgres"))
            .arg("--version")
            .output()
            .await
            .map_err(ServerError::at(&self.programs))?;
        let answer = String::from_utf8_lossy(&output.stdout).into_owned();
        let server = answer.split(' ').nth(2).unwrap_or_default();
        if server.split('.').next().map(str::trim) == Some(made_by.as_str()) {
            return Ok(());
        }
        Err(ServerError::OtherMajor { directory: self.data(), made_by, server: server.trim().to_owned() })
    }

    /// The server's own lock file names it on the first line.
    pub(super) fn pid_on_file(&self) -> Result<Option<Pid>, ServerError> {
        let text = self.directory.read(&format!("{DATA}/postmaster.pid"))?;
        Ok(text.and_then(|text| text.lines().next()?.trim().parse().ok()).map(Pid::from_raw))
    }

    /// To be called only when nothing works in the data directory any more.
    pub(super) fn remove_lock_file(&self) -> Result<(), ServerError> {
        let path = self.data().join("postmaster.pid");
        match fs::remove_file(&path) {
            Err(error) if error.kind() != ErrorKind::NotFound => Err(ServerError::at(&path)(error)),
            _ => Ok(()),
        }
    }

    pub(super) fn configuration_argument(&self) -> OsString {
        let mut argument = OsString::from("config_file=");
        argument.push(self.directory.join(CONFIGURATION));
        argument
    }

    pub(super) fn configuration(&self) -> String {
        let mut text = format!(
            "listen_addresses = '127.0.0.1'\n\
             port = {port}\n\
             # A socket's path may have 107 bytes; a data directory's may have more.\n\
             unix_socket_directories = ''\n\
             max_connections = 500\n\
             fsync = on\n\
             synchronous_commit = on\n\
             full_page_writes = on\n\
             # Statements here are short: compiling one costs more than it saves.\n\
             jit = off\n\
             # Neither statements nor the values of rows go into the log.\n\
             log_min_messages = warning\n\
             log_min_error_statement = panic\n\
             log_error_verbosity = terse\n",
            port = self.port,
        );
        if self.flavour == Flavour::Timescale {
            // Its background workers run policies, which the Apache edition does not have; they would also hold
            // connections to the template that new databases are copied from.
            text += "shared_preload_libraries = 'timescaledb'\ntimescaledb.max_background_workers = 0\n";
        }
        text
    }
}
