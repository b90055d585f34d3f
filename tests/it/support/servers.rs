//! One NATS and one PostgreSQL for all tests of this program, below one directory that goes when the program ends.

use std::{
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::LazyLock,
};

use gateway::clock::new_id;
use loyalnest::{
    commands::streams,
    composition,
    servers::{Abandoned, Binaries, Named, NatsNode, NatsOptions, Supervisor, SupervisorOptions},
};
use sqlx::{AssertSqlSafe, Connection, PgConnection, PgPool};

use super::runtime;

/// Holds the schema and nothing else; every installation's database is a copy of it.
const TEMPLATE: &str = "template_of_installations";

static SERVERS: LazyLock<Servers> = LazyLock::new(|| runtime::shared_blocking(Servers::start()));

pub struct Servers {
    binaries: Binaries,
    directory: PathBuf,
    both: Supervisor,
    _remover: Child,
}

impl Servers {
    pub fn shared() -> &'static Servers {
        &SERVERS
    }

    async fn start() -> Servers {
        let directory = tempfile::tempdir().unwrap().keep();
        let remover = remove_afterwards(&directory);
        let binaries = Binaries::find(&Named::default()).await.expect("run `make setup` first");
        let options =
            SupervisorOptions { abandoned: Abandoned::IsKilled, ..SupervisorOptions::in_directory(&directory) };
        let both = Supervisor::start(&binaries, options).await.unwrap();
        let servers = Servers { binaries, directory, both, _remover: remover };
        servers.make_template().await;
        streams::apply_declared(&servers.nats_url()).await.unwrap();
        servers
    }

    async fn make_template(&self) {
        let mut connection = PgConnection::connect(&self.both.postgres().url()).await.unwrap();
        let statement = format!("create database {TEMPLATE}");
        sqlx::raw_sql(AssertSqlSafe(statement)).execute(&mut connection).await.unwrap();
        let template = PgPool::connect(&self.both.postgres().database_url(TEMPLATE)).await.unwrap();
        composition::migrate(&template).await.unwrap();
        // A database with visitors cannot be copied.
        template.close().await;
    }

    pub fn nats_url(&self) -> String {
        self.both.nats().url()
    }

    /// A NATS of its own with the declared streams, for an installation that shares its log with nobody.
    pub async fn another_nats(&self) -> NatsNode {
        let directory = self.directory.join(format!("nats-{}", new_id().simple()));
        let options = NatsOptions { abandoned: Abandoned::IsKilled, ..NatsOptions::in_directory(directory) };
        let node = NatsNode::start(&self.binaries, options).await.unwrap();
        streams::apply_declared(&node.url()).await.unwrap();
        node
    }

    /// A fresh database with the schema; gives its URL.
    pub async fn another_database(&self, name: &str) -> String {
        let mut connection = PgConnection::connect(&self.both.postgres().url()).await.unwrap();
        let statement = format!("create database {name} template {TEMPLATE}");
        sqlx::raw_sql(AssertSqlSafe(statement)).execute(&mut connection).await.unwrap();
        self.both.postgres().database_url(name)
    }

    /// Where an installation publishes the newest checkpoint of its log.
    pub fn checkpoint_file(&self, name: &str) -> PathBuf {
        self.directory.join(format!("{name}.checkpoint"))
    }

    /// A folder of its own for an installation's keys.
    pub fn keys(&self, name: &str) -> PathBuf {
        let keys = self.directory.join(format!("{name}.keys"));
        std::fs::create_dir(&keys).unwrap();
        keys
    }
}

/// A shell that waits for the end of its input, which comes with the end of this program, in whatever way, and then
/// removes the directory. The servers are being killed at the same moment, so it may take more than one go.
fn remove_afterwards(directory: &Path) -> Child {
    Command::new("sh")
        .args(["-c", r#"read -r _; for try in 1 2 3 4 5 6 7 8 9; do rm -rf -- "$0" && exit; sleep 0.2; done"#])
        .arg(directory)
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap()
}
