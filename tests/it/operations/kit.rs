//! An installation as production has it: one `env` file, and gateway and workers as processes beside servers that the test
//! starts and kills.

use std::{
    fs::{self, File},
    net::TcpListener,
    path::{Path, PathBuf},
    process::{Output, Stdio},
    sync::Arc,
    time::Duration,
};

use gateway::{clock::new_id, shopify::sample::OrderSample};
use loyalnest::{
    composition::Config,
    drill::{books::Books, dice::Dice, shop::Shop, traffic::Traffic},
};
use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};
use reqwest::StatusCode;
use serde_json::Value;
use tempfile::TempDir;
use tokio::{
    io::{AsyncBufReadExt, BufReader},
    process::{Child, Command},
    task::JoinSet,
    time,
};
use tokio_util::sync::CancellationToken;

use crate::installation::program::loyalnest;

/// Nothing here takes longer unless it is broken.
const PATIENCE: Duration = Duration::from_secs(90);
/// What whoever runs containers gives a process to end, before it is killed.
const ENDED_WITHIN: Duration = Duration::from_secs(30);
const LOOK_EVERY: Duration = Duration::from_millis(100);
/// Parts of the shop that send at the same time.
const SENDERS: u64 = 3;
const DOMAIN: &str = "operations.myshopify.com";
const SECRET: &str = "operations-secret";

/// Repeats a question until it is answered with yes.
pub async fn eventually(what: &str, mut asked: impl AsyncFnMut() -> bool) {
    let yes = async {
        let mut look = time::interval(LOOK_EVERY);
        while !asked().await {
            look.tick().await;
        }
    };
    time::timeout(PATIENCE, yes).await.unwrap_or_else(|_| panic!("{what}: not within {PATIENCE:?}"));
}

pub struct Site {
    processes: Vec<(&'static str, Child)>,
    /// Where the gateway answers, and where the workers' health is.
    ports: [u16; 3],
    config: Config,
    home: TempDir,
}

impl Site {
    /// A new installation, as "A new installation" says.
    pub async fn prepare(nats_url: String, database_url: String) -> Site {
        let home = tempfile::tempdir().unwrap();
        let keys = home.path().join("keys");
        fs::create_dir(&keys).unwrap();
        let config = Config::below(&keys, nats_url, database_url);
        let site = Site { processes: Vec::new(), ports: [(); 3].map(|()| free_port()), config, home };
        site.write_env_file();
        for words in [&["keys", "init"][..], &["migrate"], &["streams", "apply"]] {
            site.done(words).await;
        }
        site
    }

    /// A place that goes with the test.
    pub fn path(&self, name: &str) -> PathBuf {
        self.home.path().join(name)
    }

    pub fn env_file(&self) -> PathBuf {
        self.path("env")
    }

    fn write_env_file(&self) {
        fs::write(self.env_file(), self.config.as_env_file()).unwrap();
    }

    /// Processes that are started from now on find the log here.
    pub fn log_is_at(&mut self, url: String) {
        self.config.nats_url = url;
        self.write_env_file();
    }

    /// Processes that are started from now on find the database here.
    pub fn database_is_at(&mut self, url: String) {
        self.config.database_url = url;
        self.write_env_file();
    }

    fn command(&self) -> Command {
        let mut command = Command::new(loyalnest());
        command.arg("--env-file").arg(self.env_file()).stdin(Stdio::null()).kill_on_drop(true);
        command
    }

    /// An operator's command.
    pub async fn run(&self, words: &[&str]) -> Output {
        self.command().args(["-o", "json"]).args(words).output().await.unwrap()
    }

    /// One that must succeed. Gives what it has printed.
    pub async fn done(&self, words: &[&str]) -> Value {
        let output = self.run(words).await;
        assert!(output.status.success(), "{words:?}: {}", String::from_utf8_lossy(&output.stderr));
        serde_json::from_slice(&output.stdout).unwrap_or(Value::Null)
    }

    /// A gateway and two workers.
    pub async fn start(&mut self) {
        let [gateway, first, second] = self.ports;
        for (role, port) in [("serve", gateway), ("work", first), ("work", second)] {
            let process = self.process(role, port).await;
            self.processes.push((role, process));
        }
    }

    async fn process(&self, role: &str, port: u16) -> Child {
        let log = File::options().create(true).append(true).open(self.path("log")).unwrap();
        let mut command = self.command();
        command.args([role, "--listen", &format!("127.0.0.1:{port}")]).stdout(Stdio::piped()).stderr(log);
        let mut process = command.spawn().unwrap();
        let mut said = BufReader::new(process.stdout.take().unwrap()).lines();
        let ready = time::timeout(PATIENCE, said.next_line()).await.expect("it starts in time").unwrap();
        let log = || fs::read_to_string(self.path("log")).unwrap_or_default();
        assert!(ready.is_some_and(|line| line.starts_with("ready ")), "{role} does not start: {}", log());
        process
    }

    /// SIGTERM to all of them; returns when they have ended.
    pub async fn stop(&mut self) {
        for (_, process) in &self.processes {
            let pid = process.id().and_then(|pid| i32::try_from(pid).ok()).expect("it runs");
            kill(Pid::from_raw(pid), Signal::SIGTERM).unwrap();
        }
        for (role, mut process) in self.processes.drain(..) {
            let ended = time::timeout(ENDED_WITHIN, process.wait()).await;
            let ended = ended.unwrap_or_else(|_| panic!("{role} does not end within {ENDED_WITHIN:?}")).unwrap();
            assert!(ended.success(), "{role} ended with {ended}");
        }
    }

    /// A merchant, made by the operator's command.
    pub async fn open_shop(&self) -> Shop {
        let made = self.run(&["merchant", "create", "--shop", DOMAIN, "--webhook-secret", SECRET]).await;
        assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
        Shop::made(&format!("http://127.0.0.1:{}", self.ports[0]), DOMAIN, SECRET, &made.stdout).unwrap()
    }

    /// Everything that was answered is there once, tables are what the log says, and nobody has changed it.
    pub async fn is_whole(&self, traffic: &Traffic) {
        traffic.ask_again().await.expect("everything that was answered is known");
        let books = Books::of(&self.env_file(), traffic).await.unwrap();
        books.check().await.expect("the books balance");
        let verified = self.run(&["log", "verify"]).await;
        assert!(verified.status.success(), "{}", String::from_utf8_lossy(&verified.stdout));
        let adopted = self.run(&["restore", "adopt", "--reason", "there is nothing to adopt", "--yes"]).await;
        assert!(String::from_utf8_lossy(&adopted.stderr).contains("nothing to adopt"));
    }
}

fn free_port() -> u16 {
    TcpListener::bind(("127.0.0.1", 0)).and_then(|port| port.local_addr()).unwrap().port()
}

/// A shop that sends all the time.
pub struct Sending {
    pub traffic: Arc<Traffic>,
    enough: CancellationToken,
    senders: JoinSet<anyhow::Result<()>>,
}

impl Sending {
    pub fn begin(shop: Shop) -> Sending {
        let (traffic, enough) = (Arc::new(Traffic::new(shop)), CancellationToken::new());
        let mut senders = JoinSet::new();
        let seed = new_id().as_u64_pair().0;
        println!("seed {seed}");
        for sender in 0..SENDERS {
            let (traffic, enough) = (Arc::clone(&traffic), enough.clone());
            let dice = Dice::of(seed.wrapping_add(sender));
            senders.spawn(async move { traffic.send_until(&enough, sender, dice).await });
        }
        Sending { traffic, enough, senders }
    }

    /// Sends somebody's first order, once, and makes sure that it is not acknowledged; then does what `mends`, and sends it
    /// until it is.
    pub async fn is_not_acknowledged_until(&self, customer: u64, mends: impl Future<Output = ()>) {
        let newcomer = OrderSample { customer_id: Some(customer), ..OrderSample::new(customer) }.body();
        match self.traffic.shop().webhook("orders/create", &newcomer).send().await {
            Ok(answer) => assert_eq!(answer.status(), StatusCode::SERVICE_UNAVAILABLE),
            Err(silence) => assert!(silence.is_timeout(), "{silence}"),
        }
        mends.await;
        let receipt = self.traffic.shop().deliver("orders/create", &newcomer).await.unwrap();
        assert!(receipt.position.is_some(), "{receipt:?}");
    }

    /// Waits until so many more requests have been answered.
    pub async fn answered(&self, more: u64) {
        let wanted = self.traffic.shop().answered() + more;
        eventually("requests are answered", async || self.traffic.shop().answered() >= wanted).await;
    }

    /// Finishes what is under way.
    pub async fn end(mut self) -> Arc<Traffic> {
        self.enough.cancel();
        while let Some(sent) = self.senders.join_next().await {
            sent.expect("no sender fails").expect("nothing is refused");
        }
        self.traffic
    }
}

/// Copies a file with what may be done with it.
pub fn copy(from: &Path, to: &Path) {
    fs::copy(from, to).unwrap();
}
