//! What a rule may look at in a product, and how that was at any time.

use std::collections::{BTreeSet, HashMap};

use super::{CollectionsStated, ProductStated};
use crate::{order::Item, time::Timestamp};

/// Versions of one product that are remembered; of more, the oldest go.
const VERSIONS_MAX: usize = 64;

/// How a product was. Words are in lower case: shops do not tell `Sale` from `sale`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ProductFacts {
    pub tags: BTreeSet<String>,
    pub product_type: Option<String>,
    pub vendor: Option<String>,
    /// Ids.
    pub collections: BTreeSet<String>,
}

/// The products of one order, by their ids, as they were when it was made. One that is not here was never stated by then.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct OrderedProducts {
    products: HashMap<String, ProductFacts>,
}

impl OrderedProducts {
    pub fn of(&self, item: &Item) -> Option<&ProductFacts> {
        self.products.get(item.product_id.as_ref()?)
    }
}

impl FromIterator<(String, ProductFacts)> for OrderedProducts {
    fn from_iter<I: IntoIterator<Item = (String, ProductFacts)>>(products: I) -> Self {
        OrderedProducts { products: products.into_iter().collect() }
    }
}

/// Everything that was ever said of a product, by time.
#[derive(Debug, Clone, Default)]
pub(super) struct History {
    stated: Vec<(Timestamp, ProductFacts)>,
    collections: Vec<(Timestamp, BTreeSet<String>)>,
}

impl History {
    /// `at` is when it was recorded, for a statement without a time of its own.
    pub fn state(&mut self, stated: &ProductStated, at: Timestamp) {
        let facts = ProductFacts {
            tags: stated.tags.iter().map(|tag| plain(tag)).collect(),
            product_type: stated.product_type.as_deref().map(plain),
            vendor: stated.vendor.as_deref().map(plain),
            collections: BTreeSet::new(),
        };
        insert(&mut self.stated, stated.updated_at.unwrap_or(at), facts);
    }

    pub fn put_into(&mut self, stated: &CollectionsStated) {
        insert(&mut self.collections, stated.from, stated.collections.clone());
    }

    pub fn collections_from(&self, from: Timestamp) -> Option<&BTreeSet<String>> {
        self.collections.iter().find(|(known, _)| *known == from).map(|(_, collections)| collections)
    }

    /// How the product was at `instant`; before it was first stated, as it was then. `None` if it never was.
    pub fn at(&self, instant: Timestamp) -> Option<ProductFacts> {
        let collections = in_effect(&self.collections, instant);
        match (in_effect(&self.stated, instant), collections) {
            (None, None) => None,
            (stated, collections) => Some(ProductFacts {
                collections: collections.cloned().unwrap_or_default(),
                ..stated.cloned().unwrap_or_default()
            }),
        }
    }
}

/// As words are compared.
pub(crate) fn plain(word: &str) -> String {
    word.trim().to_lowercase()
}

/// Keeps versions in the order of their times; of two with the same time the later statement stands.
fn insert<T: PartialEq>(versions: &mut Vec<(Timestamp, T)>, from: Timestamp, value: T) {
    match versions.binary_search_by_key(&from, |(known, _)| *known) {
        Ok(place) => versions[place].1 = value,
        Err(place) => {
            // What says the same as the version before it, and as the one behind it, is no version of its own.
            let same_as_before = place.checked_sub(1).is_some_and(|before| versions[before].1 == value);
            if !same_as_before || versions.get(place).is_some_and(|next| next.1 != value) {
                versions.insert(place, (from, value));
            }
        }
    }
    if versions.len() > VERSIONS_MAX {
        versions.remove(0);
    }
}

fn in_effect<T>(versions: &[(Timestamp, T)], instant: Timestamp) -> Option<&T> {
    let newest = versions.iter().rev().find(|(from, _)| *from <= instant);
    newest.or(versions.first()).map(|(_, value)| value)
}
