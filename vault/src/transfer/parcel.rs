//! A parcel: some rows of a merchant's keys and of what leads to its people, closed for one recipient. Small enough for a line
//! of a file, and bound to its merchant and its place, so that none can be passed off as another.

use std::collections::BTreeMap;

use aggregates::id::MerchantId;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use uuid::Uuid;
use zeroize::Zeroizing;

use super::{Recipient, RecipientSecret};
use crate::secret::{SECRET_BYTES, Secret};

/// A closed piece. Only its recipient learns what is in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Parcel {
    pub merchant: MerchantId,
    /// Which of its merchant's parcels, from 0.
    pub number: u64,
    pub closed: Vec<u8>,
}

impl Parcel {
    /// `None` if no randomness was to be had.
    pub(super) fn close(merchant: MerchantId, number: u64, piece: &Piece, recipient: &Recipient) -> Option<Self> {
        let plain = postcard::to_stdvec(piece).expect("pieces are plain values: encoding cannot fail");
        let closed = recipient.close(&about(merchant, number), &Zeroizing::new(plain))?;
        Some(Parcel { merchant, number, closed })
    }

    /// `None` if it is not for this key, or is not what was closed.
    pub(super) fn open(&self, secret: &RecipientSecret) -> Option<Piece> {
        let plain = secret.open(&about(self.merchant, self.number), &self.closed)?;
        postcard::from_bytes(&plain).ok()
    }
}

fn about(merchant: MerchantId, number: u64) -> Vec<u8> {
    [&merchant.0.as_bytes()[..], &number.to_be_bytes()].concat()
}

/// What is in a parcel. Variants are only ever appended.
#[derive(Serialize, Deserialize)]
pub(super) enum Piece {
    Merchant(MerchantSecrets),
    People(Vec<PersonSecrets>),
    Directory(Vec<DirectoryRow>),
    Orders(Vec<OrderRow>),
    SearchTerms(Vec<SearchRow>),
    Items(Vec<ItemSecret>),
}

/// A merchant's own keys: the lasting one, and every generation of the one that turns.
#[derive(Serialize, Deserialize)]
pub(crate) struct MerchantSecrets {
    pub lasting: KeyBytes,
    pub turning: BTreeMap<i32, KeyBytes>,
}

/// Data key and link key of somebody living.
#[derive(Serialize, Deserialize)]
pub(super) struct PersonSecrets {
    pub person: Uuid,
    /// Under a legal hold, which goes along.
    pub held: bool,
    pub data: KeyBytes,
    pub link: KeyBytes,
}

/// An outside identity, or the tombstone of one.
#[derive(Serialize, Deserialize)]
pub(super) struct DirectoryRow {
    pub kind: String,
    pub lookup: [u8; 32],
    pub subject: Option<Uuid>,
    pub erased_at_us: Option<i64>,
}

/// Whose order it is, or that it waits, or that its owner was erased.
#[derive(Serialize, Deserialize)]
pub(super) struct OrderRow {
    pub lookup: [u8; 32],
    pub account: Option<Uuid>,
    pub waited: bool,
    pub erased_at_us: Option<i64>,
}

#[derive(Serialize, Deserialize)]
pub(super) struct SearchRow {
    pub kind: String,
    pub lookup: [u8; 32],
    pub subject: Uuid,
}

/// The key of a parked body or of a fact that waits for an order.
#[derive(Serialize, Deserialize)]
pub(super) struct ItemSecret {
    pub item: Uuid,
    pub purpose: String,
    pub expires_at_us: i64,
    pub key: KeyBytes,
    /// The order that it waits for.
    pub order: Option<[u8; 32]>,
}

/// A key inside a parcel.
pub(crate) struct KeyBytes(pub Secret);

impl Serialize for KeyBytes {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.expose().serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for KeyBytes {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut bytes = Zeroizing::new(<[u8; SECRET_BYTES]>::deserialize(deserializer)?);
        Ok(KeyBytes(Secret::take(&mut *bytes).expect("an array of a secret's length")))
    }
}
