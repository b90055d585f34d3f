//! One PostgreSQL server on loopback, with or without TimescaleDB.

mod databases;
mod files;

use std::fs::OpenOptions;
use std::os::unix::fs::OpenOptionsExt;
use std::path::PathBuf;
use std::time::Duration;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use tokio::time;

use self::databases::Login;
use super::account::Account;
use super::directory::{Directory, last_lines};
use super::process::Process;
use super::resident::Resident;
use super::{Abandoned, Binaries, Secret, ServerError, port};

const PROGRAM: &str = "postgres";
const LOG: &str = "postgres.log";
/// Beyond this size the log of the last run is put aside, so that two of them are kept at most.
const LOG_LIMIT_BYTES: u64 = 16 * 1024 * 1024;
/// Recovery after a crash may replay much; the server's own death is noticed at once, so this bounds one that hangs.
const READY_WITHIN: Duration = Duration::from_secs(120);
const ASK_EVERY: Duration = Duration::from_millis(20);
/// After SIGINT ("fast"): sessions are cut, a checkpoint is written.
const STOP_WITHIN: Duration = Duration::from_secs(30);
/// What a killed server's own children get to notice it; they do so within milliseconds.
const LEFTOVERS_GONE_WITHIN: Duration = Duration::from_secs(5);
/// Ports tried when others take them first.
const PORT_ATTEMPTS: usize = 5;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Flavour {
    #[default]
    Plain,
    /// With the extension loaded and created in every database. Needs [`Binaries::with_timescale`].
    Timescale,
}

/// What the server is to be. `PostgresOptions::in_directory` fills in what most callers want.
#[derive(Debug, Clone)]
pub struct PostgresOptions {
    /// Everything of this server lies here; made when missing.
    pub directory: PathBuf,
    /// `None`: the port of the last run in this directory, or a free one.
    pub port: Option<u16>,
    pub flavour: Flavour,
    pub abandoned: Abandoned,
}

impl PostgresOptions {
    pub fn in_directory(directory: impl Into<PathBuf>) -> PostgresOptions {
        PostgresOptions {
            directory: directory.into(),
            port: None,
            flavour: Flavour::default(),
            abandoned: Abandoned::default(),
        }
    }
}

/// A server that was started or taken over. Dropping it kills the server; [`PostgresServer::stop`] lets it finish.
pub struct PostgresServer {
    programs: PathBuf,
    account: Account,
    directory: Directory,
    operator_secret: Secret,
    secret: Secret,
    port: u16,
    flavour: Flavour,
    abandoned: Abandoned,
    process: Option<Process>,
}

impl PostgresServer {
    /// Starts a server, making its data directory on the first run, or takes over the one that an earlier run has left
    /// in this directory. Returns when it answers for its own data directory and the database `loyalnest` exists.
    pub async fn start(binaries: &Binaries, options: PostgresOptions) -> Result<PostgresServer, ServerError> {
        Self::start_as(Account::choose().await?, binaries, options).await
    }

    pub(super) async fn start_as(
        account: Account,
        binaries: &Binaries,
        options: PostgresOptions,
    ) -> Result<PostgresServer, ServerError> {
        let directory = Directory::lock(&options.directory)?;
        let port = match options.port.or(directory.last_port()?) {
            Some(port) => port,
            None => port::free()?,
        };
        let mut server = PostgresServer {
            programs: binaries.postgres_bin_dir.clone(),
            account,
            operator_secret: directory.secret(databases::OPERATOR)?,
            secret: directory.secret(databases::APPLICATION_SECRET)?,
            directory,
            port,
            flavour: options.flavour,
            abandoned: options.abandoned,
            process: None,
        };
        if !server.take_over().await? {
            server.make_data_directory().await?;
            server.launch_where_there_is_room(options.port.is_some()).await?;
        }
        server.prepare_databases().await?;
        Ok(server)
    }

    /// `postgres://loyalnest:PASSWORD@127.0.0.1:PORT/loyalnest`; the role owns its database and may create others.
    pub fn url(&self) -> String {
        self.login(Login::Application).url()
    }

    /// The same, in another database of this server; the name must need no escaping in a URL.
    pub fn database_url(&self, database: &str) -> String {
        self.login(Login::Application).in_database(database).url()
    }

    /// The same server as its superuser, in the database `postgres`.
    pub fn operator_url(&self) -> String {
        self.login(Login::Operator).url()
    }

    pub fn port(&self) -> u16 {
        self.port
    }

    /// `None` while it does not run.
    pub fn pid(&self) -> Option<i32> {
        self.process.as_ref()?.pid().map(Pid::as_raw)
    }

    /// Where the server writes what it does.
    pub fn log(&self) -> PathBuf {
        self.directory.join(LOG)
    }

    /// Resolves when the server has ended, in whatever way.
    pub async fn exited(&mut self) {
        if let Some(process) = &mut self.process {
            process.exited().await;
        }
    }

    /// Starts it again in its directory and on its port; stops it first if it still runs.
    pub async fn restart(&mut self) -> Result<(), ServerError> {
        self.end().await;
        self.launch().await
    }

    /// Takes the server down as a power cut would.
    pub async fn kill9(&mut self) {
        if let Some(process) = &mut self.process {
            process.kill9().await;
        }
    }

    /// Fast shutdown (SIGINT), and SIGKILL after thirty seconds.
    pub async fn stop(mut self) {
        self.end().await;
    }

    pub(super) async fn end(&mut self) {
        if let Some(mut process) = self.process.take() {
            process.stop(Signal::SIGINT, STOP_WITHIN).await;
        }
    }

    /// What still runs here from an earlier run is kept if it is just what would be started now, and stopped if not.
    async fn take_over(&mut self) -> Result<bool, ServerError> {
        let Some(pid) = self.pid_on_file()? else { return Ok(false) };
        let Some(resident) = Resident::at(pid, PROGRAM, &self.data()) else {
            if Resident::is_hidden(pid, PROGRAM) {
                return Err(ServerError::Occupied { directory: self.data(), pid: pid.as_raw() });
            }
            return Ok(false);
        };
        let mut process = Process::take_over(resident);
        let is_as_wanted = self.directory.read(files::CONFIGURATION)?.as_ref() == Some(&self.configuration());
        if is_as_wanted && self.wait_until_ready(&mut process).await.is_ok() {
            self.process = Some(process);
            return Ok(true);
        }
        process.stop(Signal::SIGINT, STOP_WITHIN).await;
        Ok(false)
    }

    async fn launch_where_there_is_room(&mut self, port_is_given: bool) -> Result<(), ServerError> {
        for _ in 1..PORT_ATTEMPTS {
            match self.launch().await {
                Err(ServerError::PortTaken { .. }) if !port_is_given => self.port = port::free()?,
                outcome => return outcome,
            }
        }
        self.launch().await
    }

    async fn launch(&mut self) -> Result<(), ServerError> {
        if !port::is_free(self.port) {
            return Err(ServerError::PortTaken { port: self.port });
        }
        self.clear_leftovers().await?;
        self.directory.remember_port(self.port)?;
        self.directory.write(files::CONFIGURATION, &self.configuration())?;
        self.account.adopt(self.directory.path()).await?;
        let program = self.programs.join(PROGRAM);
        let mut command = self.account.command(&program);
        command.arg("-D").arg(self.data());
        command.arg("-c").arg(self.configuration_argument()).current_dir(self.directory.path());
        let log = self.open_log()?;
        command.stdout(log.try_clone().map_err(ServerError::at(&program))?).stderr(log);
        let mut process = Process::spawn(command, self.abandoned).map_err(ServerError::at(&program))?;
        let outcome = self.wait_until_ready(&mut process).await;
        if outcome.is_err() {
            process.kill9().await;
        }
        self.process = Some(process);
        outcome
    }

    /// Children of a killed server hold its shared memory until they have noticed; a new server refuses to start
    /// beside them. What is left in the lock file then names nobody, or, after a restart of the machine, a stranger.
    async fn clear_leftovers(&self) -> Result<(), ServerError> {
        let data = self.data();
        let mut look = time::interval(ASK_EVERY);
        let gone = async {
            while !Resident::all(PROGRAM, &data).is_empty() {
                look.tick().await;
            }
        };
        if time::timeout(LEFTOVERS_GONE_WITHIN, gone).await.is_err() {
            for leftover in Resident::all(PROGRAM, &data) {
                // It may have ended by itself just now.
                let _ = kill(leftover.pid, Signal::SIGKILL);
            }
        }
        self.remove_lock_file()
    }

    async fn wait_until_ready(&self, process: &mut Process) -> Result<(), ServerError> {
        let operator = self.login(Login::Operator);
        let data = self.data();
        let mut last_answer = String::from("no answer");
        let ready = async {
            let mut ask = time::interval(ASK_EVERY);
            loop {
                ask.tick().await;
                match operator.data_directory().await {
                    Ok(directory) if directory == data => return,
                    Ok(_) => last_answer = "another server answers".to_owned(),
                    Err(error) => last_answer = error.to_string(),
                }
            }
        };
        tokio::select! {
            () = process.exited() => Err(self.why_it_exited()),
            () = ready => Ok(()),
            () = time::sleep(READY_WITHIN) => Err(ServerError::NotReady {
                server: "PostgreSQL",
                within: READY_WITHIN,
                last_answer,
                log: self.log(),
            }),
        }
    }

    fn why_it_exited(&self) -> ServerError {
        if !port::is_free(self.port) {
            return ServerError::PortTaken { port: self.port };
        }
        let log = self.log();
        ServerError::Exited { server: "PostgreSQL", last_words: last_lines(&log), log }
    }

    fn open_log(&self) -> Result<std::fs::File, ServerError> {
        let path = self.log();
        if path.metadata().is_ok_and(|log| log.len() > LOG_LIMIT_BYTES) {
            std::fs::rename(&path, self.directory.join("postgres.log.old")).map_err(ServerError::at(&path))?;
        }
        OpenOptions::new().create(true).append(true).mode(0o600).open(&path).map_err(ServerError::at(&path))
    }
}
