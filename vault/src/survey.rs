//! What keys there are, for operators: numbers and names, no key.

use std::collections::{BTreeMap, HashMap};

use aggregates::{id::MerchantId, time::Timestamp};
use uuid::Uuid;

use crate::{Vault, VaultError};

/// All keys of an installation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Survey {
    /// The root key store that this database belongs to.
    pub store: Uuid,
    /// What keeps the root key.
    pub root_kept_by: &'static str,
    /// Counted from 1; one more with every rotation of the root key.
    pub root_generation: u32,
    /// Days for which there are keys of parked bodies and waiting facts.
    pub item_days: usize,
    pub merchants: Vec<MerchantSurvey>,
}

/// A merchant's keys.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MerchantSurvey {
    pub merchant: MerchantId,
    pub destroyed_at: Option<Timestamp>,
    /// The generation of its own key that seals; 0 once it was destroyed.
    pub generation: i32,
    pub buckets: Vec<BucketSurvey>,
}

/// A bucket's keys and people.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BucketSurvey {
    pub bucket: Uuid,
    /// Those the root key store has; more than one while a rotation is under way.
    pub generations: Vec<i32>,
    /// People whose keys hang from it.
    pub people: i64,
    /// People whose keys hung from it and were destroyed.
    pub destroyed: i64,
    /// One of its generations is still to be forgotten.
    pub rotation_due: bool,
}

impl Vault {
    /// Counts people in every bucket: reads the index of all people.
    pub async fn survey(&self) -> Result<Survey, VaultError> {
        let living = self.count("select bucket, count(*) from vault.person_keys where bucket is not null group by 1");
        let living = living.await?;
        let destroyed = "select hung_bucket, count(*) from vault.person_keys where hung_bucket is not null group by 1";
        let destroyed = self.count(destroyed).await?;
        let due = self.count("select bucket, count(*) from vault.rotation group by 1").await?;
        let contents = self.inner.root.contents().await?;

        let mut buckets = BTreeMap::<(MerchantId, Uuid), Vec<i32>>::new();
        for (merchant, id) in contents.buckets() {
            buckets.entry((merchant, id.bucket)).or_default().push(id.generation);
        }
        let mut of_merchants = HashMap::<MerchantId, Vec<BucketSurvey>>::new();
        for ((merchant, bucket), generations) in buckets {
            of_merchants.entry(merchant).or_default().push(BucketSurvey {
                bucket,
                generations,
                people: living.get(&bucket).copied().unwrap_or(0),
                destroyed: destroyed.get(&bucket).copied().unwrap_or(0),
                rotation_due: due.contains_key(&bucket),
            });
        }
        let merchants = contents.merchants().map(|(merchant, destroyed_at)| MerchantSurvey {
            merchant,
            destroyed_at,
            generation: contents.merchant_generation(merchant).unwrap_or(0),
            buckets: of_merchants.remove(&merchant).unwrap_or_default(),
        });
        Ok(Survey {
            store: contents.store(),
            root_kept_by: self.inner.root.kept_by(),
            root_generation: contents.root_generation(),
            item_days: contents.item_days(),
            merchants: merchants.collect(),
        })
    }

    async fn count(&self, by_bucket: &'static str) -> Result<HashMap<Uuid, i64>, VaultError> {
        let rows: Vec<(Uuid, i64)> = sqlx::query_as(by_bucket).fetch_all(&self.inner.pool).await?;
        Ok(rows.into_iter().collect())
    }
}
