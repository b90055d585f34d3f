//! Sealing typed values: postcard inside, the envelope outside, and the plain text nowhere in between.

use aggregates::{id::MerchantId, sealed::Sealed};
use serde::{Serialize, de::DeserializeOwned};
use uuid::Uuid;
use zeroize::Zeroizing;

use crate::{
    envelope::{self, Binding, SealError},
    secret::Secret,
};

/// A key together with what it is bound to.
pub(crate) struct SealingKey {
    merchant: MerchantId,
    id: Uuid,
    secret: Secret,
}

impl SealingKey {
    pub(crate) fn new(merchant: MerchantId, id: Uuid, secret: Secret) -> Self {
        SealingKey { merchant, id, secret }
    }

    pub(crate) fn merchant(&self) -> MerchantId {
        self.merchant
    }

    pub(crate) fn id(&self) -> Uuid {
        self.id
    }

    fn binding<'a>(&self, tag: &'a str) -> Binding<'a> {
        Binding { merchant: self.merchant, key_id: self.id, tag }
    }

    pub(crate) fn seal<T: Serialize>(&self, tag: &str, plain: &T) -> Sealed<T> {
        const PLAIN: &str = "sealed types are plain values: encoding cannot fail";
        let bytes = postcard::experimental::serialized_size(plain).expect(PLAIN);
        let buffer = postcard::to_extend(plain, envelope::buffer_for(bytes)).expect(PLAIN);
        Sealed::from_ciphertext(envelope::close(&self.secret, self.binding(tag), buffer))
    }

    pub(crate) fn open<T: DeserializeOwned>(&self, tag: &str, sealed: &Sealed<T>) -> Result<T, SealError> {
        let plain = self.open_bytes(tag, sealed.ciphertext())?;
        postcard::from_bytes(&plain).map_err(|_| SealError::OtherType)
    }

    pub(crate) fn seal_bytes(&self, tag: &str, plain: &[u8]) -> Box<[u8]> {
        envelope::seal(&self.secret, self.binding(tag), plain)
    }

    pub(crate) fn open_bytes(&self, tag: &str, sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, SealError> {
        envelope::open(&self.secret, self.binding(tag), sealed)
    }
}

/// The owner of the key a value is sealed under: the UUID of a person, a merchant or an item.
pub fn key_of<T>(sealed: &Sealed<T>) -> Result<Uuid, SealError> {
    envelope::key_id(sealed.ciphertext())
}

/// The same of bytes of which nobody knows whether they are a sealed value; `None` if they do not begin like one.
pub fn owner_of(bytes: &[u8]) -> Option<Uuid> {
    envelope::key_id(bytes).ok()
}

/// Gives a key type with a field `sealing: SealingKey` the four ways to use it.
macro_rules! seals_and_opens {
    ($keys:ty) => {
        impl $keys {
            /// Encrypts a value for one field. `tag` names the field and must be given again to open it.
            pub fn seal<T: serde::Serialize>(&self, tag: &'static str, plain: &T) -> aggregates::sealed::Sealed<T> {
                self.sealing.seal(tag, plain)
            }

            /// The value that was sealed for this field under this key.
            pub fn open<T: serde::de::DeserializeOwned>(
                &self,
                tag: &'static str,
                sealed: &aggregates::sealed::Sealed<T>,
            ) -> Result<T, $crate::SealError> {
                self.sealing.open(tag, sealed)
            }

            /// Like `seal`, for bytes that have their own format, such as a parked body.
            pub fn seal_bytes(&self, tag: &'static str, plain: &[u8]) -> Box<[u8]> {
                self.sealing.seal_bytes(tag, plain)
            }

            /// Like `open`, for bytes of `seal_bytes`. They are wiped when dropped.
            pub fn open_bytes(
                &self,
                tag: &'static str,
                sealed: &[u8],
            ) -> Result<zeroize::Zeroizing<Vec<u8>>, $crate::SealError> {
                self.sealing.open_bytes(tag, sealed)
            }
        }
    };
}
pub(crate) use seals_and_opens;

#[cfg(test)]
mod tests;
