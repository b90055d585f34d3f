//! Products as the shop states them. Recorded from the first day on, and kept in versions: a rule that names a tag asks how
//! the product was when it was ordered, not how it is now.

mod facts;
mod shard;
#[cfg(test)]
mod tests;

pub(crate) use facts::plain;
pub use facts::{OrderedProducts, ProductFacts};
pub use shard::{ProductCommand, ProductShard};

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::{event::events, time::Timestamp};

/// Product facts are spread over this many subjects per merchant, for ever.
pub const SHARDS: u8 = 16;

events! {
    /// What happened to products.
    ProductEvent {
        Stated(ProductStated) = "product.stated" v 1;
        Deleted(ProductDeleted) = "product.deleted" v 1;
        /// Which collections a product is in. No product webhook tells.
        CollectionsStated(CollectionsStated) = "product.collections_stated" v 1;
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProductStated {
    pub product_id: String,
    pub title: String,
    pub vendor: Option<String>,
    pub product_type: Option<String>,
    pub tags: Vec<String>,
    pub status: Option<String>,
    pub updated_at: Option<Timestamp>,
    pub variants: Vec<ProductVariant>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProductVariant {
    pub variant_id: String,
    pub sku: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProductDeleted {
    pub product_id: String,
}

/// All collections that a product is in, from a time on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CollectionsStated {
    pub product_id: String,
    pub collections: BTreeSet<String>,
    pub from: Timestamp,
}
