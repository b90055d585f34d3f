//! The vault itself: opening it, merchants, and what its parts share.

use std::{
    sync::{Arc, Weak},
    time::Duration,
};

use aggregates::id::{CustomerId, MerchantId};
use sqlx::PgPool;
use uuid::Uuid;

use crate::{
    InstallationKeys, MerchantKeys, PersonKeys, RootKeyError, RootKeyStore, VaultError,
    batch::Batcher,
    bucket, database,
    directory::{Entry, FindRound},
    enrolment::EnrolmentRound,
    intake::IntakeRound,
    kept::KeptConnection,
    lease::{AskedAt, KEY_LEASE, Leases},
    order_owner::OwnerRound,
    person::PersonRound,
    root::Contents,
};

/// Merchants whose derived keys are kept at hand.
const MERCHANTS_KEPT: usize = 10_000;
/// People whose keys are kept at hand; about 200 bytes each.
const PEOPLE_KEPT: usize = 100_000;
/// Look-ups kept at hand, only those that found somebody; about 120 bytes each.
const LOOKUPS_KEPT: usize = 100_000;

/// Leases are swept once in their length, but not more often than this.
const SHORTEST_SWEEP: Duration = Duration::from_millis(100);

/// Days for which copies of the root key store are kept, unless the operator says otherwise.
pub const KEY_COPY_DAYS: u32 = 30;

/// How a vault behaves.
#[derive(Debug, Clone)]
pub struct Options {
    /// How long keys are used without asking again. More than [`KEY_LEASE`] counts as that.
    pub key_lease: Duration,
    /// For how many days the operator keeps copies of the root key store: what is destroyed lives on in them for as long.
    pub key_copy_days: u32,
}

impl Default for Options {
    fn default() -> Self {
        Options { key_lease: KEY_LEASE, key_copy_days: KEY_COPY_DAYS }
    }
}

/// A handle on the vault; clones share everything.
#[derive(Clone)]
pub struct Vault {
    pub(crate) inner: Arc<Inner>,
}

pub(crate) struct Inner {
    pub(crate) pool: PgPool,
    pub(crate) root: Arc<RootKeyStore>,
    pub(crate) key_copy_days: u32,
    key_lease: Duration,
    pub(crate) merchants: Leases<MerchantId, Arc<MerchantKeys>>,
    pub(crate) people: Leases<CustomerId, Arc<PersonKeys>>,
    pub(crate) lookups: Leases<Entry, Uuid>,
    pub(crate) finds: Batcher<FindRound>,
    pub(crate) enrolments: Batcher<EnrolmentRound>,
    pub(crate) intakes: Batcher<IntakeRound>,
    pub(crate) person_rows: Batcher<PersonRound>,
    pub(crate) order_owners: Batcher<OwnerRound>,
}

impl Vault {
    /// Opens the vault in the database of `pool`, which has been migrated. Must be called within a tokio runtime.
    /// Fails with [`RootKeyError::OtherStore`] if the database was filled under another root key store.
    pub async fn open(pool: PgPool, root: RootKeyStore) -> Result<Vault, VaultError> {
        Self::open_with(pool, root, Options::default()).await
    }

    pub async fn open_with(pool: PgPool, root: RootKeyStore, options: Options) -> Result<Vault, VaultError> {
        let pool = database::own_pool(&pool);
        let root = Arc::new(root);
        same_store(&pool, &root).await?;
        let lease = options.key_lease.min(KEY_LEASE);
        let inner = Arc::new(Inner {
            key_copy_days: options.key_copy_days,
            key_lease: lease,
            merchants: Leases::new(MERCHANTS_KEPT, lease),
            people: Leases::new(PEOPLE_KEPT, lease),
            lookups: Leases::new(LOOKUPS_KEPT, lease),
            finds: Batcher::start(FindRound { connection: KeptConnection::of(pool.clone()) }),
            enrolments: Batcher::start(EnrolmentRound { pool: pool.clone(), root: root.clone() }),
            intakes: Batcher::start(IntakeRound { connection: KeptConnection::of(pool.clone()), root: root.clone() }),
            person_rows: Batcher::start(PersonRound { connection: KeptConnection::of(pool.clone()) }),
            order_owners: Batcher::start(OwnerRound { connection: KeptConnection::of(pool.clone()) }),
            pool,
            root,
        });
        tokio::spawn(sweep_leases(Arc::downgrade(&inner), lease));
        Ok(Vault { inner })
    }

    /// Makes a merchant's key and first buckets. Doing it again changes nothing; a destroyed merchant stays so.
    pub async fn create_merchant(&self, merchant: MerchantId) -> Result<(), VaultError> {
        let ensure = move |contents: &mut Contents| {
            contents.ensure_merchant(merchant)?;
            if contents.buckets_of(merchant).is_empty() {
                bucket::add_some(contents, merchant)?;
            }
            Ok::<_, VaultError>(contents.buckets_of(merchant))
        };
        let buckets = self.inner.root.change_in_background(ensure).await??;
        let mut connection = self.inner.pool.acquire().await?;
        bucket::register(&mut connection, merchant, &buckets).await
    }

    /// A merchant's keys. One that another process has just made is found at once.
    pub async fn merchant(&self, merchant: MerchantId) -> Result<Arc<MerchantKeys>, VaultError> {
        if let Some(keys) = self.inner.merchants.get(&merchant) {
            return Ok(keys);
        }
        let asked = AskedAt::now();
        let keys = Arc::new(self.inner.root.contents().await?.merchant(merchant)?);
        self.inner.merchants.put(merchant, keys.clone(), asked);
        Ok(keys)
    }

    /// The installation's own key.
    pub fn installation(&self) -> Result<InstallationKeys, VaultError> {
        Ok(self.inner.root.current()?.installation()?)
    }

    /// For how long this vault uses a key without asking again.
    pub fn key_lease(&self) -> Duration {
        self.inner.key_lease
    }

    /// The root key store is there and the database answers.
    pub async fn ping(&self) -> Result<(), VaultError> {
        self.inner.root.contents().await?;
        sqlx::query("select 1").execute(&self.inner.pool).await?;
        Ok(())
    }
}

impl std::fmt::Debug for Vault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Vault({})", self.inner.root.path().display())
    }
}

/// Whether the database of `pool` was filled under a root key store already. A new one would open nothing in it: look for
/// the old one instead of making one. A database that was not migrated yet is nobody's.
pub async fn is_bound(pool: &PgPool) -> Result<bool, VaultError> {
    let migrated: bool =
        sqlx::query_scalar("select to_regclass('vault.root_store') is not null").fetch_one(pool).await?;
    if !migrated {
        return Ok(false);
    }
    Ok(sqlx::query_scalar("select exists (select from vault.root_store)").fetch_one(pool).await?)
}

/// Binds a new database to this store; refuses one that belongs to another.
async fn same_store(pool: &PgPool, root: &Arc<RootKeyStore>) -> Result<(), VaultError> {
    let found = root.contents().await?.store();
    sqlx::query("insert into vault.root_store (store) values ($1) on conflict do nothing")
        .bind(found)
        .execute(pool)
        .await?;
    let expected: Uuid = sqlx::query_scalar("select store from vault.root_store").fetch_one(pool).await?;
    if expected == found { Ok(()) } else { Err(RootKeyError::OtherStore { expected, found }.into()) }
}

/// Wipes keys whose lease has ended, also when nobody asks for them again, and what the root key store held before it was
/// replaced by another process; ends with the vault.
async fn sweep_leases(vault: Weak<Inner>, lease: Duration) {
    let mut ticks = tokio::time::interval(lease.max(SHORTEST_SWEEP));
    loop {
        ticks.tick().await;
        let Some(inner) = vault.upgrade() else { return };
        inner.merchants.sweep();
        inner.people.sweep();
        inner.lookups.sweep();
        if let Err(error) = inner.root.contents().await {
            tracing::warn!(%error, "the root key store cannot be read");
        }
    }
}
