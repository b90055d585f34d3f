//! Histories that were taken over from other installations. What they say of deletions was done there: entries that they name are
//! those of another deletion journal.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::id::MerchantId;

/// Taking over a merchant's history begins; before its first commit is written.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HistoryImportBegun {
    pub merchant: MerchantId,
    /// The top log of the installation that it comes from, by name.
    pub source: String,
    /// Keys came with it.
    pub with_keys: bool,
}

/// All of it is here.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HistoryImportFinished {
    pub merchant: MerchantId,
    /// The merchant's commits up to here were made elsewhere.
    pub until: u64,
}

/// Which commits were made elsewhere.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ImportedHistories(BTreeMap<MerchantId, Option<u64>>);

impl ImportedHistories {
    pub(super) fn begin(&mut self, merchant: MerchantId) {
        self.0.insert(merchant, None);
    }

    pub(super) fn finish(&mut self, merchant: MerchantId, until: u64) {
        self.0.insert(merchant, Some(until));
    }

    /// An import of this merchant was begun, and is not finished.
    pub fn is_under_way(&self, merchant: MerchantId) -> bool {
        self.0.get(&merchant) == Some(&None)
    }

    /// Whether a commit of the merchant was made elsewhere. While its import is under way, all of them were.
    pub fn has(&self, merchant: MerchantId, position: u64) -> bool {
        self.0.get(&merchant).is_some_and(|until| until.is_none_or(|until| position <= until))
    }

    /// Each merchant that came from elsewhere, and up to where its commits did.
    pub fn iter(&self) -> impl Iterator<Item = (MerchantId, u64)> + '_ {
        self.0.iter().map(|(merchant, until)| (*merchant, until.unwrap_or(u64::MAX)))
    }
}
