//! Rotations that an operator asks for: a bucket before anybody in it is destroyed, a merchant's own key, the root key.

use aggregates::{id::MerchantId, time::Timestamp};
use uuid::Uuid;

use super::Rotated;
use crate::{BucketGeneration, RootKeyError, Vault, VaultError};

impl Vault {
    /// Moves a bucket to its next key.
    ///
    /// # Errors
    /// [`RootKeyError::NoSuchKey`] if there is no such bucket.
    pub async fn rotate_bucket(&self, bucket: Uuid, now: Timestamp) -> Result<Rotated, VaultError> {
        let contents = self.inner.root.contents().await?;
        let generations = contents.buckets().filter(|(_, id)| id.bucket == bucket);
        let no_such_key = || RootKeyError::NoSuchKey { key: format!("bucket {bucket}") };
        let (merchant, newest) = generations.last().ok_or_else(no_such_key)?;
        self.note_rotations(merchant, &[newest]).await?;
        self.rotate_away(merchant, &[newest], now).await
    }

    /// Begins a turn of a merchant's key: the next generation is made, and wraps the merchant's bucket keys, all of which are
    /// noted for rotation. It seals only after [`Vault::finish_turning`], [`KEY_LEASE`](crate::KEY_LEASE) later, when every
    /// process has heard of it. Doing it again makes no further one. Gives the bucket keys to rotate away from.
    pub async fn turn_merchant(&self, merchant: MerchantId) -> Result<Vec<BucketGeneration>, VaultError> {
        let turned = self.inner.root.forget(move |contents| {
            contents.turn_merchant(merchant)?;
            Ok::<_, VaultError>(contents.buckets_of(merchant))
        });
        let buckets = turned.await??;
        self.inner.merchants.remove(&merchant);
        self.note_rotations(merchant, &buckets).await?;
        Ok(buckets)
    }

    /// From here on the merchant's new generation seals. Gives its number.
    pub async fn finish_turning(&self, merchant: MerchantId) -> Result<i32, VaultError> {
        let generation =
            self.inner.root.change_in_background(move |contents| contents.finish_turning(merchant)).await??;
        self.inner.merchants.remove(&merchant);
        Ok(generation)
    }

    /// Puts a new root key in the place of the old one: copies of the store from before open nothing that is written from
    /// now on. Gives how often that was done, and until when such copies may be left.
    pub async fn rotate_root(&self, now: Timestamp) -> Result<(u32, Timestamp), VaultError> {
        let replaced = self.inner.root.forget(|contents| contents.replace_root().map(|()| contents.root_generation()));
        Ok((replaced.await??, self.old_copies_gone_by(now)))
    }
}
