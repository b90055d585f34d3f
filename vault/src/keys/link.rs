//! The link key: what turns the order and line ids of one person into tokens.

use aggregates::id::{Fingerprint, Token};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use zeroize::Zeroizing;

use crate::secret::{SECRET_BYTES, Secret};

/// A person's second key. Events name orders and lines by tokens under it; without it the tokens lead nowhere.
/// A merge seals the loser's link key under the winner's data key. It serialises only to be sealed that way.
#[derive(Clone, Debug)]
pub struct LinkKey(pub(crate) Secret);

impl LinkKey {
    /// Stands for `outside_id` in this person's events. `kind` keeps orders, lines and codes apart; it is
    /// not empty and holds no NUL.
    pub fn token(&self, kind: &str, outside_id: &str) -> Token {
        debug_assert!(!kind.is_empty() && !kind.contains('\0'), "kinds are plain words");
        let mac = self.0.mac(&[kind.as_bytes(), b"\0", outside_id.as_bytes()]);
        let mut token = [0; 16];
        token.copy_from_slice(&mac[..16]);
        Token(token)
    }

    /// Keyed hash of a fact's content. Begins with NUL, which no token's input does.
    pub fn fingerprint(&self, content: &[u8]) -> Fingerprint {
        let mac = self.0.mac(&[b"\0", content]);
        let mut head = [0; 8];
        head.copy_from_slice(&mac[..8]);
        Fingerprint(u64::from_be_bytes(head))
    }
}

impl Serialize for LinkKey {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.expose().serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for LinkKey {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut bytes = Zeroizing::new(<[u8; SECRET_BYTES]>::deserialize(deserializer)?);
        Ok(LinkKey(Secret::take(&mut *bytes).expect("an array of a secret's length")))
    }
}
