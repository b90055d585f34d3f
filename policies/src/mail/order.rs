//! What a task of the queue says of a mail. Ids and numbers: whom it is for is looked up when it is sent. Only an invited
//! friend, whom nobody here knows, is in it, sealed under a key of their own.

use aggregates::{
    id::RedemptionId,
    mail::{Invitation, MailKind},
    time::Timestamp,
};
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
    pub reward: Option<RewardMade>,
    pub invitation: Option<Invitation>,
}

/// A reward that the shop has made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RewardMade {
    /// Its code is made from this when the mail is sent: whoever reads the queue cannot spend it.
    pub redemption: RedemptionId,
    /// What the merchant calls it.
    pub name: String,
    /// Without, it is on the customer's account in the shop.
    pub has_code: bool,
}

impl MailOrder {
    pub fn of(kind: MailKind, facts: MailFacts) -> Self {
        MailOrder { kind, facts }
    }

    pub fn to_bytes(&self) -> Vec<u8> {
        postcard::to_stdvec(self).expect("plain values")
    }

    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        postcard::from_bytes(bytes).ok()
    }
}
