//! One NATS server with JetStream on loopback: alone, or as one seat of a cluster.

use std::fs::OpenOptions;
use std::path::PathBuf;
use std::process::Stdio;
use std::time::Duration;

use nix::sys::signal::Signal;
use serde::Deserialize;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::net::TcpStream;
use tokio::process::Command;
use tokio::time;

use super::directory::{Directory, last_lines};
use super::process::Process;
use super::resident::Resident;
use super::{Abandoned, Binaries, Secret, ServerError, port};

const PROGRAM: &str = "nats-server";
const USER: &str = "loyalnest";
const CONFIGURATION: &str = "nats.conf";
const LOG: &str = "nats.log";
/// What the server says before it has opened its log: that it does not like its configuration.
const FIRST_WORDS: &str = "nats.stderr";
/// A large store is read through before the server listens; its own death is noticed at once, so this is only the
/// bound on a server that hangs.
const READY_WITHIN: Duration = Duration::from_secs(120);
const ASK_EVERY: Duration = Duration::from_millis(20);
/// One question to a server that may not be there yet.
const ANSWER_WITHIN: Duration = Duration::from_secs(2);
/// After SIGTERM: the server flushes its stores.
const STOP_WITHIN: Duration = Duration::from_secs(10);
/// Ports tried when others take them first.
const PORT_ATTEMPTS: usize = 5;

/// What one server is to be. `NatsOptions::in_directory` fills in what most callers want.
#[derive(Debug, Clone)]
pub struct NatsOptions {
    /// Everything of this server lies here; made when missing.
    pub directory: PathBuf,
    /// `None`: the port of the last run in this directory, or a free one.
    pub port: Option<u16>,
    pub cluster: Option<ClusterSeat>,
    /// `None`: one is made for this directory and kept there. The servers of a cluster share one.
    pub secret: Option<Secret>,
    pub abandoned: Abandoned,
}

/// This server's place among others.
#[derive(Debug, Clone)]
pub struct ClusterSeat {
    pub cluster: String,
    /// Where the others reach this server.
    pub route_port: u16,
    /// Route ports of all members; its own may be among them.
    pub members: Vec<u16>,
}

impl NatsOptions {
    pub fn in_directory(directory: impl Into<PathBuf>) -> NatsOptions {
        NatsOptions {
            directory: directory.into(),
            port: None,
            cluster: None,
            secret: None,
            abandoned: Abandoned::default(),
        }
    }
}

/// A server that was started or taken over. Dropping it kills the server; [`NatsNode::stop`] lets it finish.
pub struct NatsNode {
    program: PathBuf,
    directory: Directory,
    name: String,
    secret: Secret,
    port: u16,
    cluster: Option<ClusterSeat>,
    abandoned: Abandoned,
    process: Option<Process>,
}

impl NatsNode {
    /// Starts a server, or takes over the one that an earlier run has left in this directory. Returns when it answers
    /// under its own name and, unless it has a seat in a cluster, JetStream is ready.
    pub async fn start(binaries: &Binaries, options: NatsOptions) -> Result<NatsNode, ServerError> {
        let directory = Directory::lock(&options.directory)?;
        let secret = match options.secret {
            Some(secret) => secret,
            None => directory.secret("secret")?,
        };
        let name = format!("{USER}-{}", directory.secret("name")?.expose());
        let port = match options.port.or(directory.last_port()?) {
            Some(port) => port,
            None => port::free()?,
        };
        let mut node = NatsNode {
            program: binaries.nats_server.clone(),
            directory,
            name,
            secret,
            port,
            cluster: options.cluster,
            abandoned: options.abandoned,
            process: None,
        };
        if !node.take_over().await? {
            node.launch_where_there_is_room(options.port.is_some()).await?;
        }
        Ok(node)
    }

    /// `nats://USER:PASSWORD@127.0.0.1:PORT`
    pub fn url(&self) -> String {
        format!("nats://{USER}:{}@127.0.0.1:{}", self.secret.expose(), self.port)
    }

    pub fn port(&self) -> u16 {
        self.port
    }

    /// `None` while it does not run.
    pub fn pid(&self) -> Option<i32> {
        self.process.as_ref()?.pid().map(|pid| pid.as_raw())
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

    /// SIGTERM, and SIGKILL after ten seconds.
    pub async fn stop(mut self) {
        self.end().await;
    }

    pub(super) async fn end(&mut self) {
        if let Some(mut process) = self.process.take() {
            process.stop(Signal::SIGTERM, STOP_WITHIN).await;
        }
    }

    /// What still runs here from an earlier run is kept if it is just what would be started now, and stopped if not.
    async fn take_over(&mut self) -> Result<bool, ServerError> {
        let Some(resident) = Resident::all(PROGRAM, self.directory.path()).into_iter().next() else { return Ok(false) };
        let mut process = Process::take_over(resident);
        let is_as_wanted = self.directory.read(CONFIGURATION)?.as_ref() == Some(&self.configuration());
        // A start that was killed half-way may have left a server that is still reading its store.
        if is_as_wanted && self.wait_until_ready(&mut process).await.is_ok() {
            self.process = Some(process);
            return Ok(true);
        }
        process.stop(Signal::SIGTERM, STOP_WITHIN).await;
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
        self.directory.remember_port(self.port)?;
        self.directory.write(CONFIGURATION, &self.configuration())?;
        let mut command = Command::new(&self.program);
        // By its working directory the next start recognises it.
        command.args(["-c", CONFIGURATION]).current_dir(self.directory.path());
        self.directory.write(FIRST_WORDS, "")?;
        let first_words = OpenOptions::new().append(true).open(self.directory.join(FIRST_WORDS));
        command.stdout(Stdio::null()).stderr(first_words.map_err(ServerError::at(self.directory.path()))?);
        let mut process = Process::spawn(command, self.abandoned).map_err(ServerError::at(&self.program))?;
        let outcome = self.wait_until_ready(&mut process).await;
        if outcome.is_err() {
            process.kill9().await;
        }
        self.process = Some(process);
        outcome
    }

    async fn wait_until_ready(&self, process: &mut Process) -> Result<(), ServerError> {
        tokio::select! {
            () = process.exited() => Err(self.why_it_exited()),
            () = self.ready() => Ok(()),
            () = time::sleep(READY_WITHIN) => Err(ServerError::NotReady {
                server: "NATS",
                within: READY_WITHIN,
                last_answer: "it does not answer under its own name, or JetStream does not".to_owned(),
                log: self.log(),
            }),
        }
    }

    fn why_it_exited(&self) -> ServerError {
        if !port::is_free(self.port) {
            return ServerError::PortTaken { port: self.port };
        }
        let log = self.log();
        let last_words = last_lines(&log) + &last_lines(&self.directory.join(FIRST_WORDS));
        ServerError::Exited { server: "NATS", last_words, log }
    }

    async fn ready(&self) {
        let mut ask = time::interval(ASK_EVERY);
        loop {
            ask.tick().await;
            if matches!(time::timeout(ANSWER_WITHIN, self.answers()).await, Ok(true)) {
                return;
            }
        }
    }

    /// A seat in a cluster is taken once the server answers: JetStream there waits for the others.
    async fn answers(&self) -> bool {
        self.answers_under_its_name().await && (self.cluster.is_some() || self.jetstream_answers().await)
    }

    /// The first line of a NATS server tells who it is, before any password is asked for.
    async fn answers_under_its_name(&self) -> bool {
        #[derive(Deserialize)]
        struct Info {
            server_name: String,
        }
        let Ok(stream) = TcpStream::connect(("127.0.0.1", self.port)).await else { return false };
        let mut line = String::new();
        if BufReader::new(stream).read_line(&mut line).await.is_err() {
            return false;
        }
        line.strip_prefix("INFO ")
            .and_then(|info| serde_json::from_str::<Info>(info).ok())
            .is_some_and(|info| info.server_name == self.name)
    }

    async fn jetstream_answers(&self) -> bool {
        match self.connect().await {
            Ok(client) => async_nats::jetstream::new(client).query_account().await.is_ok(),
            Err(_) => false,
        }
    }

    /// A client of this very server: it stays away from other members of its cluster.
    pub(super) async fn connect(&self) -> Result<async_nats::Client, async_nats::ConnectError> {
        async_nats::ConnectOptions::with_user_and_password(USER.to_owned(), self.secret.expose().to_owned())
            .ignore_discovered_servers()
            .connect(format!("127.0.0.1:{}", self.port))
            .await
    }

    /// Paths are relative to the server's working directory, which is its own.
    fn configuration(&self) -> String {
        let secret = self.secret.expose();
        let mut text = format!(
            "server_name: \"{name}\"\n\
             listen: \"127.0.0.1:{port}\"\n\
             # Commits are bounded at 512 KiB; groups of small ones travel one by one.\n\
             max_payload: 2MB\n\
             authorization {{ user: {USER}, password: \"{secret}\" }}\n\
             # Acknowledged means fsynced.\n\
             jetstream {{ store_dir: \"jetstream\", sync_interval: always }}\n\
             log_file: \"{LOG}\"\n\
             logfile_size_limit: 16MB\n\
             logfile_max_num: 2\n",
            name = self.name,
            port = self.port,
        );
        if let Some(seat) = &self.cluster {
            let routes: Vec<String> =
                seat.members.iter().map(|port| format!("\"nats://{USER}:{secret}@127.0.0.1:{port}\"")).collect();
            text += &format!(
                "cluster {{\n  name: \"{cluster}\"\n  listen: \"127.0.0.1:{port}\"\n  \
                 authorization {{ user: {USER}, password: \"{secret}\" }}\n  routes: [{routes}]\n}}\n",
                cluster = seat.cluster,
                port = seat.route_port,
                routes = routes.join(", "),
            );
        }
        text
    }
}
