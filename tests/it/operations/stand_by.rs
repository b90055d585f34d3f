//! A stand-by of PostgreSQL takes over. Read models could be made again; the vault could not, so nothing is acknowledged that
//! only one of the two servers has.

use std::{path::Path, process::Command, time::Duration};

use loyalnest::servers::{Abandoned, Binaries, Named, NatsNode, NatsOptions, PostgresOptions, PostgresServer};
use sqlx::{AssertSqlSafe, Connection, PgConnection};
use tokio::time::timeout;

use super::kit::{Sending, Site, copy, eventually};

/// Whoever waits for a second copy waits for longer than this.
const NOT_WITHIN: Duration = Duration::from_secs(3);
const PASSWORD: &str = "only-for-this-test";

async fn operator(server: &PostgresServer) -> PgConnection {
    PgConnection::connect(&server.operator_url()).await.unwrap()
}

async fn told(server: &PostgresServer, statements: &[&str]) {
    let mut connection = operator(server).await;
    for statement in statements {
        sqlx::raw_sql(AssertSqlSafe((*statement).to_owned())).execute(&mut connection).await.unwrap();
    }
}

async fn asked(server: &PostgresServer, question: &'static str) -> Option<String> {
    sqlx::query_scalar(question).fetch_optional(&mut operator(server).await).await.unwrap()
}

fn options(directory: &Path) -> PostgresOptions {
    PostgresOptions { abandoned: Abandoned::IsKilled, ..PostgresOptions::in_directory(directory) }
}

/// The base of a stand-by, as the page says. What lies beside the data is the test's own way of starting servers.
fn base_backup(binaries: &Binaries, first: &PostgresServer, from: &Path, to: &Path) {
    std::fs::create_dir(to).unwrap();
    ["operator", "secret"].iter().for_each(|name| copy(&from.join(name), &to.join(name)));
    let connection =
        format!("host=127.0.0.1 port={} user=replicator password={PASSWORD} application_name=second", first.port());
    let made = Command::new(binaries.postgres_bin_dir.join("pg_basebackup"))
        .args(["-d", &connection, "-D"])
        .arg(to.join("data"))
        .args(["-R", "-X", "stream", "-C", "-S", "second", "--checkpoint=fast"])
        .output()
        .unwrap();
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
}

#[tokio::test]
async fn a_stand_by_takes_over_and_has_whatever_was_acknowledged() {
    let binaries = Binaries::find(&Named::default()).await.expect("run `make setup` first");
    let servers = tempfile::tempdir().unwrap();
    let below = |name: &str| servers.path().join(name);
    let nats = NatsOptions { abandoned: Abandoned::IsKilled, ..NatsOptions::in_directory(below("nats")) };
    let nats = NatsNode::start(&binaries, nats).await.unwrap();
    let mut first = PostgresServer::start(&binaries, options(&below("first"))).await.unwrap();
    let mut site = Site::prepare(nats.url(), first.url()).await;
    site.start().await;
    let sending = Sending::begin(site.open_shop().await);
    sending.answered(50).await;

    told(&first, &[&format!("create role replicator login replication password '{PASSWORD}'")]).await;
    base_backup(&binaries, &first, &below("first"), &below("second"));
    let mut second = PostgresServer::start(&binaries, options(&below("second"))).await.unwrap();
    told(&first, &["alter system set synchronous_standby_names = 'second'", "select pg_reload_conf()"]).await;
    let state = "select sync_state from pg_stat_replication where application_name = 'second'";
    eventually("the stand-by is waited for", async || asked(&first, state).await.as_deref() == Some("sync")).await;
    sending.answered(100).await;

    // Keys of a newcomer are in the vault before their first event is in the log: with the stand-by away, neither comes about.
    second.kill9().await;
    sending.is_not_acknowledged_until(7_700_000_000_001, async { second.restart().await.unwrap() }).await;
    sending.answered(50).await;

    first.kill9().await;
    told(&second, &["select pg_promote()"]).await;
    site.database_is_at(second.url());
    site.stop().await;
    site.start().await;
    sending.answered(100).await;
    let traffic = sending.end().await;
    site.is_whole(&traffic).await;

    // Whoever still asks the first gets nothing acknowledged that the second has not.
    first.restart().await.unwrap();
    let mut connection = PgConnection::connect(&first.url()).await.unwrap();
    let written = sqlx::raw_sql("create table only_here ()").execute(&mut connection);
    assert!(timeout(NOT_WITHIN, written).await.is_err(), "the first acknowledges alone");
    site.stop().await;
}
