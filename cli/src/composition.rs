//! Where the parts are put together: the one place that knows all of them.

mod own_thread;
mod vault_age;

use std::{path::PathBuf, sync::Arc, time::Duration};

use anyhow::Context;
use gateway::{
    Gateway, Options, Parts,
    clock::{SystemClock, new_id},
    housekeeping,
    snapshot_seal::VaultSeal,
};
use journal::{Journal, JournalOptions};
use projections::{
    Feed, Progress, Projection, Runner, balances::Balances, customers::Customers, gdpr_requests::GdprRequests,
    parked_webhooks::ParkedWebhooks, points_transactions::PointsTransactions, rfm_orders::RfmOrders,
    rfm_segments::RfmSegments,
};
use sqlx::{Connection, PgPool, postgres::PgPoolOptions};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;
use vault::{RootKeyStore, Vault};

/// Connections to the database of one process.
const CONNECTIONS_MAX: u32 = 24;
/// Connections of the read models' writers: one each, and one for the moment of a change-over.
const READ_MODEL_CONNECTIONS: u32 = projections::NAMES.len() as u32 + 1;
/// A connection that has rested for longer is asked whether it still works before it is used. One that is in use all
/// the time need not be: each question is a round trip of its own.
const CONNECTION_RESTED: Duration = Duration::from_secs(1);
/// How long a request waits for a connection before it is answered 503.
const CONNECTION_PATIENCE: Duration = Duration::from_secs(5);

/// Where the servers are.
#[derive(Debug, Clone)]
pub struct Config {
    pub nats_url: String,
    pub database_url: String,
    /// The root key store: outside every backup of database and log.
    pub root_keys: PathBuf,
}

impl Config {
    /// From the environment, as production and `--env-file` give it.
    pub fn from_env() -> anyhow::Result<Self> {
        let read = |name: &str| {
            std::env::var(name).with_context(|| format!("{name} is not set; `loyalnest dev` writes it to DIR/env"))
        };
        Ok(Config {
            nats_url: read("LOYALNEST_NATS_URL")?,
            database_url: read("LOYALNEST_DATABASE_URL")?,
            root_keys: read("LOYALNEST_ROOT_KEYS")?.into(),
        })
    }

    pub async fn database(&self) -> anyhow::Result<PgPool> {
        pool_of(CONNECTIONS_MAX).connect(&self.database_url).await.context("the database does not answer")
    }

    pub async fn journal(&self) -> anyhow::Result<Journal> {
        let url = self.nats_url.clone();
        let connecting = async move { Journal::connect(&url, JournalOptions::default()).await };
        own_thread::LOG.run(connecting).await?.context("the log does not answer")
    }
}

/// Brings the database to this version's schema.
pub async fn migrate(db: &PgPool) -> anyhow::Result<()> {
    sqlx::migrate!("../migrations").run(db).await.context("the migrations did not run")
}

/// Makes the root key store of a new installation. Never beside a database that was filled under another one: whoever has
/// lost that must look for it, and not find a new one in its place.
pub async fn init_keys(config: &Config) -> anyhow::Result<()> {
    let store = if vault::is_bound(&config.database().await?).await? {
        RootKeyStore::open(&config.root_keys)
    } else {
        RootKeyStore::open_or_create(&config.root_keys)
    };
    store.map(drop).context("the root key store does not open")
}

/// Everything behind the doors, connected and checked.
pub async fn assemble(config: &Config, options: Options) -> anyhow::Result<Gateway> {
    let gateway = connect(config, options).await?;
    vault_age::is_as_new_as_the_log(&gateway.vault, &gateway.journal, &gateway.db).await?;
    Ok(gateway)
}

/// Whether the vault is as new as the log, for whoever is about to adopt the log: read models of another one say nothing
/// about who is in it, so all of it is read.
pub async fn vault_is_as_new_as_the_whole_log(gateway: &Gateway) -> anyhow::Result<()> {
    vault_age::knows_everybody_after(&gateway.vault, &gateway.journal, 0).await
}

/// Everything behind the doors, connected. Nothing says yet that it belongs together.
pub async fn connect(config: &Config, options: Options) -> anyhow::Result<Gateway> {
    let db = config.database().await?;
    let journal = config.journal().await?;
    let root = RootKeyStore::open(&config.root_keys).context("the root key store does not open")?;
    let vault = own_thread::VAULT.run(Vault::open(db.clone(), root)).await?.context("the vault does not open")?;
    Ok(Gateway::new(Parts {
        snapshot_seal: Arc::new(VaultSeal(vault.clone())),
        progress: Progress::follow(db.clone()).await?,
        journal,
        vault,
        db,
        clock: Arc::new(SystemClock),
        options,
    }))
}

/// Projections and sweeps, running until `stop`.
pub fn start_work(gateway: &Gateway, stop: &CancellationToken) -> JoinSet<()> {
    let mut work = JoinSet::new();
    let read_models = read_models_pool(&gateway.db);
    let feed = Feed::start(gateway.journal.clone());
    let mut run_all = ReadModels { work: &mut work, feed: &feed, db: &read_models, stop };
    run_all.start(Balances);
    run_all.start(Customers);
    run_all.start(GdprRequests);
    run_all.start(ParkedWebhooks);
    run_all.start(PointsTransactions);
    run_all.start(RfmOrders);
    run_all.start(RfmSegments);
    work.spawn(housekeeping::run(gateway.clone(), stop.clone()));
    work.spawn(gateway.sweeper().run(gateway.clock.clone(), new_id, stop.clone()));
    work.spawn(gateway.analyst().run(gateway.clock.clone(), stop.clone()));
    work
}

/// Connections on which read models are written. Their commits are synchronous, as all others: what a reader was shown
/// would otherwise be gone for a while after the database's death.
fn read_models_pool(db: &PgPool) -> PgPool {
    pool_of(READ_MODEL_CONNECTIONS).connect_lazy_with((*db.connect_options()).clone())
}

fn pool_of(connections: u32) -> PgPoolOptions {
    PgPoolOptions::new()
        .max_connections(connections)
        .acquire_timeout(CONNECTION_PATIENCE)
        .test_before_acquire(false)
        .before_acquire(|connection, rest| {
            Box::pin(async move {
                if rest.idle_for > CONNECTION_RESTED {
                    connection.ping().await?;
                }
                Ok(true)
            })
        })
}

struct ReadModels<'a> {
    work: &'a mut JoinSet<()>,
    feed: &'a Feed,
    db: &'a PgPool,
    stop: &'a CancellationToken,
}

impl ReadModels<'_> {
    fn start<P: Projection>(&mut self, projection: P) {
        let runner = Arc::new(Runner::new(projection, self.feed.clone(), self.db.clone()));
        self.work.spawn(runner.run(self.stop.clone()));
    }
}
