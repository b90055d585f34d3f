//! What the supervisor does about a server that dies, and when it is told to stop.

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use tokio_util::sync::CancellationToken;

use super::{directory, eventually, is_running, messages, rows, start, write_message, write_row};

#[tokio::test]
async fn a_killed_server_is_restarted_with_its_data_and_shutdown_stops_both() {
    let home = directory();
    let servers = start(home.path()).await;
    let (nats_url, postgres_url) = (servers.nats().url(), servers.postgres().url());
    write_message(&nats_url, 1).await;
    write_row(servers.postgres()).await;
    let first = [servers.nats().pid().unwrap(), servers.postgres().pid().unwrap()];

    let shutdown = CancellationToken::new();
    let supervision = tokio::spawn(servers.run_until(shutdown.clone()));
    for pid in first {
        kill(Pid::from_raw(pid), Signal::SIGKILL).unwrap();
        eventually(async || (!is_running(pid)).then_some(())).await;
    }
    assert_eq!(eventually(async || messages(&nats_url).await).await, 1);
    assert_eq!(eventually(async || rows(&postgres_url).await).await, 1);

    shutdown.cancel();
    supervision.await.unwrap().unwrap();
    assert_eq!(messages(&nats_url).await, None);
    assert_eq!(rows(&postgres_url).await, None);
}
