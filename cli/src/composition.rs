//! Where the parts are put together: the one place that knows all of them.

mod config;
pub mod deletions;
mod own_thread;
mod vault_age;

use std::{sync::Arc, time::Duration};

use aggregates::time::Clock;
use anyhow::{Context, ensure};
use gateway::{
    Gateway, Options, Parts,
    clock::{SystemClock, new_id},
    housekeeping, importer,
    snapshot_seal::VaultSeal,
};
use journal::{Actor, CommandContext, Follow, Journal, JournalOptions};
use policies::{deadlines, shopify_admin::ShopifyAdmin, tasks};
use projections::{
    Feed, Progress, Projection, Runner,
    parking::Register,
    read_model::{self, WithEach},
    retention,
    transparency::{CheckpointSigner, KEY_USAGE},
};
use sqlx::{Connection, PgPool, migrate::Migrator, postgres::PgPoolOptions};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;
use vault::{RootGuard, RootKeyStore, SigningKey, Transit, Vault};

pub use config::Config;

/// Connections to the database of one process.
const CONNECTIONS_MAX: u32 = 24;
/// Connections of the read models' writers: one for each generation that is fed, of which there may be two or three, and
/// some to look at checkpoints. They are opened when they are needed.
const READ_MODEL_CONNECTIONS: u32 = projections::NAMES.len() as u32 * 3 + 2;
/// A connection that has rested for longer is asked whether it still works before it is used. One that is in use all
/// the time need not be: each question is a round trip of its own.
const CONNECTION_RESTED: Duration = Duration::from_secs(1);
/// How long a request waits for a connection before it is answered 503.
const CONNECTION_PATIENCE: Duration = Duration::from_secs(5);

impl Config {
    pub async fn database(&self) -> anyhow::Result<PgPool> {
        pool_of(CONNECTIONS_MAX)
            .connect(&self.database_url)
            .await
            .context("LOYALNEST_DATABASE_URL: the database does not answer")
    }

    pub async fn journal(&self) -> anyhow::Result<Journal> {
        let url = self.nats_url.clone();
        let connecting = async move { Journal::connect(&url, JournalOptions::default()).await };
        own_thread::LOG.run(connecting).await?.context("LOYALNEST_NATS_URL")
    }
}

static MIGRATIONS: Migrator = sqlx::migrate!("../migrations");

/// Brings the database to this version's schema.
pub async fn migrate(db: &PgPool) -> anyhow::Result<()> {
    MIGRATIONS.run(db).await.context("the migrations did not run")
}

/// The version of the database's schema, and the newest that this release knows.
pub async fn schema_versions(db: &PgPool) -> anyhow::Result<(i64, i64)> {
    let applied: Option<i64> = sqlx::query_scalar("select max(version) from _sqlx_migrations where success")
        .fetch_one(db)
        .await
        .context("the database was never migrated")?;
    let known = MIGRATIONS.iter().map(|migration| migration.version).max().unwrap_or(0);
    Ok((applied.unwrap_or(0), known))
}

/// Makes the root key store of a new installation. Never beside a database that was filled under another one: whoever has
/// lost that must look for it, and not find a new one in its place.
pub async fn init_keys(config: &Config) -> anyhow::Result<()> {
    let bound = vault::is_bound(&config.database().await?).await?;
    root_keys(config, if bound { IfMissing::Refuse } else { IfMissing::Make }).map(drop)
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum IfMissing {
    Refuse,
    Make,
}

fn root_keys(config: &Config, if_missing: IfMissing) -> anyhow::Result<RootKeyStore> {
    let guard = config.key_service.clone().map(Transit::connect).transpose().context("the key service")?;
    let guard = guard.map(|guard| Arc::new(guard) as Arc<dyn RootGuard>);
    let store = match if_missing {
        IfMissing::Refuse => RootKeyStore::open_guarded(&config.root_keys, guard),
        IfMissing::Make => RootKeyStore::open_or_create_guarded(&config.root_keys, guard),
    };
    store.context("the root key store does not open")
}

/// Everything behind the doors, connected and checked.
pub async fn assemble(config: &Config, options: Options) -> anyhow::Result<Gateway> {
    let gateway = connect(config, options).await?;
    the_end_of_the_log_is_there(&gateway.journal).await?;
    let deletions = gateway.eraser.deletions();
    let named = policies::erasure::highest_deletion_on_record(&gateway.journal, &gateway.db).await?;
    deletions::are_all_there(deletions, named).await?;
    deletions::are_carried_out(&gateway.vault, deletions, gateway.clock.now()).await?;
    vault_age::is_as_new_as_the_log(&gateway.vault, &gateway.journal, &gateway.db).await?;
    let again = gateway.eraser.execute_again(named).await;
    again.context("the log cannot be told of an erasure that it has lost")?;
    Ok(gateway)
}

/// Whether the newest messages of the log are there. Whoever reads up to its end would wait for them for ever, and whoever writes
/// would go on behind them.
async fn the_end_of_the_log_is_there(journal: &Journal) -> anyhow::Result<()> {
    // In this order: what is written meanwhile is newer than what is asked for.
    let last = journal.last_position().await?;
    let newest = journal.newest_position(Follow::Everything).await?;
    ensure!(
        newest >= last,
        "the log ends at position {last}, and its messages from {} on are gone, or were changed on the log's disk",
        newest + 1,
    );
    Ok(())
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
    let vault = open_vault(config, &db).await?;
    let deletions = deletions::open(config, &vault)?;
    Ok(Gateway::new(Parts {
        snapshot_seal: Arc::new(VaultSeal(vault.clone())),
        progress: Progress::follow(db.clone()).await?,
        journal,
        vault,
        db,
        clock: Arc::new(SystemClock),
        deletions,
        shopify_admin: ShopifyAdmin::new(config.shopify_admin.clone()),
        mailing: config.mailing.clone(),
        options,
    }))
}

/// The vault alone, in the database of `db`.
pub async fn open_vault(config: &Config, db: &PgPool) -> anyhow::Result<Vault> {
    let root = root_keys(config, IfMissing::Refuse)?;
    let options = vault::Options { key_lease: config.key_lease, key_copy_days: config.key_copy_days };
    let opening = Vault::open_with(db.clone(), root, options);
    own_thread::VAULT.run(opening).await?.context("the vault does not open")
}

/// Projections and sweeps, running until `stop`.
pub fn start_work(gateway: &Gateway, config: &Config, stop: &CancellationToken) -> anyhow::Result<JoinSet<()>> {
    let mut work = start_read_models(&gateway.journal, &gateway.db, stop);
    work.spawn(importer::run(gateway.clone(), stop.clone()));
    work.spawn(housekeeping::run(gateway.clone(), stop.clone()));
    work.spawn(gateway.sweeper().run(gateway.clock.clone(), new_id, stop.clone()));
    work.spawn(gateway.rewarder().run(gateway.clock.clone(), stop.clone()));
    work.spawn(gateway.tier_keeper().run(gateway.clock.clone(), stop.clone()));
    work.spawn(gateway.referrer().run(gateway.clock.clone(), stop.clone()));
    work.spawn(gateway.analyst().run(gateway.clock.clone(), stop.clone()));
    if let Some(postmaster) = gateway.postmaster() {
        work.spawn(postmaster.run(gateway.clock.clone(), stop.clone()));
    }
    work.spawn(gateway.awarder().run(gateway.clock.clone(), stop.clone()));
    work.spawn(deadlines::run(gateway.db.clone(), gateway.clock.clone(), stop.clone()));
    work.spawn(checkpoint_signer(gateway, config)?.run(gateway.clock.clone(), stop.clone()));
    work.spawn(gateway.eraser.clone().run(stop.clone()));
    work.spawn(gateway.task_worker().run(stop.clone()));
    work.spawn(retention::run(gateway.db.clone(), config.retention.clone(), gateway.clock.clone(), stop.clone()));
    work.spawn(tasks::watch(gateway.db.clone(), gateway.clock.clone(), stop.clone()));
    Ok(work)
}

/// Read models alone: nothing happens of its own accord.
pub fn start_read_models(journal: &Journal, db: &PgPool, stop: &CancellationToken) -> JoinSet<()> {
    let mut work = JoinSet::new();
    let read_models = read_models_pool(db);
    let feed = Feed::start(journal.clone());
    let register = Register::new(journal.clone(), Arc::new(of_workers));
    read_model::each(&mut ReadModels { work: &mut work, feed: &feed, db: &read_models, register, stop });
    work
}

/// The key that checkpoints are signed with, for whoever needs nothing else of the vault.
pub async fn checkpoint_key(config: &Config, db: &PgPool) -> anyhow::Result<SigningKey> {
    let vault = open_vault(config, db).await?;
    Ok(vault.installation().context("the installation has no key")?.signer(KEY_USAGE))
}

/// Who signs the log's checkpoints.
pub fn checkpoint_signer(gateway: &Gateway, config: &Config) -> anyhow::Result<CheckpointSigner> {
    Ok(CheckpointSigner {
        db: gateway.db.clone(),
        journal: gateway.journal.clone(),
        progress: gateway.progress.clone(),
        key: gateway.vault.installation().context("the installation has no key")?.signer(KEY_USAGE),
        file: config.checkpoint_file.clone(),
        every: config.checkpoint_every,
    })
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

/// What workers do of their own accord.
fn of_workers() -> CommandContext {
    CommandContext::of(Actor::System, new_id(), SystemClock.now())
}

/// Runs whatever it is given.
struct ReadModels<'a> {
    work: &'a mut JoinSet<()>,
    feed: &'a Feed,
    db: &'a PgPool,
    register: Register,
    stop: &'a CancellationToken,
}

impl WithEach for ReadModels<'_> {
    fn with<P: Projection>(&mut self, projection: P) {
        let runner = Runner::new(projection, self.feed.clone(), self.db.clone()).parking(self.register.clone());
        self.work.spawn(Arc::new(runner).run(self.stop.clone()));
    }
}
