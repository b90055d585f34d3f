//! Every kind of personal data the system holds: where it lives, under what it is sealed, and what erasure does to it. The
//! record of processing is made from this, and tests hold it against the code and the tables: a field that is not here
//! cannot be shipped.

mod events;
mod tables;
mod told;

use serde::Serialize;

pub use events::SEALED;
pub use tables::COLUMNS;
pub use told::{SEALED_TOLD, TABLES_TOLD, Told, told};

/// Under whose key something is, or by what it is protected.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Protection {
    /// The person's own data key.
    PersonKey,
    /// The merchant's key.
    MerchantKey,
    /// A key of its own with a time to live.
    ItemKey,
    /// The installation's key.
    InstallationKey,
    /// A keyed hash under the merchant's key.
    KeyedHash,
    /// A token under the person's link key.
    LinkToken,
    /// A random id: it names nobody by itself.
    RandomId,
    /// Numbers, times and words of our own, kept beside a random id.
    Clear,
    /// Key bytes wrapped by another key.
    WrappedKey,
}

/// What becomes of it when the person is erased.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Erasure {
    /// Its key is destroyed: the ciphertext stays in the log and opens nowhere.
    Unreadable,
    /// The row or the value is removed.
    Removed,
    /// Stays as a tombstone: the keyed hash and the date of the erasure.
    Tombstone,
    /// Stays: it no longer leads to anybody.
    Stays,
    /// Ends by itself, with the time to live of its key.
    Expires,
    /// Ends with the merchant's key.
    WithMerchant,
    /// Ends with the installation.
    WithInstallation,
}

/// Why it is processed, in the words of a record of processing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Purpose {
    /// Running the loyalty programme for its member.
    Membership,
    /// Awarding, spending and correcting points.
    Ledger,
    /// Keeping the shop's facts until they can be placed.
    Intake,
    /// Answering the person's own requests.
    Privacy,
    /// Showing who did what.
    Audit,
    /// Keeping keys so that they can be destroyed.
    Keys,
    /// Recognising the shop.
    Operation,
}

/// A field inside a sealed value of the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct SealedField {
    /// The type that is sealed.
    pub content: &'static str,
    pub field: &'static str,
    pub what: &'static str,
    pub protection: Protection,
    pub erasure: Erasure,
    pub purpose: Purpose,
}

/// A column of the vault or of a read model that holds sealed bytes or leads to a person.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Column {
    /// `schema.table`
    pub table: &'static str,
    pub column: &'static str,
    pub what: &'static str,
    pub protection: Protection,
    pub erasure: Erasure,
    pub purpose: Purpose,
}
