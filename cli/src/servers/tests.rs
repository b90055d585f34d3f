//! Real servers, really killed.

mod abandoned;
mod kept;
mod started;

use std::path::Path;
use std::time::Duration;

use async_nats::jetstream::{self, stream};
use sqlx::{Connection, PgConnection};
use tempfile::TempDir;
use tokio::time;

use super::{Abandoned, Binaries, Named, PostgresServer, Supervisor, SupervisorOptions};

/// Nothing here takes longer unless it is broken.
const PATIENCE: Duration = Duration::from_secs(60);

async fn binaries() -> Binaries {
    Binaries::find(&Named::default()).await.expect("run `make setup` first")
}

fn directory() -> TempDir {
    tempfile::tempdir().unwrap()
}

fn options(directory: &Path) -> SupervisorOptions {
    SupervisorOptions { abandoned: Abandoned::IsKilled, ..SupervisorOptions::in_directory(directory) }
}

async fn start(directory: &Path) -> Supervisor {
    Supervisor::start(&binaries().await, options(directory)).await.unwrap()
}

/// Repeats an attempt until it succeeds.
async fn eventually<T>(mut attempt: impl AsyncFnMut() -> Option<T>) -> T {
    let tries = async {
        let mut pace = time::interval(Duration::from_millis(50));
        loop {
            pace.tick().await;
            if let Some(outcome) = attempt().await {
                return outcome;
            }
        }
    };
    time::timeout(PATIENCE, tries).await.expect("it should have come about by now")
}

fn is_running(pid: i32) -> bool {
    std::fs::read_to_string(format!("/proc/{pid}/stat")).is_ok_and(|stat| !stat.contains(") Z "))
}

/// The client takes the password as an option, not from the URL.
async fn nats(url: &str) -> Option<jetstream::Context> {
    let (user_and_password, address) = url.strip_prefix("nats://")?.split_once('@')?;
    let (user, password) = user_and_password.split_once(':')?;
    let connect = async_nats::ConnectOptions::with_user_and_password(user.to_owned(), password.to_owned());
    connect.connect(address).await.ok().map(jetstream::new)
}

/// Keeps one message that only a store on disk can give back.
async fn write_message(url: &str, replicas: usize) {
    let jetstream = nats(url).await.unwrap();
    let stream = stream::Config {
        name: "KEPT".to_owned(),
        subjects: vec!["kept".to_owned()],
        num_replicas: replicas,
        ..stream::Config::default()
    };
    jetstream.create_stream(stream).await.unwrap();
    jetstream.publish("kept", "a message".into()).await.unwrap().await.unwrap();
}

async fn messages(url: &str) -> Option<u64> {
    let stream = nats(url).await?.get_stream("KEPT").await.ok()?;
    Some(stream.cached_info().state.messages)
}

async fn write_row(postgres: &PostgresServer) {
    let mut connection = PgConnection::connect(&postgres.url()).await.unwrap();
    sqlx::raw_sql("create table kept (row text); insert into kept values ('a row')")
        .execute(&mut connection)
        .await
        .unwrap();
}

async fn rows(url: &str) -> Option<i64> {
    let mut connection = PgConnection::connect(url).await.ok()?;
    let (rows,) = sqlx::query_as("select count(*) from kept").fetch_one(&mut connection).await.ok()?;
    Some(rows)
}
