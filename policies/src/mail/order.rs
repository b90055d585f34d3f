//! What a task of the queue says of a mail. Ids and numbers: whom it is for is looked up when it is sent.

use aggregates::{mail::MailKind, time::Timestamp};
use serde::{Deserialize, Serialize};

/// A mail to be sent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MailOrder {
    pub kind: MailKind,
    pub facts: MailFacts,
}

/// What it is about, besides the customer. Only what its kind asks for.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct MailFacts {
    pub points: Option<i64>,
    pub expires_at: Option<Timestamp>,
    pub tier_name: Option<String>,
    pub reward_name: Option<String>,
    pub reward_code: Option<String>,
    pub referral_url: Option<String>,
}

impl MailOrder {
    pub fn to_bytes(&self) -> Vec<u8> {
        postcard::to_stdvec(self).expect("plain values")
    }

    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        postcard::from_bytes(bytes).ok()
    }
}
