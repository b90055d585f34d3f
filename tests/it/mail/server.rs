//! The mail server of the tests, as a process of its own: `server.py` beside this file.

use std::{
    collections::HashMap,
    io::{BufRead, BufReader},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::Arc,
    thread,
    time::Duration,
};

use serde::Deserialize;
use tokio::{sync::watch, time::timeout};

/// What was sent is on its way from one process to the other.
const PATIENCE: Duration = Duration::from_secs(10);

/// A message as the server was given it.
#[derive(Debug, Clone, Deserialize)]
pub struct Received {
    pub from: String,
    pub to: String,
    pub data: String,
}

type ByReader = HashMap<String, Vec<Received>>;

pub struct MailBox {
    pub open_port: u16,
    pub starttls_port: u16,
    pub tls_port: u16,
    /// Of the certificate that vouches for the server, as `localhost`.
    pub pem: String,
    received: watch::Receiver<Arc<ByReader>>,
    _process: Child,
}

impl MailBox {
    pub fn start() -> MailBox {
        let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).expect("a certificate");
        let (pem, folder) = (made.cert.pem(), tempfile::tempdir().expect("a folder"));
        let (certificate, key) = (folder.path().join("certificate"), folder.path().join("key"));
        std::fs::write(&certificate, &pem).expect("a file");
        std::fs::write(&key, made.signing_key.serialize_pem()).expect("a file");
        let mut process = Command::new("python3")
            .arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("it/mail/server.py"))
            .args([&certificate, &key])
            .env("PYTHONPATH", packages())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("python3");
        let mut lines = BufReader::new(process.stdout.take().expect("a pipe")).lines().map_while(Result::ok);
        let ports = lines.next().expect("run `make setup-mail-server` first");
        let ports: Vec<u16> = ports.split(' ').map(|port| port.parse().expect("a port")).collect();
        let (sender, received) = watch::channel(Arc::<ByReader>::default());
        thread::spawn(move || {
            for message in lines.map(|line| serde_json::from_str::<Received>(&line).expect("a message")) {
                sender.send_modify(|all| {
                    Arc::make_mut(all).entry(message.to.clone()).or_default().push(message);
                });
            }
        });
        let [open_port, starttls_port, tls_port] = ports[..] else { panic!("three ports, not {ports:?}") };
        MailBox { open_port, starttls_port, tls_port, pem, received, _process: process }
    }

    /// Everything that this reader has got, as soon as it is so many messages.
    pub async fn of(&self, reader: &str, messages: usize) -> Vec<Received> {
        let mut received = self.received.clone();
        let count = |all: &Arc<ByReader>| all.get(reader).map_or(0, Vec::len);
        let there = timeout(PATIENCE, received.wait_for(|all| count(all) >= messages)).await;
        let all =
            there.unwrap_or_else(|_| panic!("{reader} has not got {messages} messages")).expect("the server lives");
        all.get(reader).cloned().unwrap_or_default()
    }

    /// How many this reader has got by now.
    pub fn count(&self, reader: &str) -> usize {
        self.received.borrow().get(reader).map_or(0, Vec::len)
    }
}

/// `.tools/aiosmtpd`, upward from here.
fn packages() -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut folders = here.ancestors().map(|folder| folder.join(".tools/aiosmtpd"));
    folders.find(|folder| folder.is_dir()).expect("run `make setup-mail-server` first")
}
