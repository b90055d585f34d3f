//! What callers of the vault can be told, and what each answer asks of them.

use std::sync::Arc;

use aggregates::{
    id::{CustomerId, MerchantId},
    time::Timestamp,
};

use crate::{DeletionJournalError, RootKeyError};

/// Cloneable, because callers that were answered by one statement fail by one error.
#[derive(Debug, Clone, thiserror::Error)]
pub enum VaultError {
    /// The database gave no answer. Nothing is known to have happened: answer 503 and let the client repeat.
    #[error("the vault's database gave no answer")]
    Unavailable(#[source] Arc<sqlx::Error>),
    /// The keys were destroyed. What they sealed stays closed, and their owner never gets others.
    #[error("destroyed at {at}")]
    Destroyed { at: Timestamp },
    /// Nobody has ever had keys by this id. If the log names it, the vault is older than the log: refuse to serve.
    #[error("the vault has never heard of this person")]
    NeverMade,
    /// Under a legal hold: their keys may not be destroyed until it is lifted.
    #[error("the keys of {person} are under a legal hold")]
    Held { person: CustomerId },
    /// The item's key has expired or was dropped, or there never was one; which of these is not remembered.
    #[error("the item is gone")]
    ItemGone,
    /// No keys were ever made for this merchant.
    #[error("no keys for merchant {0}")]
    UnknownMerchant(MerchantId),
    /// A row's wrapped key does not open under the key it names: the row was changed, or moved from elsewhere.
    #[error("the wrapped key of {owner} was changed")]
    Tampered { owner: String },
    /// The database has carried out deletions up to this entry of a deletion journal, which is not this one, or has lost that
    /// entry: find the right one. What it says beyond this database would not be carried out.
    #[error("the deletion journal does not have entry {sequence}, up to which the database has carried it out")]
    OtherDeletions { sequence: u64 },
    /// Nothing can be closed for anybody.
    #[error("the system gave no randomness")]
    NoRandomness,
    #[error(transparent)]
    Root(#[from] RootKeyError),
    #[error(transparent)]
    Deletions(#[from] DeletionJournalError),
}

impl From<sqlx::Error> for VaultError {
    fn from(error: sqlx::Error) -> Self {
        VaultError::Unavailable(Arc::new(error))
    }
}
