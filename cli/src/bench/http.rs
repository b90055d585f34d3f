//! Load over HTTP: keep-alive connections on one thread of their own, requests made beforehand. It does as little as
//! possible for each request, because it runs on the same cores as what it measures.

use std::{
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use anyhow::{Context, ensure};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    task::LocalSet,
    time::Instant,
};

use super::{cpu::Parties, run::Run};

const ANSWER_BYTES: usize = 8 * 1024;

/// Head and body, as they go over the wire.
pub type Wire = Box<[u8]>;

/// A request without a body.
pub fn get(path: &str, api_key: &str) -> Wire {
    format!("GET {path} HTTP/1.1\r\nhost: bench\r\nauthorization: Bearer {api_key}\r\n\r\n").into_bytes().into()
}

/// A webhook of an order.
pub fn webhook(path: &str, shop: &str, signature: &str, body: &str) -> Wire {
    format!(
        "POST {path} HTTP/1.1\r\nhost: bench\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\
         x-shopify-topic: orders/create\r\nx-shopify-shop-domain: {shop}\r\nx-shopify-hmac-sha256: {signature}\r\n\
         x-shopify-webhook-id: b54557e4-bdd9-4b37-8a5f-bf7d70bcd043\r\n\
         x-shopify-event-id: 98880550-7158-44d4-b7cd-2c97c8a091b5\r\nx-shopify-api-version: 2026-10\r\n\r\n{body}",
        body.len()
    )
    .into_bytes()
    .into()
}

/// One connection that is kept.
pub struct Connection {
    stream: TcpStream,
    received: Vec<u8>,
}

impl Connection {
    pub async fn open(address: SocketAddr) -> anyhow::Result<Connection> {
        let stream = TcpStream::connect(address).await.context("the gateway takes no connection")?;
        stream.set_nodelay(true)?;
        Ok(Connection { stream, received: Vec::with_capacity(ANSWER_BYTES) })
    }

    /// Sends a request and gives the body of its answer, which has to be a 200 with a stated length.
    pub async fn ask(&mut self, request: &[u8]) -> anyhow::Result<&[u8]> {
        self.received.clear();
        self.stream.write_all(request).await?;
        loop {
            let count = self.stream.read_buf(&mut self.received).await?;
            ensure!(count > 0, "the gateway closed a connection");
            if let Some((body, length)) = self.head()?
                && self.received.len() >= body + length
            {
                return Ok(&self.received[body..body + length]);
            }
        }
    }

    /// Where the body begins and how long it is, once the whole head is there.
    fn head(&self) -> anyhow::Result<Option<(usize, usize)>> {
        let Some(end) = self.received.windows(4).position(|window| window == b"\r\n\r\n") else { return Ok(None) };
        let head = std::str::from_utf8(&self.received[..end])?;
        ensure!(head.starts_with("HTTP/1.1 200"), "not a 200: {}", String::from_utf8_lossy(&self.received));
        let length = head
            .lines()
            .filter_map(|line| line.split_once(':'))
            .find(|(name, _)| name.eq_ignore_ascii_case("content-length"))
            .context("an answer without length")?;
        Ok(Some((end + 4, length.1.trim().parse()?)))
    }
}

/// What is asked: each once, or over and over.
#[derive(Clone)]
pub struct Script {
    requests: Arc<[Wire]>,
    next: Arc<AtomicUsize>,
    over_and_over: bool,
}

impl Script {
    pub fn once(requests: Vec<Wire>) -> Script {
        Script { requests: requests.into(), next: Arc::default(), over_and_over: false }
    }

    pub fn over_and_over(requests: impl Into<Arc<[Wire]>>) -> Script {
        Script { requests: requests.into(), next: Arc::default(), over_and_over: true }
    }

    /// `None` when all were asked.
    pub fn next(&self) -> Option<&[u8]> {
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        let index = if self.over_and_over { number % self.requests.len() } else { number };
        self.requests.get(index).map(|request| &request[..])
    }
}

/// Load on a gateway for the length of a turn, or until the script is over.
pub async fn load(
    address: SocketAddr,
    connections: usize,
    turn: Duration,
    script: Script,
    parties: &Parties,
) -> anyhow::Result<Run> {
    let parties = parties.clone();
    on_own_thread(move || async move {
        let mut open = Vec::with_capacity(connections);
        for _ in 0..connections {
            open.push(Connection::open(address).await?);
        }
        let before = parties.spent()?;
        let started = Instant::now();
        let local = LocalSet::new();
        let members: Vec<_> = open
            .into_iter()
            .map(|connection| local.spawn_local(ask_on(connection, started + turn, script.clone())))
            .collect();
        local.await;
        let mut latencies = Vec::new();
        for member in members {
            latencies.append(&mut member.await??);
        }
        Ok(Run::new(started.elapsed(), latencies, parties.spent()?.since(before)))
    })
    .await
}

async fn ask_on(mut connection: Connection, until: Instant, script: Script) -> anyhow::Result<Vec<Duration>> {
    let mut latencies = Vec::new();
    while Instant::now() < until {
        let Some(request) = script.next() else { break };
        let started = Instant::now();
        connection.ask(request).await?;
        latencies.push(started.elapsed());
    }
    Ok(latencies)
}

/// Runs something that is not `Send` on a thread with a runtime of its own.
pub async fn on_own_thread<T, F>(work: impl FnOnce() -> F + Send + 'static) -> anyhow::Result<T>
where
    T: Send + 'static,
    F: Future<Output = anyhow::Result<T>>,
{
    tokio::task::spawn_blocking(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        runtime.block_on(work())
    })
    .await?
}
