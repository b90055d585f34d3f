//! The installation's own key: for what is said of no merchant in particular, and for what the installation signs.

use aggregates::id::MerchantId;
use uuid::Uuid;

use super::{
    sealing::{SealingKey, seals_and_opens},
    signing::SigningKey,
};
use crate::secret::Secret;

/// Lives as long as the root key store: nobody's erasure ends it, so nothing about a merchant's people goes under it.
pub struct InstallationKeys {
    sealing: SealingKey,
    signing: Secret,
}

impl InstallationKeys {
    pub(crate) fn new(platform: MerchantId, secret: &Secret) -> Self {
        InstallationKeys {
            sealing: SealingKey::new(platform, Uuid::nil(), secret.derive("sealing")),
            signing: secret.derive("signing"),
        }
    }

    /// The key that signs for one use. Uses are told apart by name, so that no signature can be passed off as one for
    /// another use; the same store gives the same key for ever.
    pub fn signer(&self, usage: &'static str) -> SigningKey {
        SigningKey::of(&self.signing.derive(usage))
    }
}

seals_and_opens!(InstallationKeys);
