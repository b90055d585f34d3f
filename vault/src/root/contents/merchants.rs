//! Merchants in the root key store. Each has a lasting key, for look-ups and codes that must be found for ever, and keys
//! that turn: the newest generation seals and wraps from now on, earlier ones still open what the log keeps under them.

use std::collections::BTreeMap;

use aggregates::{id::MerchantId, time::Timestamp};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{Contents, WrappedKey, unwrap, wrap};
use crate::{
    RootKeyError, VaultError,
    keys::MerchantKeys,
    secret::Secret,
    transfer::{KeyBytes, MerchantSecrets},
};

const LASTING: &str = "merchant";
const FIRST_GENERATION: i32 = 1;

/// A destroyed merchant stays on record, so that it never gets a key again.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(in crate::root) enum Merchant {
    Active {
        lasting: WrappedKey,
        turning: BTreeMap<i32, WrappedKey>,
        /// The generation that seals. The one after it, if there is one, has been made and waits until every process has
        /// heard of it.
        seals_with: i32,
    },
    Destroyed {
        at: Timestamp,
    },
}

impl Merchant {
    fn fresh(id: MerchantId, root: &Secret) -> Self {
        let turning = wrap(root, id, Uuid::nil(), &turning_name(FIRST_GENERATION), &Secret::random());
        Merchant::Active {
            lasting: wrap(root, id, Uuid::nil(), LASTING, &Secret::random()),
            turning: BTreeMap::from([(FIRST_GENERATION, turning)]),
            seals_with: FIRST_GENERATION,
        }
    }

    /// Moves the keys from one root key to another.
    pub(super) fn rewrap(&mut self, id: MerchantId, from: &Secret, to: &Secret) -> Result<(), RootKeyError> {
        let Merchant::Active { lasting, turning, .. } = self else { return Ok(()) };
        let turning = turning.iter_mut().map(|(generation, key)| (turning_name(*generation), key));
        for (name, key) in turning.chain([(LASTING.to_owned(), lasting)]) {
            *key = wrap(to, id, Uuid::nil(), &name, &unwrap(from, id, Uuid::nil(), &name, key)?);
        }
        Ok(())
    }
}

/// What a merchant has that was not destroyed.
struct Active<'a> {
    lasting: &'a WrappedKey,
    turning: &'a BTreeMap<i32, WrappedKey>,
    seals_with: i32,
}

fn turning_name(generation: i32) -> String {
    format!("merchant generation {generation}")
}

impl Contents {
    pub(crate) fn merchant(&self, merchant: MerchantId) -> Result<MerchantKeys, VaultError> {
        let Active { lasting, turning, seals_with } = self.active(merchant)?;
        let lasting = unwrap(&self.root, merchant, Uuid::nil(), LASTING, lasting)?;
        let turning = turning.iter().map(|(generation, key)| {
            Ok((*generation, unwrap(&self.root, merchant, Uuid::nil(), &turning_name(*generation), key)?))
        });
        Ok(MerchantKeys::new(merchant, &lasting, turning.collect::<Result<_, RootKeyError>>()?, seals_with))
    }

    /// Every merchant that has, or had, keys; when it was destroyed, if it was.
    pub(crate) fn merchants(&self) -> impl Iterator<Item = (MerchantId, Option<Timestamp>)> {
        self.wrapped.merchants.iter().map(|(id, merchant)| match merchant {
            Merchant::Active { .. } => (*id, None),
            Merchant::Destroyed { at } => (*id, Some(*at)),
        })
    }

    /// The generation of a merchant's turning key that seals.
    pub(crate) fn merchant_generation(&self, merchant: MerchantId) -> Result<i32, VaultError> {
        Ok(self.active(merchant)?.seals_with)
    }

    /// Makes a merchant's keys unless there are, or have been, some.
    pub(crate) fn ensure_merchant(&mut self, merchant: MerchantId) -> Result<MerchantKeys, VaultError> {
        let root = &self.root;
        self.wrapped.merchants.entry(merchant).or_insert_with(|| Merchant::fresh(merchant, root));
        self.merchant(merchant)
    }

    /// A merchant's own keys, to be packed for another installation.
    pub(crate) fn merchant_secrets(&self, merchant: MerchantId) -> Result<MerchantSecrets, VaultError> {
        let Active { lasting, turning, .. } = self.active(merchant)?;
        let open = |name: &str, key: &WrappedKey| unwrap(&self.root, merchant, Uuid::nil(), name, key).map(KeyBytes);
        let turning = turning.iter().map(|(generation, key)| Ok((*generation, open(&turning_name(*generation), key)?)));
        Ok(MerchantSecrets { lasting: open(LASTING, lasting)?, turning: turning.collect::<Result<_, RootKeyError>>()? })
    }

    /// Takes over a merchant's own keys from another installation, and makes a generation that only this one has: it seals from
    /// now on. Gives whether the merchant has these keys now; not if it has others. Doing it again changes nothing.
    ///
    /// # Errors
    /// [`VaultError::Destroyed`] if the merchant was destroyed here.
    pub(crate) fn take_over(&mut self, merchant: MerchantId, secrets: &MerchantSecrets) -> Result<bool, VaultError> {
        match self.active(merchant) {
            Ok(Active { lasting, .. }) => {
                let lasting = unwrap(&self.root, merchant, Uuid::nil(), LASTING, lasting)?;
                return Ok(lasting.expose() == secrets.lasting.0.expose());
            }
            Err(VaultError::UnknownMerchant(_)) => {}
            Err(error) => return Err(error),
        }
        let close = |name: &str, key: &KeyBytes| wrap(&self.root, merchant, Uuid::nil(), name, &key.0);
        let turning =
            secrets.turning.iter().map(|(generation, key)| (*generation, close(&turning_name(*generation), key)));
        let turning: BTreeMap<i32, WrappedKey> = turning.collect();
        let seals_with = *turning.keys().next_back().ok_or(VaultError::UnknownMerchant(merchant))?;
        let taken = Merchant::Active { lasting: close(LASTING, &secrets.lasting), turning, seals_with };
        self.wrapped.merchants.insert(merchant, taken);
        // Nobody here has used the key yet, so nobody has to hear of the new one first.
        self.turn_merchant(merchant)?;
        self.finish_turning(merchant)?;
        Ok(true)
    }

    /// Makes the next generation of a merchant's turning key unless one waits already, and wraps its bucket keys under it.
    /// Earlier generations stay: the log holds what was sealed under them, and cannot be written again. Gives the new one.
    pub(crate) fn turn_merchant(&mut self, merchant: MerchantId) -> Result<i32, VaultError> {
        let generation = self.merchant_generation(merchant)? + 1;
        if self.active(merchant)?.turning.contains_key(&generation) {
            return Ok(generation);
        }
        let old = self.wrapping_of(merchant)?;
        let fresh = wrap(&self.root, merchant, Uuid::nil(), &turning_name(generation), &Secret::random());
        if let Some(Merchant::Active { turning, .. }) = self.wrapped.merchants.get_mut(&merchant) {
            turning.insert(generation, fresh);
        }
        let new = self.wrapping_of(merchant)?;
        self.rewrap_buckets(merchant, &old, &new)?;
        Ok(generation)
    }

    /// From here on the newest generation seals. Gives it.
    pub(crate) fn finish_turning(&mut self, merchant: MerchantId) -> Result<i32, VaultError> {
        if let Some(Merchant::Active { turning, seals_with, .. }) = self.wrapped.merchants.get_mut(&merchant)
            && let Some((newest, _)) = turning.last_key_value()
        {
            *seals_with = *newest;
        }
        self.merchant_generation(merchant)
    }

    /// From here on nothing of this merchant opens, whatever copy of the database it is read from. One that was destroyed
    /// keeps its date.
    pub(crate) fn destroy_merchant(&mut self, merchant: MerchantId, at: Timestamp) {
        let entry = self.wrapped.merchants.entry(merchant).or_insert(Merchant::Destroyed { at });
        if let Merchant::Active { .. } = entry {
            *entry = Merchant::Destroyed { at };
        }
        self.forget_buckets_of(merchant);
    }

    /// What wraps the merchant's bucket keys now.
    pub(super) fn wrapping_of(&self, merchant: MerchantId) -> Result<Secret, VaultError> {
        let (newest, key) =
            self.active(merchant)?.turning.last_key_value().ok_or(VaultError::UnknownMerchant(merchant))?;
        Ok(unwrap(&self.root, merchant, Uuid::nil(), &turning_name(*newest), key)?.derive("buckets"))
    }

    fn active(&self, merchant: MerchantId) -> Result<Active<'_>, VaultError> {
        match self.wrapped.merchants.get(&merchant) {
            None => Err(VaultError::UnknownMerchant(merchant)),
            Some(Merchant::Destroyed { at }) => Err(VaultError::Destroyed { at: *at }),
            Some(Merchant::Active { lasting, turning, seals_with }) => {
                Ok(Active { lasting, turning, seals_with: *seals_with })
            }
        }
    }
}
