//! Identities. Inside the system they are UUIDs of a kind; outside they are text with a prefix that tells the kind.

use std::{
    collections::HashMap,
    hash::{BuildHasherDefault, Hash, Hasher},
};

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use uuid::Uuid;

use crate::text;

/// Text that is not an identity of the kind asked for.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not a {kind} id: it starts with `{prefix}` and continues with a UUID")]
pub struct NotAnId {
    pub kind: &'static str,
    pub prefix: &'static str,
}

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident = $prefix:literal, $kind:literal;)*) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub struct $name(pub Uuid);

        impl $name {
            pub const PREFIX: &'static str = $prefix;
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                write!(f, "{}{}", $prefix, self.0.as_hyphenated())
            }
        }

        impl std::str::FromStr for $name {
            type Err = NotAnId;

            fn from_str(text: &str) -> Result<Self, NotAnId> {
                text.strip_prefix($prefix)
                    .and_then(|rest| Uuid::parse_str(rest).ok())
                    .map($name)
                    .ok_or(NotAnId { kind: $kind, prefix: $prefix })
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                text::write(serializer, self, &self.0)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                text::read(deserializer, |text| text.parse().ok(), $name)
            }
        }
    )*};
}

ids! {
    /// A shop that uses the platform; the tenant.
    MerchantId = "mer_", "merchant";
    /// A person of one merchant. The same UUID names the person's points account and keys.
    CustomerId = "cus_", "customer";
    /// Points handed out together, with one available and one expiry date.
    LotId = "lot_", "lot";
    RedemptionId = "rrd_", "redemption";
    CampaignId = "cmp_", "campaign";
    /// A friend who was brought. It has the friend's UUID: nobody is brought twice.
    ReferralId = "ref_", "referral";
    ReferralLinkId = "rlk_", "referral link";
    /// Points that are not for an order. Whoever grants them derives it from what they are for, customer included: the same
    /// reason for the same person is the same bonus.
    BonusId = "bns_", "bonus";
    GdprRequestId = "gdr_", "privacy request";
    ParkedId = "prk_", "parked webhook";
    /// Derived from the merchant, the kind of the task and its business key.
    TaskId = "tsk_", "task";
    /// A reward of a merchant's catalogue.
    RewardId = "rwd_", "reward";
    /// A message of the journal; also how a client repeats a request without repeating its effect.
    CommitId = "cmt_", "commit";
    CommandId = "cmd_", "command";
}

/// Stands for an order, a line or a code inside one person's events: HMAC under the person's link key, cut to
/// 16 bytes. Without that key it leads nowhere, so it may stay in the log for ever.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Token(pub [u8; 16]);

/// Things under tokens.
pub type ByToken<T> = HashMap<Token, T, BuildHasherDefault<AlreadyRandom>>;

/// A token is a keyed hash already, and nobody outside can choose it: half of it is as good as a hash of it.
impl Hash for Token {
    fn hash<H: Hasher>(&self, state: &mut H) {
        let (half, _) = self.0.split_first_chunk().expect("a token has sixteen bytes");
        state.write_u64(u64::from_ne_bytes(*half));
    }
}

/// Gives the number it was given.
#[derive(Debug, Clone, Copy, Default)]
pub struct AlreadyRandom(u64);

impl Hasher for AlreadyRandom {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = self.0.rotate_left(u8::BITS) ^ u64::from(*byte);
        }
    }

    fn write_u64(&mut self, number: u64) {
        self.0 = number;
    }
}

impl Serialize for Token {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        text::write(serializer, format_args!("{:032x}", u128::from_be_bytes(self.0)), &self.0)
    }
}

impl<'de> Deserialize<'de> for Token {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let parse = |text: &str| u128::from_str_radix(text, 16).ok().map(|number| Token(number.to_be_bytes()));
        text::read(deserializer, parse, Token)
    }
}

impl std::fmt::Debug for Token {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Token({:02x}{:02x}…)", self.0[0], self.0[1])
    }
}

/// A keyed hash of the content of a fact or a request: equal content, equal fingerprint.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub struct Fingerprint(pub u64);

impl Serialize for Fingerprint {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        text::write(serializer, format_args!("{:016x}", self.0), &self.0)
    }
}

impl<'de> Deserialize<'de> for Fingerprint {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        text::read(deserializer, |text| u64::from_str_radix(text, 16).ok().map(Fingerprint), Fingerprint)
    }
}

impl LotId {
    /// The lot of an order's points. An order has one lot at most, so that its token names both; whoever decides on the
    /// order, and however often, the lot is the same.
    pub fn of_order(order: Token) -> Self {
        LotId(uuid::Builder::from_custom_bytes(order.0).into_uuid())
    }
}
