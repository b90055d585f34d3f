//! What the store says: one root key, and under it merchants, buckets and days of items, each key wrapped by the one
//! above. Only the root key is open here.

mod buckets;
mod item_days;
mod merchants;

use std::collections::BTreeMap;

use aggregates::id::MerchantId;
use serde::{Deserialize, Serialize};
use uuid::Uuid;
use zeroize::Zeroizing;

use super::RootKeyError;
use crate::{
    envelope::{self, Binding},
    keys::{InstallationKeys, LookupKey},
    secret::{Secret, random_id},
};

pub use buckets::BucketGeneration;
pub(crate) use item_days::ItemDay;
use merchants::Merchant;

/// Stands for the root key and for the platform itself, which is no merchant.
const PLATFORM: MerchantId = MerchantId(Uuid::nil());

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
    /// How often the root key was replaced, for operators.
    root_generation: u32,
    /// The platform's own secret: for look-ups that come before any merchant is known, and for what is said of none.
    lookup: WrappedKey,
    merchants: BTreeMap<MerchantId, Merchant>,
    buckets: BTreeMap<BucketGeneration, buckets::Bucket>,
    item_days: BTreeMap<ItemDay, WrappedKey>,
}

impl Contents {
    /// A new store: a root key, a look-up key, and nothing under them.
    pub(super) fn fresh() -> Self {
        let root = Secret::random();
        let lookup = wrap(&root, PLATFORM, Uuid::nil(), "lookup", &Secret::random());
        let wrapped = Wrapped {
            store: random_id(),
            root_generation: 1,
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

    pub(crate) fn root_generation(&self) -> u32 {
        self.wrapped.root_generation
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

    /// Puts a new root key in the place of the old one, and wraps under it what hung from that. Nothing below changes: what
    /// was sealed stays readable, and the old root key opens nothing in the new file.
    ///
    /// # Errors
    /// [`RootKeyError::NoSuchKey`] if something in the file does not open; then nothing has changed.
    pub(crate) fn replace_root(&mut self) -> Result<(), RootKeyError> {
        let root = Secret::random();
        let mut next = self.wrapped.clone();
        next.lookup = wrap(&root, PLATFORM, Uuid::nil(), "lookup", &self.platform_secret()?);
        next.root_generation += 1;
        for (id, merchant) in &mut next.merchants {
            merchant.rewrap(*id, &self.root, &root)?;
        }
        for (day, key) in &mut next.item_days {
            let secret = unwrap(&self.root, PLATFORM, Uuid::nil(), &day.to_string(), key)?;
            *key = wrap(&root, PLATFORM, Uuid::nil(), &day.to_string(), &secret);
        }
        (self.root, self.wrapped) = (root, next);
        Ok(())
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
