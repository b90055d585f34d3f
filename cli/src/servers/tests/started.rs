//! What a start gives, and what it refuses.

use std::fs;
use std::net::TcpListener;
use std::os::unix::fs::{MetadataExt, PermissionsExt};

use nix::unistd::geteuid;
use sqlx::{Connection, PgConnection};

use super::super::account::Account;
use super::super::{
    Abandoned, Flavour, NatsCluster, NatsNode, NatsOptions, PostgresOptions, PostgresServer, ServerError, Supervisor,
};
use super::{binaries, directory, eventually, messages, options, rows, start, write_message, write_row};

#[tokio::test]
async fn both_servers_start_in_private_directories_and_keep_what_they_acknowledged_over_a_stop() {
    let home = directory();
    let servers = start(home.path()).await;
    write_message(&servers.nats().url(), 1).await;
    write_row(servers.postgres()).await;
    let ports = (servers.nats().port(), servers.postgres().port());
    servers.stop().await;

    for private in ["nats", "postgres", "postgres/data"] {
        let metadata = fs::metadata(home.path().join(private)).unwrap();
        assert_eq!(metadata.permissions().mode() & 0o777, 0o700, "{private}");
        assert_eq!(metadata.uid(), geteuid().as_raw(), "{private}");
    }
    for secret in ["nats/secret", "nats/nats.conf", "postgres/secret", "postgres/operator"] {
        assert_eq!(fs::metadata(home.path().join(secret)).unwrap().permissions().mode() & 0o777, 0o600, "{secret}");
    }

    let again = start(home.path()).await;
    assert_eq!((again.nats().port(), again.postgres().port()), ports, "clients find them where they were");
    assert_eq!(messages(&again.nats().url()).await, Some(1));
    assert_eq!(rows(&again.postgres().url()).await, Some(1));
    again.stop().await;
}

#[tokio::test]
async fn without_the_password_nobody_gets_in() {
    let home = directory();
    let servers = start(home.path()).await;
    let nats = format!("127.0.0.1:{}", servers.nats().port());
    assert!(async_nats::connect(nats).await.is_err());
    let postgres = format!("postgres://loyalnest:wrong@127.0.0.1:{}/loyalnest", servers.postgres().port());
    assert!(PgConnection::connect(&postgres).await.is_err());
    servers.stop().await;
}

#[tokio::test]
async fn postgres_fsyncs_and_the_application_is_no_superuser() {
    let home = directory();
    let servers = start(home.path()).await;
    let mut connection = PgConnection::connect(&servers.postgres().url()).await.unwrap();
    let (fsync, commit, superuser): (String, String, String) = sqlx::query_as(
        "select current_setting('fsync'), current_setting('synchronous_commit'), current_setting('is_superuser')",
    )
    .fetch_one(&mut connection)
    .await
    .unwrap();
    assert_eq!((fsync.as_str(), commit.as_str(), superuser.as_str()), ("on", "on", "off"));
    servers.stop().await;
}

#[tokio::test]
async fn two_starts_in_one_directory_exclude_each_other() {
    let home = directory();
    let first = start(home.path()).await;
    let second = Supervisor::start(&binaries().await, options(home.path())).await;
    assert!(matches!(second, Err(ServerError::InUse { .. })));
    first.stop().await;
}

#[tokio::test]
async fn a_port_asked_for_must_be_free_and_a_remembered_one_is_given_up() {
    let home = directory();
    let binaries = binaries().await;
    let stranger = TcpListener::bind("127.0.0.1:0").unwrap();
    let taken = stranger.local_addr().unwrap().port();
    let nats = NatsOptions { abandoned: Abandoned::IsKilled, ..NatsOptions::in_directory(home.path()) };

    let asked_for = NatsOptions { port: Some(taken), ..nats.clone() };
    assert!(
        matches!(NatsNode::start(&binaries, asked_for).await, Err(ServerError::PortTaken { port }) if port == taken)
    );

    fs::write(home.path().join("port"), taken.to_string()).unwrap();
    let node = NatsNode::start(&binaries, nats).await.unwrap();
    assert_ne!(node.port(), taken);
    node.stop().await;
}

#[tokio::test]
async fn data_of_another_major_version_is_refused_and_not_replaced() {
    let home = directory();
    fs::create_dir(home.path().join("data")).unwrap();
    fs::write(home.path().join("data/PG_VERSION"), "9\n").unwrap();
    let started = PostgresServer::start(&binaries().await, PostgresOptions::in_directory(home.path())).await;
    assert!(matches!(started, Err(ServerError::OtherMajor { made_by, .. }) if made_by == "9"));
}

/// Where user namespaces are forbidden, as in many containers, root hands the files to another user.
#[tokio::test]
async fn root_can_also_run_postgres_under_another_users_account() {
    if !geteuid().is_root() {
        return;
    }
    // Where other users may pass, whatever the folder for temporary files is.
    let home = tempfile::tempdir_in("/var/tmp").unwrap();
    let options = PostgresOptions {
        abandoned: Abandoned::IsKilled,
        ..PostgresOptions::in_directory(home.path().join("below/postgres"))
    };
    let account = Account::stand_in().unwrap();

    fs::set_permissions(home.path(), fs::Permissions::from_mode(0o700)).unwrap();
    let unreachable = PostgresServer::start_as(account.clone(), &binaries().await, options.clone()).await;
    assert!(matches!(unreachable, Err(ServerError::NoAccount { .. })));

    fs::set_permissions(home.path(), fs::Permissions::from_mode(0o711)).unwrap();
    let server = PostgresServer::start_as(account, &binaries().await, options).await.unwrap();
    write_row(&server).await;
    assert_ne!(fs::metadata(home.path().join("below/postgres/data")).unwrap().uid(), 0);
    server.stop().await;
}

/// `make test` sets this, and says so in its summary, where TimescaleDB cannot be had.
const WITHOUT_TIMESCALE: &str = "LOYALNEST_WITHOUT_TIMESCALE";

#[tokio::test]
async fn the_application_makes_hypertables_where_timescale_is() {
    if std::env::var_os(WITHOUT_TIMESCALE).is_some() {
        return;
    }
    let home = directory();
    let binaries = binaries().await.with_timescale().await.expect("run `make setup-timescale` first");
    let options = PostgresOptions {
        flavour: Flavour::Timescale,
        abandoned: Abandoned::IsKilled,
        ..PostgresOptions::in_directory(home.path())
    };
    let server = PostgresServer::start(&binaries, options).await.unwrap();
    let mut connection = PgConnection::connect(&server.url()).await.unwrap();
    let statements = "create table line (at timestamptz not null, points bigint);
        select create_hypertable('line', by_range('at'));
        insert into line select timestamptz '2026-01-01Z' + n * interval '1 day', n from generate_series(1, 30) n;
        create database another";
    for statement in statements.split(';') {
        sqlx::raw_sql(sqlx::AssertSqlSafe(statement)).execute(&mut connection).await.unwrap();
    }
    let (chunks,): (i64,) =
        sqlx::query_as("select count(*) from show_chunks('line')").fetch_one(&mut connection).await.unwrap();
    assert!(chunks > 1, "{chunks}");
    let mut other = PgConnection::connect(&server.database_url("another")).await.unwrap();
    sqlx::raw_sql("create extension if not exists timescaledb").execute(&mut other).await.unwrap();
    server.stop().await;
}

#[tokio::test]
async fn a_cluster_goes_on_without_one_member_and_takes_it_back() {
    let home = directory();
    let mut cluster = NatsCluster::start(&binaries().await, home.path(), Abandoned::IsKilled).await.unwrap();
    write_message(&cluster.urls()[0], 3).await;

    cluster.node_mut(0).kill9().await;
    assert_eq!(cluster.node(0).pid(), None);
    let survivor = cluster.urls()[1].clone();
    eventually(async || (messages(&survivor).await? == 1).then_some(())).await;

    cluster.node_mut(0).restart().await.unwrap();
    let returned = cluster.urls()[0].clone();
    eventually(async || (messages(&returned).await? == 1).then_some(())).await;
    cluster.stop().await;
}
