//! How a person or a shop is forgotten: which steps, in which order, and what each leaves as evidence.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{id::CustomerId, time::Timestamp};

/// How much of what is known goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Scope {
    /// Everything of a person, with the profiles merged into theirs.
    Person,
    /// A profile that lost a merge. The survivor keeps the points, and can still reverse the orders.
    MergedProfile { survivor: CustomerId },
    /// Everything of a shop.
    Merchant,
}

/// One step. Each can be repeated without harm; none begins before the one ahead of it is on record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// Every subject gets an event at which commands under way fail, and after which none succeeds.
    Fence,
    /// Unspent points are forfeited, codes that nobody has used are disabled.
    Forfeit,
    /// Orders and codes of a merged profile are its survivor's.
    HandOver,
    /// An entry in the deletion journal: the point of no return.
    Journal,
    /// The vault's keys, and everything in it that leads to the person.
    DestroyKeys,
    /// The bucket key under which the destroyed keys were wrapped goes too: old copies of the database open nothing.
    Rotate,
    /// Rows of read models lose everything that was sealed.
    Scrub,
    /// No process has the keys in memory any more, and snapshots are deleted.
    DropCaches,
    /// The log says that the person is forgotten.
    Erase,
    /// Nothing opens, nothing is found.
    Verify,
}

impl Step {
    pub const fn as_str(self) -> &'static str {
        match self {
            Step::Fence => "fence",
            Step::Forfeit => "forfeit",
            Step::HandOver => "hand_over",
            Step::Journal => "deletion_journal",
            Step::DestroyKeys => "destroy_keys",
            Step::Rotate => "rotate_bucket",
            Step::Scrub => "scrub_read_models",
            Step::DropCaches => "drop_caches",
            Step::Erase => "erase",
            Step::Verify => "verify",
        }
    }
}

impl Scope {
    /// What is done, in this order.
    pub const fn steps(self) -> &'static [Step] {
        match self {
            Scope::Person => &[
                Step::Fence,
                Step::Forfeit,
                Step::Journal,
                Step::DestroyKeys,
                Step::Rotate,
                Step::Scrub,
                Step::DropCaches,
                Step::Erase,
                Step::Verify,
            ],
            Scope::MergedProfile { .. } => &[
                Step::Fence,
                Step::HandOver,
                Step::Journal,
                Step::DestroyKeys,
                Step::Rotate,
                Step::Scrub,
                Step::DropCaches,
                Step::Erase,
                Step::Verify,
            ],
            // A merchant's key is forgotten by the root key store itself: there is no bucket left to rotate.
            Scope::Merchant => &[
                Step::Fence,
                Step::Journal,
                Step::DestroyKeys,
                Step::Scrub,
                Step::DropCaches,
                Step::Erase,
                Step::Verify,
            ],
        }
    }

    pub const fn as_str(self) -> &'static str {
        match self {
            Scope::Person => "person",
            Scope::MergedProfile { .. } => "merged_profile",
            Scope::Merchant => "merchant",
        }
    }
}

/// A bucket's key, of one generation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct BucketKey {
    pub bucket: Uuid,
    pub generation: i32,
}

/// What a step has left behind. Ids of keys, numbers and times: nothing of it is personal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Evidence {
    Fenced {
        /// Of the last fence.
        position: u64,
    },
    Forfeited {
        points: i64,
        /// Codes that were disabled.
        codes: u32,
    },
    HandedOver {
        orders: u64,
        codes: u64,
    },
    Journaled {
        /// The entry's number in the deletion journal.
        sequence: u64,
    },
    KeysDestroyed {
        keys: Vec<Uuid>,
        /// From which they hung; each has to be rotated.
        buckets: Vec<BucketKey>,
        /// Where nothing has to be rotated: copies of the key store that the operator keeps are gone by then.
        old_copies_gone_by: Option<Timestamp>,
    },
    Rotated {
        /// Copies of the key store that the operator keeps are gone by then.
        old_copies_gone_by: Timestamp,
    },
    Scrubbed {
        /// Rows changed or deleted, by table.
        rows: Vec<(String, u64)>,
    },
    CachesDropped {
        /// No process has used the keys since.
        since: Timestamp,
    },
    Erased {
        position: u64,
    },
    Verified {
        /// Places that were looked at.
        places: u32,
    },
}

impl Evidence {
    /// Of which step it is.
    pub const fn step(&self) -> Step {
        match self {
            Evidence::Fenced { .. } => Step::Fence,
            Evidence::Forfeited { .. } => Step::Forfeit,
            Evidence::HandedOver { .. } => Step::HandOver,
            Evidence::Journaled { .. } => Step::Journal,
            Evidence::KeysDestroyed { .. } => Step::DestroyKeys,
            Evidence::Rotated { .. } => Step::Rotate,
            Evidence::Scrubbed { .. } => Step::Scrub,
            Evidence::CachesDropped { .. } => Step::DropCaches,
            Evidence::Erased { .. } => Step::Erase,
            Evidence::Verified { .. } => Step::Verify,
        }
    }
}

/// How a request ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Outcome {
    Erased,
    /// A data request: the merchant has the data.
    Answered,
    /// Nobody here is meant.
    Stranger,
    /// The person came back after it was sent.
    Stale,
    AlreadyErased,
}

impl Outcome {
    pub const fn as_str(self) -> &'static str {
        match self {
            Outcome::Erased => "erased",
            Outcome::Answered => "answered",
            Outcome::Stranger => "stranger",
            Outcome::Stale => "stale",
            Outcome::AlreadyErased => "already_erased",
        }
    }
}
