//! The runtime on which servers and gateways live: it outlives the runtimes of the tests.

use std::{
    sync::{LazyLock, mpsc},
    thread,
};

use tokio::runtime::{Builder, Handle};

static SHARED: LazyLock<Handle> = LazyLock::new(|| {
    let (handle, started) = mpsc::channel();
    thread::spawn(move || {
        let runtime = Builder::new_multi_thread().enable_all().build().unwrap();
        handle.send(runtime.handle().clone()).unwrap();
        runtime.block_on(std::future::pending::<()>());
    });
    started.recv().unwrap()
});

/// Runs on the shared runtime; for whatever opens connections or starts tasks that others will use.
pub async fn shared<T: Send + 'static>(future: impl Future<Output = T> + Send + 'static) -> T {
    SHARED.spawn(future).await.unwrap()
}

/// The same for where nothing can be awaited: the first use of what all tests share.
pub fn shared_blocking<T: Send + 'static>(future: impl Future<Output = T> + Send + 'static) -> T {
    let (done, outcome) = mpsc::channel();
    SHARED.spawn(async move { done.send(future.await) });
    outcome.recv().expect("the reason is in the panic of the shared runtime's thread")
}
