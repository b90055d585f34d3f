//! A whole installation in a temporary directory: `loyalnest dev` as a process of its own, which can be killed and
//! started again on the same data and the same port. Nothing of it outlives this process, however this process ends.

use std::{
    ffi::{OsStr, OsString},
    fs::{self, OpenOptions},
    io::Write,
    path::{Path, PathBuf},
    process::{ExitStatus, Output, Stdio},
    time::Duration,
};

use anyhow::{Context, bail, ensure};
use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};
use tokio::{
    io::{AsyncBufReadExt, BufReader},
    process::{Child, ChildStdout, Command},
    sync::oneshot,
    time,
};

use crate::servers::{database_processes_below, free_port, running_below};

/// A start in a debug build on a busy machine takes seconds; more than this is a fault.
const READY_WITHIN: Duration = Duration::from_secs(90);
/// Requests under way are finished, both servers stopped.
const STOPPED_WITHIN: Duration = Duration::from_secs(60);
/// A killed server's sessions notice within milliseconds; on a busy machine it may take them seconds.
const GONE_WITHIN: Duration = Duration::from_secs(30);
const LOOK_EVERY: Duration = Duration::from_millis(5);
const READY: &str = "ready ";

/// Waits until its input ends, that is until its owner lets go or dies; then ends whatever works below the directory,
/// politely first, and removes it.
const KEEPER: &str = r#"
trap '' INT TERM HUP
home=$1
ours() { find /proc/[0-9]*/cwd -maxdepth 0 -lname "$home*" 2>/dev/null | tr -dc '0-9\n'; }
read -r _
signal=INT
tries=0
while pids=$(ours) && [ -n "$pids" ]; do
    [ $tries -eq 0 ] || [ $tries -ge 150 ] && kill -$signal $pids 2>/dev/null
    tries=$((tries + 1))
    [ $tries -lt 150 ] || signal=KILL
    [ $tries -lt 300 ] || break
    sleep 0.1
done
rm -rf "$home"
"#;

/// What can be killed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    Gateway,
    Nats,
    Postgres,
}

/// How it is started, besides its directory and its port.
#[derive(Debug, Clone, Default)]
pub struct Setting {
    /// Further arguments of `loyalnest dev`.
    pub arguments: Vec<OsString>,
    pub environment: Vec<(String, String)>,
}

pub struct Installation {
    program: PathBuf,
    setting: Setting,
    home: PathBuf,
    port: u16,
    process: Option<Child>,
    keeper: std::process::Child,
}

impl Installation {
    /// Starts `program dev` in a new directory, and returns when it is ready.
    ///
    /// # Errors
    /// With the last words of the process when it ends before it is ready.
    pub async fn start(program: &Path, setting: Setting) -> anyhow::Result<Installation> {
        let mut installation = Self::prepare(program, setting)?;
        installation.start_again().await?;
        Ok(installation)
    }

    /// The directory alone, with nothing running in it yet.
    fn prepare(program: &Path, setting: Setting) -> anyhow::Result<Installation> {
        let home = tempfile::Builder::new().prefix("loyalnest-").tempdir()?.keep().canonicalize()?;
        let mut keeper = std::process::Command::new("sh");
        keeper.args(["-c", KEEPER, "keeper"]).arg(&home).current_dir("/");
        let keeper = keeper.stdin(Stdio::piped()).stdout(Stdio::null()).spawn().context("no keeper")?;
        Ok(Installation { program: program.to_owned(), setting, home, port: free_port()?, process: None, keeper })
    }

    /// Starts it on the data and the port it had.
    ///
    /// # Errors
    /// As [`Installation::start`].
    pub async fn start_again(&mut self) -> anyhow::Result<()> {
        ensure!(self.process.is_none(), "it runs already");
        let mut child = self.dev().spawn().with_context(|| format!("cannot start {}", self.program.display()))?;
        let output = child.stdout.take().context("a piped output is there")?;
        let (tell, ready) = oneshot::channel();
        tokio::spawn(take_down(output, self.output(), tell));
        match time::timeout(READY_WITHIN, ready).await.context("it was not ready in time")? {
            Ok(()) => self.process = Some(child),
            Err(_) => {
                let status = child.wait().await?;
                bail!("it ended before it was ready ({status}): {}", self.last_words());
            }
        }
        Ok(())
    }

    fn dev(&self) -> Command {
        let mut command = Command::new(&self.program);
        command
            .arg("dev")
            .arg("--data-dir")
            .arg(self.data())
            .args(["--listen", &format!("127.0.0.1:{}", self.port)])
            .args(&self.setting.arguments)
            .envs(self.setting.environment.iter().map(|(name, value)| (name, value)))
            // By its working directory the keeper knows it.
            .current_dir(&self.home)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .kill_on_drop(true);
        let log = OpenOptions::new().create(true).append(true).open(self.log());
        command.stderr(log.map_or_else(|_| Stdio::null(), Stdio::from));
        command
    }

    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// Everything that was written for it, by whomever.
    pub fn home(&self) -> &Path {
        &self.home
    }

    /// What `loyalnest dev` calls its data directory.
    pub fn data(&self) -> PathBuf {
        self.home.join("data")
    }

    pub fn env_file(&self) -> PathBuf {
        self.data().join("env")
    }

    /// What the process has said on stderr, in all its runs.
    pub fn log(&self) -> PathBuf {
        self.home.join("log")
    }

    /// What it has said on stdout.
    pub fn output(&self) -> PathBuf {
        self.home.join("output")
    }

    fn last_words(&self) -> String {
        let text = fs::read_to_string(self.log()).unwrap_or_default();
        text.lines().next_back().unwrap_or_default().to_owned()
    }

    /// Runs an operator's command beside it.
    pub async fn command<S: AsRef<OsStr>>(&self, arguments: &[S]) -> anyhow::Result<Output> {
        let mut command = Command::new(&self.program);
        command.arg("--env-file").arg(self.env_file()).args(arguments).stdin(Stdio::null()).kill_on_drop(true);
        command.output().await.context("the command could not be run")
    }

    pub fn pid(&self, part: Part) -> Option<Pid> {
        let servers = || running_below(&self.data());
        match part {
            Part::Gateway => {
                let id = self.process.as_ref()?.id()?;
                i32::try_from(id).ok().map(Pid::from_raw)
            }
            Part::Nats => servers().nats,
            Part::Postgres => servers().postgres,
        }
    }

    /// False if there is nothing to signal.
    pub fn signal(&self, part: Part, signal: Signal) -> bool {
        self.pid(part).is_some_and(|pid| kill(pid, signal).is_ok())
    }

    /// Kills a server whose program has been taken away, and returns when nothing of it answers any more: a database's
    /// sessions may answer for a moment after their server is dead.
    ///
    /// # Errors
    /// If it does not run, or something of it stays.
    pub async fn kill_for_good(&self, server: Part) -> anyhow::Result<()> {
        ensure!(self.signal(server, Signal::SIGKILL), "it does not run");
        let gone = async {
            let mut look = time::interval(LOOK_EVERY);
            while self.pid(server).is_some() || server == Part::Postgres && database_processes_below(&self.data()) > 0 {
                look.tick().await;
            }
        };
        time::timeout(GONE_WITHIN, gone).await.context("something of it still works")
    }

    /// SIGKILL. Its servers run on.
    ///
    /// # Errors
    /// If it does not run.
    pub async fn kill_gateway(&mut self) -> anyhow::Result<()> {
        let mut process = self.process.take().context("it does not run")?;
        process.kill().await.context("it could not be killed")
    }

    /// SIGTERM, and what it ended with.
    ///
    /// # Errors
    /// If it does not run, or does not end.
    pub async fn stop(&mut self) -> anyhow::Result<ExitStatus> {
        ensure!(self.signal(Part::Gateway, Signal::SIGTERM), "it does not run");
        self.ended().await
    }

    /// Waits for it to end by itself.
    ///
    /// # Errors
    /// If it does not run, or does not end.
    pub async fn ended(&mut self) -> anyhow::Result<ExitStatus> {
        let mut process = self.process.take().context("it does not run")?;
        let ended = time::timeout(STOPPED_WITHIN, process.wait()).await;
        Ok(ended.context("it did not end in time")??)
    }
}

/// Copies what a process says into a file, and tells when it says that it is ready.
async fn take_down(said: ChildStdout, file: PathBuf, ready: oneshot::Sender<()>) {
    let mut ready = Some(ready);
    let mut lines = BufReader::new(said).lines();
    while let Ok(Some(line)) = lines.next_line().await {
        let copy = OpenOptions::new().create(true).append(true).open(&file);
        // What cannot be written down is lost to those who look for it later, and they will say so.
        let _ = copy.and_then(|mut copy| writeln!(copy, "{line}"));
        if line.starts_with(READY) {
            ready.take().map(|ready| ready.send(()));
        }
    }
}

impl Drop for Installation {
    /// Returns when nothing is left.
    fn drop(&mut self) {
        drop(self.keeper.stdin.take());
        // The keeper is a shell that ends; if it cannot be waited for there is nothing more to be done.
        let _ = self.keeper.wait();
    }
}
