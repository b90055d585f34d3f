//! What the file says: one root key, and under it merchants, buckets and days of items, each key wrapped by the
//! one above. Only the root key is open here; with a key service in its place nothing else would change.

use std::collections::BTreeMap;

use aggregates::{id::MerchantId, time::Timestamp};
use serde::{Deserialize, Serialize};
use uuid::Uuid;
use zeroize::Zeroizing;

use super::RootKeyError;
use crate::{
    VaultError,
    envelope::{self, Binding},
    keys::{InstallationKeys, LookupKey, MerchantKeys},
    secret::{Secret, random_id},
};

/// Stands for the root key and for the platform itself, which is no merchant.
const PLATFORM: MerchantId = MerchantId(Uuid::nil());

/// A key of a bucket. Rotation makes the next generation, moves the bucket's people to it, and drops the old one
/// when no row names it any more.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub(crate) struct BucketGeneration {
    pub bucket: Uuid,
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

/// A key that all items expiring on one day share, so that forgetting the day forgets them. Generations as above.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub(crate) struct ItemDay {
    /// Days since 1970-01-01, UTC.
    pub day: i32,
    pub generation: i32,
}

impl std::fmt::Display for ItemDay {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "items of day {} generation {}", self.day, self.generation)
    }
}

/// A key under another key, as an envelope.
type WrappedKey = Box<[u8]>;

#[derive(Debug, Clone)]
pub(crate) struct Contents {
    pub(super) root: Secret,
    pub(super) wrapped: Wrapped,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Wrapped {
    /// Which store this is; the database remembers the one it was filled under.
    store: Uuid,
    /// The platform's own secret: for look-ups that come before any merchant is known, and for what is said of none.
    lookup: WrappedKey,
    merchants: BTreeMap<MerchantId, Merchant>,
    buckets: BTreeMap<BucketGeneration, Bucket>,
    item_days: BTreeMap<ItemDay, WrappedKey>,
}

/// A destroyed merchant stays on record, so that it never gets a key again.
#[derive(Debug, Clone, Serialize, Deserialize)]
enum Merchant {
    Active(WrappedKey),
    Destroyed { at: Timestamp },
}

#[derive(Debug, Clone, Serialize, Deserialize)]
struct Bucket {
    merchant: MerchantId,
    key: WrappedKey,
}

impl Contents {
    /// A new store: a root key, a look-up key, and nothing under them.
    pub(super) fn fresh() -> Self {
        let root = Secret::random();
        let lookup = wrap(&root, PLATFORM, Uuid::nil(), "lookup", &Secret::random());
        let wrapped = Wrapped {
            store: random_id(),
            lookup,
            merchants: BTreeMap::new(),
            buckets: BTreeMap::new(),
            item_days: BTreeMap::new(),
        };
        Contents { root, wrapped }
    }

    pub(crate) fn store(&self) -> Uuid {
        self.wrapped.store
    }

    pub(crate) fn platform_lookup(&self) -> Result<LookupKey, RootKeyError> {
        Ok(LookupKey::new(&self.platform_secret()?))
    }

    pub(crate) fn installation(&self) -> Result<InstallationKeys, RootKeyError> {
        Ok(InstallationKeys::new(PLATFORM, &self.platform_secret()?))
    }

    fn platform_secret(&self) -> Result<Secret, RootKeyError> {
        unwrap(&self.root, PLATFORM, Uuid::nil(), "lookup", &self.wrapped.lookup)
    }

    pub(crate) fn merchant(&self, merchant: MerchantId) -> Result<MerchantKeys, VaultError> {
        match self.wrapped.merchants.get(&merchant) {
            None => Err(VaultError::UnknownMerchant(merchant)),
            Some(Merchant::Destroyed { at }) => Err(VaultError::Destroyed { at: *at }),
            Some(Merchant::Active(key)) => {
                let secret = unwrap(&self.root, merchant, Uuid::nil(), "merchant", key)?;
                Ok(MerchantKeys::new(merchant, &secret))
            }
        }
    }

    /// Makes a merchant's key unless there is, or has been, one.
    pub(crate) fn ensure_merchant(&mut self, merchant: MerchantId) -> Result<MerchantKeys, VaultError> {
        let root = &self.root;
        self.wrapped
            .merchants
            .entry(merchant)
            .or_insert_with(|| Merchant::Active(wrap(root, merchant, Uuid::nil(), "merchant", &Secret::random())));
        self.merchant(merchant)
    }

    /// From here on, nothing of this merchant opens, whatever copy of the database it is read from.
    #[cfg(test)]
    pub(crate) fn destroy_merchant(&mut self, merchant: MerchantId, at: Timestamp) {
        self.wrapped.merchants.insert(merchant, Merchant::Destroyed { at });
        self.wrapped.buckets.retain(|_, bucket| bucket.merchant != merchant);
    }

    pub(crate) fn add_bucket(&mut self, keys: &MerchantKeys) -> BucketGeneration {
        let id = BucketGeneration { bucket: random_id(), generation: BucketGeneration::FIRST };
        let key = wrap(&keys.wrapping, keys.id(), keys.id().0, &id.to_string(), &Secret::random());
        self.wrapped.buckets.insert(id, Bucket { merchant: keys.id(), key });
        id
    }

    pub(crate) fn bucket(&self, keys: &MerchantKeys, id: BucketGeneration) -> Result<Secret, RootKeyError> {
        let bucket = self.wrapped.buckets.get(&id).ok_or_else(|| RootKeyError::NoSuchKey { key: id.to_string() })?;
        unwrap(&keys.wrapping, keys.id(), keys.id().0, &id.to_string(), &bucket.key)
    }

    pub(crate) fn buckets_of(&self, merchant: MerchantId) -> Vec<BucketGeneration> {
        let of_merchant = self.wrapped.buckets.iter().filter(|(_, bucket)| bucket.merchant == merchant);
        of_merchant.map(|(id, _)| *id).collect()
    }

    /// The generation under which new items of this day are wrapped; `None` if the day has no key yet.
    pub(crate) fn newest_item_day(&self, day: i32) -> Option<ItemDay> {
        let generations = ItemDay { day, generation: i32::MIN }..=ItemDay { day, generation: i32::MAX };
        self.wrapped.item_days.range(generations).next_back().map(|(id, _)| *id)
    }

    pub(crate) fn ensure_item_day(&mut self, day: i32) -> ItemDay {
        if let Some(id) = self.newest_item_day(day) {
            return id;
        }
        let id = ItemDay { day, generation: BucketGeneration::FIRST };
        let key = wrap(&self.root, PLATFORM, Uuid::nil(), &id.to_string(), &Secret::random());
        self.wrapped.item_days.insert(id, key);
        id
    }

    pub(crate) fn item_day(&self, id: ItemDay) -> Result<Secret, RootKeyError> {
        let key = self.wrapped.item_days.get(&id).ok_or_else(|| RootKeyError::NoSuchKey { key: id.to_string() })?;
        unwrap(&self.root, PLATFORM, Uuid::nil(), &id.to_string(), key)
    }

    pub(crate) fn has_item_days_before(&self, day: i32) -> bool {
        self.wrapped.item_days.keys().next().is_some_and(|oldest| oldest.day < day)
    }

    /// From here on, items that expired before `day` open nowhere, whatever copy of the database they are read from.
    pub(crate) fn forget_item_days_before(&mut self, day: i32) {
        self.wrapped.item_days.retain(|id, _| id.day >= day);
    }
}

fn wrap(by: &Secret, merchant: MerchantId, by_id: Uuid, name: &str, secret: &Secret) -> WrappedKey {
    envelope::seal(by, Binding { merchant, key_id: by_id, tag: name }, secret.expose())
}

fn unwrap(by: &Secret, merchant: MerchantId, by_id: Uuid, name: &str, key: &[u8]) -> Result<Secret, RootKeyError> {
    let no_such_key = || RootKeyError::NoSuchKey { key: name.to_owned() };
    let mut plain: Zeroizing<Vec<u8>> =
        envelope::open(by, Binding { merchant, key_id: by_id, tag: name }, key).map_err(|_| no_such_key())?;
    Secret::take(&mut plain).ok_or_else(no_such_key)
}
