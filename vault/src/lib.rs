//! Who can read what, and for how long: the keys of people, sealing under them, and the tables that may name an
//! outside identity because they can be erased.
//!
//! Keys hang from each other: root → merchant → bucket → person. Everything down to the bucket lives in the root
//! key store, a small file of its own ([`RootKeyStore`]); people's keys live in Postgres, schema `vault`, wrapped by
//! their bucket. Neither half opens anything without the other, so forgetting a few bytes in the file destroys what
//! lies in every copy of the database. The vault is a source of truth: unlike read models it cannot be rebuilt.

mod absent;
mod agreement;
mod batch;
mod blind_index;
mod bucket;
mod database;
mod deletions;
mod destruction;
mod directory;
mod enrolment;
mod envelope;
mod error;
mod handover;
mod identity;
mod intake;
mod invitation;
mod item;
mod kept;
mod keys;
mod kind;
mod lease;
mod named;
mod order_owner;
mod person;
mod root;
mod rotation;
mod secret;
mod standing;
mod survey;
mod tombstone;
mod traces;
mod transfer;
mod turn;
mod vault;
mod waiting;

pub use blind_index::SEARCH_LIMIT;
pub use bucket::BUCKET_CAPACITY;
pub use deletions::{
    CarriedOut, DeletionEntry, DeletionHead, DeletionJournal, DeletionJournalError, DeletionSubject, RecordedDeletion,
};
pub use destruction::{DestroyedKeys, DestroyedMerchant};
pub use envelope::{SEAL_OVERHEAD, SealError};
pub use error::VaultError;
pub use handover::HandedOver;
pub use identity::Identity;
pub use intake::{Entrant, INTAKE_MAX};
pub use invitation::{AddressHash, Invited};
pub use kept::KeptConnection;
pub use keys::{
    InstallationKeys, ItemKeys, LinkKey, MerchantKeys, PersonKeys, PersonState, SigningKey, key_of, owner_of,
};
pub use kind::{DirectoryKind, IndexKind, ItemId, ItemPurpose, PARKED_LIFE_DAYS, WAITING_DAYS, WAITING_LIFE_DAYS};
pub use lease::KEY_LEASE;
pub use named::{NAMED_DAYS, NAMED_OF_LINK_MAX, NamedFriend, Naming};
pub use order_owner::OrderOwner;
pub use root::{BucketGeneration, GuardError, KeyService, RootGuard, RootKeyError, RootKeyStore, Transit};
pub use rotation::{PendingRotation, Rotated, RotatedBucket};
pub use standing::KeyState;
pub use survey::{BucketSurvey, MerchantSurvey, Survey};
pub use tombstone::TOMBSTONE_DAYS;
pub use traces::Trace;
pub use transfer::{NotAKey, Packing, Parcel, Recipient, RecipientSecret, TransferError, Unpacked};
pub use vault::{KEY_COPY_DAYS, Options, Vault, is_bound};
pub use waiting::{PlacedItem, WaitingItem};
