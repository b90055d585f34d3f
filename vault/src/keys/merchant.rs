//! What a merchant's one key begets: sealing, look-ups, codes, and the wrapping of keys below it.

use aggregates::id::MerchantId;
use uuid::Uuid;

use super::sealing::{SealingKey, seals_and_opens};
use crate::secret::Secret;

/// Crockford's alphabet: no I, L, O, U, so a code survives being read aloud.
const CODE_ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
const CODE_GROUPS: usize = 4;
const CODE_GROUP_LETTERS: usize = 4;
const BITS_PER_LETTER: usize = 5;

/// A merchant's keys, all derived from the one in the root key store; they die with it.
pub struct MerchantKeys {
    sealing: SealingKey,
    lookup: LookupKey,
    codes: Secret,
    /// Wraps the merchant's bucket keys.
    pub(crate) wrapping: Secret,
    /// One half of what wraps item keys; the other half is the key of their day of expiry.
    pub(crate) items: Secret,
}

impl MerchantKeys {
    pub(crate) fn new(merchant: MerchantId, secret: &Secret) -> Self {
        MerchantKeys {
            sealing: SealingKey::new(merchant, merchant.0, secret.derive("sealing")),
            lookup: LookupKey::new(secret),
            codes: secret.derive("codes"),
            wrapping: secret.derive("buckets"),
            items: secret.derive("items"),
        }
    }

    pub fn id(&self) -> MerchantId {
        self.sealing.merchant()
    }

    /// How an outside identity is named in erasable tables. `kind` keeps equal values of different kinds apart.
    pub fn lookup_hash(&self, kind: &str, value: &str) -> [u8; 32] {
        self.lookup.hash(kind, value)
    }

    /// A redemption code, `LN-XXXX-XXXX-XXXX-XXXX`: 80 bits that only this merchant's key can predict.
    pub fn derive_code(&self, id: Uuid) -> String {
        let mac = self.codes.mac(&[id.as_bytes()]);
        let mut code = String::from("LN");
        for letter in 0..CODE_GROUPS * CODE_GROUP_LETTERS {
            if letter % CODE_GROUP_LETTERS == 0 {
                code.push('-');
            }
            let first_bit = letter * BITS_PER_LETTER;
            let pair = u16::from_be_bytes([mac[first_bit / 8], mac[first_bit / 8 + 1]]);
            let index = (pair >> (16 - BITS_PER_LETTER - first_bit % 8)) & 0x1f;
            code.push(char::from(CODE_ALPHABET[usize::from(index)]));
        }
        code
    }
}

seals_and_opens!(MerchantKeys);

impl std::fmt::Debug for MerchantKeys {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "MerchantKeys({})", self.id())
    }
}

/// The key of look-ups: a merchant's, or the platform's for what is asked before a merchant is known.
pub(crate) struct LookupKey(Secret);

impl LookupKey {
    pub(crate) fn new(owner: &Secret) -> Self {
        LookupKey(owner.derive("lookup"))
    }

    /// `kind` holds no NUL, so the border between kind and value is certain.
    pub(crate) fn hash(&self, kind: &str, value: &str) -> [u8; 32] {
        debug_assert!(!kind.contains('\0'), "kinds are plain words");
        self.0.mac(&[kind.as_bytes(), b"\0", value.as_bytes()])
    }
}

#[cfg(test)]
mod tests;
