//! The installation's own key: for what is said of no merchant in particular.

use aggregates::id::MerchantId;
use uuid::Uuid;

use super::{
    SigningKey,
    sealing::{SealingKey, seals_and_opens},
};
use crate::secret::Secret;

/// Lives as long as the root key store: nobody's erasure ends it, so nothing about a merchant's people goes under it.
pub struct InstallationKeys {
    sealing: SealingKey,
    secret: Secret,
}

impl InstallationKeys {
    pub(crate) fn new(platform: MerchantId, secret: &Secret) -> Self {
        InstallationKeys {
            sealing: SealingKey::new(platform, Uuid::nil(), secret.derive("sealing")),
            secret: secret.clone(),
        }
    }

    /// The key that signs for one use, which is told apart from others by its name.
    pub fn signing_key(&self, usage: &str) -> SigningKey {
        SigningKey::new(&self.secret.derive(&format!("signing/{usage}")))
    }
}

seals_and_opens!(InstallationKeys);
