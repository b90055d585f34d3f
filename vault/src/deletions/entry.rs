//! What an entry says, and its line.

use std::path::Path;

use aggregates::{
    id::{CustomerId, GdprRequestId, MerchantId},
    time::Timestamp,
};
use aws_lc_rs::digest::{SHA256, digest};
use serde::{Deserialize, Serialize};

use super::DeletionJournalError;
use crate::SigningKey;

const HEADER: &str = "{\"deletion_journal\":1}";
/// Stands before every signed text, so that the signature serves for nothing else.
const SIGNED_FOR: &str = "loyalnest deletion journal 1\n";
/// Between an entry and its signature; no JSON has one.
const BEFORE_SIGNATURE: char = '\t';

/// Who was erased.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum DeletionSubject {
    Person(CustomerId),
    /// The merchant, with everybody and everything of it.
    Merchant,
}

/// What is written down of an erasure: ids, and nothing else.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeletionEntry {
    pub request: GdprRequestId,
    pub merchant: MerchantId,
    pub subject: DeletionSubject,
    /// Names of the keys that end, as [`Vault::key_ids`](crate::Vault::key_ids) gives them.
    pub keys: Vec<String>,
    pub at: Timestamp,
}

impl DeletionEntry {
    /// Of which there is one in the journal: a request, and whom it is about.
    pub(super) fn name(&self) -> (GdprRequestId, DeletionSubject) {
        (self.request, self.subject)
    }
}

/// An entry in its place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecordedDeletion {
    /// Counted from 1.
    pub sequence: u64,
    /// SHA-256 of its line.
    pub hash: [u8; 32],
    pub entry: DeletionEntry,
}

/// An entry as text, before it is signed.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Text {
    sequence: u64,
    request: String,
    merchant: String,
    /// Absent: the whole merchant.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    person: Option<String>,
    keys: Vec<String>,
    at: String,
    previous: String,
}

/// An entry with what ties it to its place.
#[derive(Debug)]
pub(super) struct Line {
    pub sequence: u64,
    pub previous: [u8; 32],
    pub entry: DeletionEntry,
}

pub(super) fn header_line(key: &SigningKey) -> String {
    signed(HEADER, key) + "\n"
}

pub(super) fn hash(line: &str) -> [u8; 32] {
    let mut hash = [0; 32];
    hash.copy_from_slice(digest(&SHA256, line.as_bytes()).as_ref());
    hash
}

/// The text that a line's signature is about; `None` if there is none, or it is not by this key.
pub(super) fn verified<'a>(line: &'a str, key: &SigningKey) -> Option<&'a str> {
    let (text, signature) = line.rsplit_once(BEFORE_SIGNATURE)?;
    let signature = hex::decode(signature).ok()?;
    key.verifies(format!("{SIGNED_FOR}{text}").as_bytes(), &signature).then_some(text)
}

fn signed(text: &str, key: &SigningKey) -> String {
    let signature = key.sign(format!("{SIGNED_FOR}{text}").as_bytes());
    format!("{text}{BEFORE_SIGNATURE}{}", hex::encode(signature))
}

impl Line {
    pub(super) fn of(entry: &DeletionEntry, sequence: u64, previous: [u8; 32]) -> Self {
        Line { sequence, previous, entry: entry.clone() }
    }

    /// The line, without its end.
    pub(super) fn sign(&self, key: &SigningKey) -> String {
        let entry = &self.entry;
        let person = match entry.subject {
            DeletionSubject::Person(person) => Some(person.to_string()),
            DeletionSubject::Merchant => None,
        };
        let text = Text {
            sequence: self.sequence,
            request: entry.request.to_string(),
            merchant: entry.merchant.to_string(),
            person,
            keys: entry.keys.clone(),
            at: entry.at.to_rfc3339(),
            previous: hex::encode(self.previous),
        };
        signed(&serde_json::to_string(&text).expect("text and numbers: encoding cannot fail"), key)
    }

    /// What a line says, whoever signed it.
    pub(super) fn parse(line: &str, path: &Path, sequence: u64) -> Result<Self, DeletionJournalError> {
        let not_an_entry =
            || DeletionJournalError::NotGenuine { path: path.to_owned(), sequence, fault: "it is not an entry" };
        let (text, _) = line.rsplit_once(BEFORE_SIGNATURE).ok_or_else(not_an_entry)?;
        let text: Text = serde_json::from_str(text).map_err(|_| not_an_entry())?;
        Self::from_text(text).ok_or_else(not_an_entry)
    }

    fn from_text(text: Text) -> Option<Self> {
        let mut previous = [0; 32];
        hex::decode_to_slice(&text.previous, &mut previous).ok()?;
        let subject = match text.person {
            Some(person) => DeletionSubject::Person(person.parse().ok()?),
            None => DeletionSubject::Merchant,
        };
        let entry = DeletionEntry {
            request: text.request.parse().ok()?,
            merchant: text.merchant.parse().ok()?,
            subject,
            keys: text.keys,
            at: Timestamp::parse(&text.at).ok()?,
        };
        Some(Line { sequence: text.sequence, previous, entry })
    }

    pub(super) fn recorded(self, line: &str) -> RecordedDeletion {
        RecordedDeletion { sequence: self.sequence, hash: hash(line), entry: self.entry }
    }
}
