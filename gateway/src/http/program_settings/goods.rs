//! Goods that a rule names.

use std::collections::BTreeSet;

use aggregates::program::Selection;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Goods, by any of these; tags, types and collections as the product was stated at the time of the order.
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SelectionDocument {
    #[serde(default)]
    pub product_ids: BTreeSet<String>,
    #[serde(default)]
    pub vendors: BTreeSet<String>,
    #[serde(default)]
    pub tags: BTreeSet<String>,
    #[serde(default)]
    pub product_types: BTreeSet<String>,
    /// Ids of collections.
    #[serde(default)]
    pub collections: BTreeSet<String>,
}

impl SelectionDocument {
    pub(super) fn of(selection: &Selection) -> Self {
        let Selection { product_ids, vendors, tags, product_types, collections } = selection.clone();
        SelectionDocument { product_ids, vendors, tags, product_types, collections }
    }

    pub(super) fn read(self) -> Selection {
        let SelectionDocument { product_ids, vendors, tags, product_types, collections } = self;
        Selection { product_ids, vendors, tags, product_types, collections }
    }
}
