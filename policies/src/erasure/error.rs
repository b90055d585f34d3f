//! Why a step could not be done now. Nothing is lost by it: the next round tries again.

use crate::delivery::DeliveryError;
use aggregates::{customer::CustomerRefusal, gdpr::GdprRefusal, merchant::MerchantRefusal, points::PointsRefusal};
use journal::{ExecuteError, JournalError, executor::LoadError};
use vault::{DeletionJournalError, VaultError};

#[derive(Debug, thiserror::Error)]
pub enum ErasureError {
    #[error("database: {0}")]
    Database(#[from] sqlx::Error),
    #[error("log: {0}")]
    Log(#[from] JournalError),
    #[error("log: {0}")]
    Load(#[from] LoadError),
    #[error("vault: {0}")]
    Vault(#[from] VaultError),
    /// The point of no return cannot be put on record, so it is not passed.
    #[error("deletion journal: {0}")]
    Deletions(#[from] DeletionJournalError),
    #[error("request: {0}")]
    Request(#[from] ExecuteError<GdprRefusal>),
    #[error("customer: {0}")]
    Customer(#[from] ExecuteError<CustomerRefusal>),
    #[error("account: {0}")]
    Account(#[from] ExecuteError<PointsRefusal>),
    #[error("merchant: {0}")]
    Merchant(#[from] ExecuteError<MerchantRefusal>),
    #[error("codes in the shop: {0}")]
    Codes(#[from] DeliveryError),
    /// A legal hold came before the point of no return.
    #[error("a legal hold stands against it")]
    Held,
    #[error("a chain of merges does not end")]
    Endless,
    #[error("read model: {0}")]
    ReadModel(#[from] projections::ProjectionError),
    /// Something that should be gone is there. It was removed again; the next round looks again.
    #[error("still there: {0}")]
    StillThere(String),
    /// The record of an earlier step is missing or of another kind.
    #[error("step {0} has left no evidence")]
    NoEvidence(&'static str),
}
