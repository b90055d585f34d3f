//! The key of one item that belongs to no person yet.

use aggregates::id::MerchantId;

use super::sealing::{SealingKey, seals_and_opens};
use crate::{kind::ItemId, secret::Secret};

/// Seals one parked body or one waiting fact, until it expires or finds its person.
pub struct ItemKeys {
    sealing: SealingKey,
}

impl ItemKeys {
    pub(crate) fn new(merchant: MerchantId, item: ItemId, secret: Secret) -> Self {
        ItemKeys { sealing: SealingKey::new(merchant, item.0, secret) }
    }

    pub fn id(&self) -> ItemId {
        ItemId(self.sealing.id())
    }
}

seals_and_opens!(ItemKeys);

impl std::fmt::Debug for ItemKeys {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "ItemKeys({})", self.id())
    }
}
