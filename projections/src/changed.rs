//! Somebody for whom something has changed: what the work lists of policies hold.

use std::collections::BTreeMap;

use aggregates::id::{CustomerId, MerchantId};
use uuid::Uuid;

use crate::sql::position;

/// A customer for whom something that counts has changed, at a position of the journal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Changed {
    pub merchant: MerchantId,
    pub customer: CustomerId,
    pub position: u64,
}

impl Changed {
    /// From a row of merchant, customer and position.
    pub(crate) fn of((merchant, customer, at): (Uuid, Uuid, i64)) -> Self {
        Changed { merchant: MerchantId(merchant), customer: CustomerId(customer), position: position(at) }
    }

    /// Whom there is of each shop, in the order of the list.
    pub fn by_shop(list: &[Changed]) -> BTreeMap<MerchantId, Vec<CustomerId>> {
        let mut shops: BTreeMap<MerchantId, Vec<CustomerId>> = BTreeMap::new();
        list.iter().for_each(|changed| shops.entry(changed.merchant).or_default().push(changed.customer));
        shops
    }
}
