//! The two keys of a person.

use aggregates::id::{CustomerId, Fingerprint, MerchantId, Token};
use zeroize::Zeroizing;

use super::{
    LinkKey,
    sealing::{SealingKey, seals_and_opens},
};
use crate::secret::{SECRET_BYTES, Secret};

/// Data key and link key, side by side, as they are wrapped together.
pub(crate) const PERSON_SECRET_BYTES: usize = 2 * SECRET_BYTES;

/// Whether a living person's keys may be destroyed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PersonState {
    Active,
    /// Under a legal hold: the keys work, and may not be destroyed until it is lifted.
    Held,
}

/// A data key, which seals what is personal, and a link key, which makes tokens. Both are random and
/// die together. Hold them for one piece of work; the vault's lease on them ends after at most
/// [`KEY_LEASE`](crate::KEY_LEASE).
pub struct PersonKeys {
    sealing: SealingKey,
    link: LinkKey,
    state: PersonState,
}

impl PersonKeys {
    /// From the bytes that were wrapped together; `None` if their number is wrong.
    pub(crate) fn from_bytes(
        merchant: MerchantId,
        person: CustomerId,
        state: PersonState,
        mut both: Zeroizing<Vec<u8>>,
    ) -> Option<Self> {
        if both.len() != PERSON_SECRET_BYTES {
            return None;
        }
        let (data, link) = both.split_at_mut(SECRET_BYTES);
        Some(PersonKeys {
            sealing: SealingKey::new(merchant, person.0, Secret::take(data)?),
            link: LinkKey(Secret::take(link)?),
            state,
        })
    }

    pub fn id(&self) -> CustomerId {
        CustomerId(self.sealing.id())
    }

    pub fn merchant(&self) -> MerchantId {
        self.sealing.merchant()
    }

    pub fn state(&self) -> PersonState {
        self.state
    }

    /// See [`LinkKey::token`].
    pub fn token(&self, kind: &str, outside_id: &str) -> Token {
        self.link.token(kind, outside_id)
    }

    /// See [`LinkKey::fingerprint`].
    pub fn fingerprint(&self, content: &[u8]) -> Fingerprint {
        self.link.fingerprint(content)
    }

    /// For a merge, which seals it under the winner's data key.
    pub fn link_key(&self) -> LinkKey {
        self.link.clone()
    }
}

seals_and_opens!(PersonKeys);

impl std::fmt::Debug for PersonKeys {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "PersonKeys({})", self.id())
    }
}
