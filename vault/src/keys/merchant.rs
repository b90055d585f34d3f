//! What a merchant's keys beget: sealing, look-ups, codes, and one half of what wraps items.

use aggregates::id::MerchantId;
use uuid::Uuid;
use zeroize::Zeroizing;

use super::sealing::SealingKey;
use crate::{SealError, secret::Secret};

/// Crockford's alphabet: no I, L, O, U, so a code survives being read aloud.
const CODE_ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
const CODE_GROUPS: usize = 4;
const CODE_GROUP_LETTERS: usize = 4;
const BITS_PER_LETTER: usize = 5;

/// A merchant's keys, all derived from those in the root key store; they die with them.
pub struct MerchantKeys {
    lookup: LookupKey,
    codes: Secret,
    /// The first one seals; the others open what other generations have sealed.
    generations: Vec<Generation>,
}

/// What one generation of the turning key begets.
struct Generation {
    number: i32,
    sealing: SealingKey,
    /// One half of what wraps item keys; the other half is the key of their day of expiry.
    items: Secret,
}

impl MerchantKeys {
    /// From the lasting key and all generations of the turning one. The one that seals is among them.
    pub(crate) fn new(merchant: MerchantId, lasting: &Secret, turning: Vec<(i32, Secret)>, seals_with: i32) -> Self {
        let generation = |(number, secret): &(i32, Secret)| Generation {
            number: *number,
            sealing: SealingKey::new(merchant, merchant.0, secret.derive("sealing")),
            items: secret.derive("items"),
        };
        let mut generations: Vec<Generation> = turning.iter().map(generation).collect();
        generations.sort_by_key(|generation| (generation.number != seals_with, -generation.number));
        MerchantKeys { lookup: LookupKey::new(lasting), codes: lasting.derive("codes"), generations }
    }

    pub fn id(&self) -> MerchantId {
        self.current().sealing.merchant()
    }

    /// Encrypts a value for one field. `tag` names the field and must be given again to open it.
    pub fn seal<T: serde::Serialize>(&self, tag: &'static str, plain: &T) -> aggregates::sealed::Sealed<T> {
        self.current().sealing.seal(tag, plain)
    }

    /// The value that was sealed for this field under any generation of this merchant's key.
    pub fn open<T: serde::de::DeserializeOwned>(
        &self,
        tag: &'static str,
        sealed: &aggregates::sealed::Sealed<T>,
    ) -> Result<T, SealError> {
        self.first_to_open(|sealing| sealing.open(tag, sealed))
    }

    /// Like `seal`, for bytes that have their own format.
    pub fn seal_bytes(&self, tag: &'static str, plain: &[u8]) -> Box<[u8]> {
        self.current().sealing.seal_bytes(tag, plain)
    }

    /// Like `open`, for bytes of `seal_bytes`. They are wiped when dropped.
    pub fn open_bytes(&self, tag: &'static str, sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, SealError> {
        self.first_to_open(|sealing| sealing.open_bytes(tag, sealed))
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

    /// What the code of a referral link is made from: only this merchant's key can predict it. Never equal to what a
    /// redemption's code is made from.
    pub fn referral_hash(&self, link: Uuid) -> [u8; 32] {
        self.codes.mac(&[b"referral".as_slice(), link.as_bytes()])
    }

    /// The merchant's half of what wraps new items, and of which generation it is.
    pub(crate) fn current_items(&self) -> (i32, &Secret) {
        (self.current().number, &self.current().items)
    }

    /// The merchant's half of what items of this generation are wrapped with.
    pub(crate) fn items_of(&self, generation: i32) -> Option<&Secret> {
        self.generations.iter().find(|it| it.number == generation).map(|it| &it.items)
    }

    fn current(&self) -> &Generation {
        &self.generations[0]
    }

    /// A value does not say which generation sealed it, and there are few: each is tried. Only a key that does not fit makes
    /// it worth trying another.
    fn first_to_open<T>(&self, open: impl Fn(&SealingKey) -> Result<T, SealError>) -> Result<T, SealError> {
        let mut tried = self.generations.iter().map(|generation| open(&generation.sealing));
        tried.find(|tried| !matches!(tried, Err(SealError::Closed))).unwrap_or(Err(SealError::Closed))
    }
}

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
