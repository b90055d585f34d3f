//! Whether database and root key store are of the same time. Each may have been restored from a copy; then keys that the one
//! names are not in the other, and people who were never erased could not be read. Better not to serve at all, and to say
//! which of the two is the older.

use std::sync::Arc;

use aggregates::id::MerchantId;
use sqlx::Row;

use crate::{BucketGeneration, RootKeyError, Vault, VaultError, root::Contents};

/// A rotation in another process may move between two looks; three of them in a row do not meet one each time.
const LOOKS: u32 = 3;

/// Every bucket key that a living row, or the next new person, needs. Walks the index from one key to the next: the work is
/// that of the buckets, not of the people.
const NEEDED: &str = "
    with recursive used as (
        (select bucket, generation, merchant from vault.person_keys
          where bucket is not null order by bucket, generation limit 1)
        union all
        select next.bucket, next.generation, next.merchant from used, lateral (
            select k.bucket, k.generation, k.merchant from vault.person_keys k
             where (k.bucket, k.generation) > (used.bucket, used.generation)
             order by k.bucket, k.generation limit 1) as next
    )
    select bucket, generation, merchant from used
    union select bucket, generation, merchant from vault.bucket
    order by bucket, generation";

impl Vault {
    /// Whether the root key store opens every bucket that the database names. Merchants that were destroyed need none.
    ///
    /// # Errors
    /// [`RootKeyError::NoSuchKey`] if the store is older than the database, [`RootKeyError::Forgotten`] if the database is
    /// older than the store, [`VaultError::UnknownMerchant`] if the store has never heard of a merchant in the database.
    pub async fn check_keys(&self) -> Result<(), VaultError> {
        let mut looks = 0;
        loop {
            looks += 1;
            // First what is needed, then what there is: a key that another process makes meanwhile is there.
            let needed = self.needed().await?;
            let contents: Arc<Contents> = self.inner.root.contents().await?;
            match needed.iter().try_for_each(|(merchant, id)| is_there(&contents, *merchant, *id)) {
                Err(VaultError::Root(RootKeyError::Forgotten { .. })) if looks < LOOKS => {}
                outcome => return outcome,
            }
        }
    }

    async fn needed(&self) -> Result<Vec<(MerchantId, BucketGeneration)>, VaultError> {
        let rows = sqlx::query(NEEDED).fetch_all(&self.inner.pool).await?;
        let needed = rows.iter().map(|row| {
            let id = BucketGeneration { bucket: row.try_get("bucket")?, generation: row.try_get("generation")? };
            Ok((MerchantId(row.try_get("merchant")?), id))
        });
        Ok(needed.collect::<Result<_, sqlx::Error>>()?)
    }
}

fn is_there(contents: &Contents, merchant: MerchantId, id: BucketGeneration) -> Result<(), VaultError> {
    match contents.bucket(merchant, id) {
        Ok(_) | Err(VaultError::Destroyed { .. }) => Ok(()),
        Err(error) => Err(error),
    }
}
