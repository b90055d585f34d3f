//! Keys of buckets, in generations: rotation makes the next one, moves the bucket's people to it, and forgets the one
//! before. Whoever was destroyed did not move, and is forgotten with it.

use aggregates::id::MerchantId;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{Contents, WrappedKey, unwrap, wrap};
use crate::{
    RootKeyError, VaultError,
    secret::{Secret, random_id},
};

/// One key of a bucket.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct BucketGeneration {
    pub bucket: Uuid,
    /// Counted from 1.
    pub generation: i32,
}

impl BucketGeneration {
    pub(crate) const FIRST: i32 = 1;
}

impl std::fmt::Display for BucketGeneration {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "bucket {} generation {}", self.bucket, self.generation)
    }
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub(in crate::root) struct Bucket {
    merchant: MerchantId,
    /// Under the newest generation of the merchant's turning key.
    key: WrappedKey,
}

impl Contents {
    pub(crate) fn add_bucket(&mut self, merchant: MerchantId) -> Result<BucketGeneration, VaultError> {
        let id = BucketGeneration { bucket: random_id(), generation: BucketGeneration::FIRST };
        self.insert_bucket(merchant, id)?;
        Ok(id)
    }

    /// A bucket's key for its merchant.
    ///
    /// # Errors
    /// [`RootKeyError::Forgotten`] if the store has moved on to a later generation, [`RootKeyError::NoSuchKey`] if it has
    /// never heard of this one, and what is said of a merchant without keys.
    pub(crate) fn bucket(&self, merchant: MerchantId, id: BucketGeneration) -> Result<Secret, VaultError> {
        let wrapping = self.wrapping_of(merchant)?;
        let Some(bucket) = self.wrapped.buckets.get(&id) else {
            let moved_on = self.newest_generation(id.bucket).is_some_and(|newest| newest > id.generation);
            let key = id.to_string();
            return Err(if moved_on { RootKeyError::Forgotten { key } } else { RootKeyError::NoSuchKey { key } }.into());
        };
        Ok(unwrap(&wrapping, merchant, merchant.0, &id.to_string(), &bucket.key)?)
    }

    pub(crate) fn has_bucket(&self, id: BucketGeneration) -> bool {
        self.wrapped.buckets.contains_key(&id)
    }

    pub(crate) fn buckets_of(&self, merchant: MerchantId) -> Vec<BucketGeneration> {
        self.buckets().filter(|(owner, _)| *owner == merchant).map(|(_, id)| id).collect()
    }

    /// Every bucket key there is, and whose it is.
    pub(crate) fn buckets(&self) -> impl Iterator<Item = (MerchantId, BucketGeneration)> {
        self.wrapped.buckets.iter().map(|(id, bucket)| (bucket.merchant, *id))
    }

    pub(crate) fn newest_generation(&self, bucket: Uuid) -> Option<i32> {
        let generations =
            BucketGeneration { bucket, generation: i32::MIN }..=BucketGeneration { bucket, generation: i32::MAX };
        self.wrapped.buckets.range(generations).next_back().map(|(id, _)| id.generation)
    }

    /// The newest generation of a bucket, made if there is none after `old`.
    ///
    /// # Errors
    /// [`RootKeyError::NoSuchKey`] if the store is so old that it has not heard of `old`, and what is said of a merchant
    /// without keys.
    pub(crate) fn generation_after(
        &mut self,
        merchant: MerchantId,
        old: BucketGeneration,
    ) -> Result<BucketGeneration, VaultError> {
        self.wrapping_of(merchant)?;
        let newest = self.newest_generation(old.bucket).filter(|newest| *newest >= old.generation);
        let newest = newest.ok_or_else(|| RootKeyError::NoSuchKey { key: old.to_string() })?;
        let next = BucketGeneration { bucket: old.bucket, generation: newest.max(old.generation + 1) };
        if !self.has_bucket(next) {
            self.insert_bucket(merchant, next)?;
        }
        Ok(next)
    }

    /// From here on, whoever hung from an earlier generation of this bucket opens nowhere, whatever copy of the database
    /// their keys are read from.
    pub(crate) fn forget_generations_before(&mut self, newest: BucketGeneration) {
        self.wrapped.buckets.retain(|id, _| id.bucket != newest.bucket || id.generation >= newest.generation);
    }

    pub(super) fn forget_buckets_of(&mut self, merchant: MerchantId) {
        self.wrapped.buckets.retain(|_, bucket| bucket.merchant != merchant);
    }

    pub(super) fn rewrap_buckets(
        &mut self,
        merchant: MerchantId,
        from: &Secret,
        to: &Secret,
    ) -> Result<(), RootKeyError> {
        let of_merchant = self.wrapped.buckets.iter_mut().filter(|(_, bucket)| bucket.merchant == merchant);
        for (id, bucket) in of_merchant {
            let secret = unwrap(from, merchant, merchant.0, &id.to_string(), &bucket.key)?;
            bucket.key = wrap(to, merchant, merchant.0, &id.to_string(), &secret);
        }
        Ok(())
    }

    fn insert_bucket(&mut self, merchant: MerchantId, id: BucketGeneration) -> Result<(), VaultError> {
        let key = wrap(&self.wrapping_of(merchant)?, merchant, merchant.0, &id.to_string(), &Secret::random());
        self.wrapped.buckets.insert(id, Bucket { merchant, key });
        Ok(())
    }
}
