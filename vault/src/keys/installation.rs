//! The installation's own key: for what is said of no merchant in particular.

use aggregates::id::MerchantId;
use uuid::Uuid;

use super::sealing::{SealingKey, seals_and_opens};
use crate::secret::Secret;

/// Lives as long as the root key store: nobody's erasure ends it, so nothing about a merchant's people goes under it.
pub struct InstallationKeys {
    sealing: SealingKey,
}

impl InstallationKeys {
    pub(crate) fn new(platform: MerchantId, secret: &Secret) -> Self {
        InstallationKeys { sealing: SealingKey::new(platform, Uuid::nil(), secret.derive("sealing")) }
    }
}

seals_and_opens!(InstallationKeys);
