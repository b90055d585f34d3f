//! What becomes of servers whose starter is killed. The starter is this test binary once more, in a process of its
//! own, so that the kill is a real one.

use std::path::Path;
use std::process::Stdio;

use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};

use super::super::{
    Abandoned, NatsNode, NatsOptions, PostgresOptions, PostgresServer, Supervisor, SupervisorOptions, port,
};
use super::{binaries, directory, eventually, is_running, messages, options, rows, start, write_message, write_row};

const DIRECTORY: &str = "LOYALNEST_TEST_STARTER_DIRECTORY";
const KILLED: &str = "LOYALNEST_TEST_STARTER_KILLS";

struct Starter {
    process: Child,
    nats: i32,
    postgres: i32,
}

impl Starter {
    async fn run(directory: &Path, abandoned: Abandoned) -> Starter {
        let mut command = Command::new(std::env::current_exe().unwrap());
        command.args(["--exact", "servers::tests::abandoned::starter", "--nocapture"]);
        command.env(DIRECTORY, directory);
        if abandoned == Abandoned::IsKilled {
            command.env(KILLED, "yes");
        }
        let mut process = command.stdout(Stdio::piped()).kill_on_drop(true).spawn().unwrap();
        let mut lines = BufReader::new(process.stdout.take().unwrap()).lines();
        while let Some(line) = lines.next_line().await.unwrap() {
            // The harness prints before it on the same line.
            if let Some((_, pids)) = line.split_once("started ") {
                let (nats, postgres) = pids.split_once(' ').unwrap();
                return Starter { process, nats: nats.parse().unwrap(), postgres: postgres.parse().unwrap() };
            }
        }
        panic!("the starter ended before its servers were up");
    }

    async fn kill9(mut self) {
        self.process.kill().await.unwrap();
    }
}

/// Does nothing unless it is run by the tests below.
#[tokio::test]
async fn starter() {
    let Some(directory) = std::env::var_os(DIRECTORY) else { return };
    let abandoned = if std::env::var_os(KILLED).is_some() { Abandoned::IsKilled } else { Abandoned::KeepsRunning };
    let options = SupervisorOptions { abandoned, ..SupervisorOptions::in_directory(directory) };
    let servers = Supervisor::start(&binaries().await, options).await.unwrap();
    println!("started {} {}", servers.nats().pid().unwrap(), servers.postgres().pid().unwrap());
    std::future::pending::<()>().await;
}

#[tokio::test]
async fn the_next_start_takes_over_what_still_runs() {
    let home = directory();
    let starter = Starter::run(home.path(), Abandoned::KeepsRunning).await;
    let (nats, postgres) = (starter.nats, starter.postgres);
    starter.kill9().await;
    assert!(is_running(nats) && is_running(postgres), "they outlive their starter");

    let servers = start(home.path()).await;
    assert_eq!((servers.nats().pid(), servers.postgres().pid()), (Some(nats), Some(postgres)));
    write_message(&servers.nats().url(), 1).await;
    write_row(servers.postgres()).await;

    servers.stop().await;
    assert!(!is_running(nats) && !is_running(postgres), "what was taken over is stopped as well");
}

#[tokio::test]
async fn what_was_taken_over_is_restarted_when_it_dies() {
    let home = directory();
    let starter = Starter::run(home.path(), Abandoned::KeepsRunning).await;
    starter.kill9().await;
    let binaries = binaries().await;
    let mut nats = NatsNode::start(&binaries, NatsOptions::in_directory(home.path().join("nats"))).await.unwrap();
    let postgres = PostgresOptions::in_directory(home.path().join("postgres"));
    let mut postgres = PostgresServer::start(&binaries, postgres).await.unwrap();
    write_message(&nats.url(), 1).await;
    write_row(&postgres).await;

    nats.kill9().await;
    postgres.kill9().await;
    tokio::join!(nats.exited(), postgres.exited());
    nats.restart().await.unwrap();
    postgres.restart().await.unwrap();
    assert_eq!(messages(&nats.url()).await, Some(1));
    assert_eq!(rows(&postgres.url()).await, Some(1));
    nats.stop().await;
    postgres.stop().await;
}

#[tokio::test]
async fn a_server_that_runs_otherwise_than_wanted_is_replaced() {
    let home = directory();
    let starter = Starter::run(home.path(), Abandoned::KeepsRunning).await;
    let nats = starter.nats;
    starter.kill9().await;

    let port = port::free().unwrap();
    let elsewhere = SupervisorOptions { nats_port: Some(port), ..options(home.path()) };
    let servers = Supervisor::start(&binaries().await, elsewhere).await.unwrap();
    assert_eq!(servers.nats().port(), port);
    assert!(!is_running(nats));
    servers.stop().await;
}

#[tokio::test]
async fn servers_of_a_test_die_with_it() {
    let home = directory();
    let starter = Starter::run(home.path(), Abandoned::IsKilled).await;
    let (nats, postgres) = (starter.nats, starter.postgres);
    starter.kill9().await;
    eventually(async || (!is_running(nats) && !is_running(postgres)).then_some(())).await;
}
