//! Real servers on free ports in a directory that vanishes: one, or a cluster of three. Every write is synced.

use std::fmt::Write as _;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use async_nats::jetstream::{ErrorCode, context::DeleteStreamErrorKind};
use tempfile::TempDir;
use tokio::time::Instant;

/// How long a server or a cluster may take until it is ready.
const START_TIMEOUT: Duration = Duration::from_secs(30);
/// A cluster without a leader does not answer at all.
const ANSWER_TIMEOUT: Duration = Duration::from_millis(300);
const POLL: Duration = Duration::from_millis(20);

/// Servers that are killed when this goes out of scope.
pub struct Nats {
    nodes: Vec<Child>,
    urls: Vec<String>,
    directory: TempDir,
}

impl Nats {
    /// One server.
    pub async fn single() -> Self {
        let directory = tempfile::tempdir().expect("a directory can be made");
        let node = start(directory.path(), "n1", "");
        let url = client_url(directory.path(), "n1").await;
        let nats = Nats { nodes: vec![node], urls: vec![url], directory };
        nats.wait_for_jetstream().await;
        nats
    }

    /// Three servers that share the work.
    pub async fn cluster() -> Self {
        let directory = tempfile::tempdir().expect("a directory can be made");
        let ports = free_ports::<3>();
        let routes: Vec<String> = ports.iter().map(|port| format!("nats-route://127.0.0.1:{port}")).collect();
        let (mut nodes, mut urls) = (Vec::new(), Vec::new());
        for (name, port) in ["n1", "n2", "n3"].into_iter().zip(ports) {
            let cluster =
                format!("cluster {{ name: test, listen: \"127.0.0.1:{port}\", routes: [{}] }}", routes.join(", "));
            nodes.push(start(directory.path(), name, &cluster));
        }
        for name in ["n1", "n2", "n3"] {
            urls.push(client_url(directory.path(), name).await);
        }
        let nats = Nats { nodes, urls, directory };
        nats.wait_for_jetstream().await;
        nats
    }

    /// Kills the only server, as a crash does, and starts it on what it left; its address is another one.
    pub async fn crash(&mut self) {
        let node = &mut self.nodes[0];
        node.kill().expect("it runs");
        node.wait().expect("it ends");
        let home = self.directory.path().join("n1");
        std::fs::remove_file(ports_file(&home).expect("it has said where it listens")).expect("nobody else removes it");
        self.nodes[0] = run(&home);
        self.urls[0] = client_url(self.directory.path(), "n1").await;
        self.wait_for_jetstream().await;
    }

    /// The address of the first server.
    pub fn url(&self) -> &str {
        &self.urls[0]
    }

    /// The address of each server.
    pub fn urls(&self) -> &[String] {
        &self.urls
    }

    /// Where the first server listens, as host and port.
    pub fn address(&self) -> &str {
        self.urls[0].trim_start_matches("nats://")
    }

    async fn wait_for_jetstream(&self) {
        let started = Instant::now();
        let client = async_nats::connect(self.urls.as_slice()).await.expect("the server takes connections");
        let mut jetstream = async_nats::jetstream::new(client);
        jetstream.set_timeout(ANSWER_TIMEOUT);
        // A cluster answers once it has a leader and knows all its members.
        let probe = async_nats::jetstream::stream::Config {
            name: "PROBE".to_owned(),
            subjects: vec!["probe".to_owned()],
            num_replicas: self.nodes.len(),
            ..Default::default()
        };
        while jetstream.create_stream(&probe).await.is_err() {
            assert!(started.elapsed() < START_TIMEOUT, "JetStream did not become ready");
            tokio::time::sleep(POLL).await;
        }
        // An answer can be late here, too; once it is gone, a second request for it is refused.
        while let Err(error) = jetstream.delete_stream("PROBE").await {
            if matches!(error.kind(), DeleteStreamErrorKind::JetStream(refused) if refused.error_code() == ErrorCode::STREAM_NOT_FOUND)
            {
                break;
            }
            assert!(started.elapsed() < START_TIMEOUT, "the probe cannot be removed: {error}");
        }
    }
}

impl Drop for Nats {
    fn drop(&mut self) {
        for node in &mut self.nodes {
            // It may have ended by itself; there is nothing more to do about it either way.
            let _ = node.kill();
            let _ = node.wait();
        }
    }
}

fn start(directory: &Path, name: &str, cluster: &str) -> Child {
    let home = directory.join(name);
    std::fs::create_dir(&home).expect("a directory can be made");
    let mut config = String::new();
    let store = home.join("store");
    writeln!(config, "server_name: {name}\nlisten: \"127.0.0.1:-1\"\nports_file_dir: {home:?}")
        .expect("a String takes it");
    writeln!(config, "jetstream {{ store_dir: {store:?}, sync_interval: always }}\n{cluster}")
        .expect("a String takes it");
    std::fs::write(home.join("nats.conf"), config).expect("the configuration can be written");
    run(&home)
}

fn run(home: &Path) -> Child {
    let log = std::fs::File::options().create(true).append(true).open(home.join("log")).expect("the log can be made");
    Command::new(binary())
        .arg("-c")
        .arg(home.join("nats.conf"))
        .stdout(Stdio::null())
        .stderr(log)
        .spawn()
        .expect("nats-server starts")
}

/// The server writes its ports into a file once it listens.
async fn client_url(directory: &Path, name: &str) -> String {
    let started = Instant::now();
    loop {
        if let Some(url) = ports_file(&directory.join(name)).and_then(|file| url_in(&file)) {
            return url;
        }
        assert!(started.elapsed() < START_TIMEOUT, "{name} did not start: {}", directory.display());
        tokio::time::sleep(POLL).await;
    }
}

fn ports_file(home: &Path) -> Option<PathBuf> {
    let is_ports = |path: &PathBuf| path.extension().is_some_and(|extension| extension == "ports");
    std::fs::read_dir(home).ok()?.flatten().map(|entry| entry.path()).find(is_ports)
}

fn url_in(ports_file: &Path) -> Option<String> {
    let ports: serde_json::Value = serde_json::from_slice(&std::fs::read(ports_file).ok()?).ok()?;
    ports["nats"][0].as_str().map(str::to_owned)
}

/// `.tools/bin` of this checkout, or the search path.
fn binary() -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let installed = here.ancestors().map(|folder| folder.join(".tools/bin/nats-server")).find(|path| path.exists());
    installed.unwrap_or_else(|| PathBuf::from("nats-server"))
}

/// Ports nobody uses now. Held open together, so that they differ.
fn free_ports<const COUNT: usize>() -> [u16; COUNT] {
    let listeners: [TcpListener; COUNT] =
        std::array::from_fn(|_| TcpListener::bind("127.0.0.1:0").expect("a free port can be had"));
    listeners.map(|listener| listener.local_addr().expect("it is bound").port())
}
