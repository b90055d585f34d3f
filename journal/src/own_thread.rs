//! A thread of its own for what talks to a server.
//!
//! Whoever carries out commands keeps a runtime's threads busy: hundreds of them may be ready at once, and a task that only
//! hands bytes to a socket would take its turn behind them all, over and over, for each part of a batch. On a thread of
//! its own it is the operating system that lets it in, within microseconds.

use std::io;

use tokio::runtime::{Builder, Handle, Runtime};

/// One thread with sockets and timers. What runs on it ends when this is dropped.
pub struct OwnThread(Option<Runtime>);

impl OwnThread {
    /// # Errors
    /// If the operating system gives no thread.
    pub fn start(name: &str) -> io::Result<OwnThread> {
        let runtime = Builder::new_multi_thread().worker_threads(1).thread_name(name).enable_all().build()?;
        Ok(OwnThread(Some(runtime)))
    }

    pub fn handle(&self) -> &Handle {
        self.0.as_ref().expect("taken only when dropped").handle()
    }
}

impl Drop for OwnThread {
    /// Without waiting: this may happen on a thread of another runtime, which must not be held up.
    fn drop(&mut self) {
        if let Some(runtime) = self.0.take() {
            runtime.shutdown_background();
        }
    }
}
