//! Threads of their own for what talks to the log and to the vault's database.
//!
//! Commands keep the threads of the main runtime busy: hundreds may be ready at once, and a task that only hands bytes to a
//! socket would take its turn behind them all, again and again within one batch. On a thread of its own it is the
//! operating system that lets it in, within microseconds. With 1,024 awards in flight that is worth half as much again.

use std::{future::Future, io, sync::OnceLock};

use anyhow::{Context, anyhow};
use tokio::runtime::{Builder, Runtime};

/// For connections to the log, and the committer.
pub static LOG: OwnThread = OwnThread::named("log");
/// For connections of the vault, and its rounds.
pub static VAULT: OwnThread = OwnThread::named("vault");

/// A thread with sockets and timers, started when it is first needed; lives as long as the process.
pub struct OwnThread {
    name: &'static str,
    runtime: OnceLock<io::Result<Runtime>>,
}

impl OwnThread {
    const fn named(name: &'static str) -> Self {
        OwnThread { name, runtime: OnceLock::new() }
    }

    /// Carries this out over there, with everything it spawns; that ends when the handles on it are dropped.
    pub async fn run<T: Send + 'static>(&self, work: impl Future<Output = T> + Send + 'static) -> anyhow::Result<T> {
        let start = || Builder::new_multi_thread().worker_threads(1).thread_name(self.name).enable_all().build();
        let runtime = self.runtime.get_or_init(start).as_ref();
        let runtime = runtime.map_err(|error| anyhow!("no thread for the {}: {error}", self.name))?;
        runtime.spawn(work).await.with_context(|| format!("the {} did not start", self.name))
    }
}
