//! API keys of a merchant: known by their hash, named by the beginning of it, each with what it may be used for.

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::Scopes;
use crate::{sealed::Sealed, text, time::Timestamp};

/// Keys that a merchant may have at once. Each request looks through them.
pub const API_KEYS_MAX: usize = 100;

/// A key by its hash: SHA-256 of a random secret of 256 bits, which needs no salt and no stretching.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ApiKey {
    pub hash: [u8; 32],
    pub at: Timestamp,
    /// What the merchant calls it; a merchant's first key has no name.
    pub name: Option<Sealed<KeyName>>,
    pub scopes: Scopes,
}

impl ApiKey {
    pub fn id(&self) -> ApiKeyId {
        ApiKeyId::of(&self.hash)
    }
}

/// The merchant's word for a key, such as the name of who uses it: free text, and so never in clear outside memory.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeyName {
    pub name: String,
}

/// Tells a merchant's keys apart without telling any of them. The audit log names whoever used a key by the same digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ApiKeyId(pub u64);

impl ApiKeyId {
    const PREFIX: &'static str = "key_";
    const DIGITS: usize = 16;

    pub fn of(hash: &[u8; 32]) -> Self {
        let [a, b, c, d, e, f, g, h, ..] = *hash;
        ApiKeyId(u64::from_be_bytes([a, b, c, d, e, f, g, h]))
    }
}

impl std::fmt::Display for ApiKeyId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}{:016x}", Self::PREFIX, self.0)
    }
}

/// Text that names no key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not the id of an API key: it is `key_` and 16 hexadecimal digits")]
pub struct NotAnApiKeyId;

impl std::str::FromStr for ApiKeyId {
    type Err = NotAnApiKeyId;

    fn from_str(text: &str) -> Result<Self, NotAnApiKeyId> {
        let digits = text.strip_prefix(Self::PREFIX).ok_or(NotAnApiKeyId)?;
        let plain = digits.len() == Self::DIGITS && digits.bytes().all(|byte| byte.is_ascii_hexdigit());
        let id = u64::from_str_radix(digits, 16).ok().filter(|_| plain).ok_or(NotAnApiKeyId)?;
        Ok(ApiKeyId(id))
    }
}

impl Serialize for ApiKeyId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        text::write(serializer, self, &self.0)
    }
}

impl<'de> Deserialize<'de> for ApiKeyId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        text::read(deserializer, |text| text.parse().ok(), ApiKeyId)
    }
}

/// From now on the key opens nothing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ApiKeyRevoked {
    pub key: ApiKeyId,
    pub at: Timestamp,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_the_beginning_of_the_hash_and_reads_back() {
        let mut hash = [0; 32];
        hash[..9].copy_from_slice(&[0, 1, 2, 3, 4, 5, 6, 0xff, 9]);
        let id = ApiKeyId::of(&hash);
        assert_eq!(id.to_string(), "key_00010203040506ff");
        assert_eq!(id.to_string().parse(), Ok(id));
        for text in ["key_1", "00010203040506ff", "key_00010203040506fg", "key_+0010203040506ff", ""] {
            assert_eq!(text.parse::<ApiKeyId>(), Err(NotAnApiKeyId), "{text}");
        }
    }
}
