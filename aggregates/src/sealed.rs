//! Personal data as the log and the tables hold it: ciphertext that remembers what it is, and cannot be read here.

use std::marker::PhantomData;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::text;

/// A `T` under somebody's key. Only the vault opens it; without the key it stays what it is for ever.
/// Serialising gives the ciphertext: there is no way to write the plain value through this type. In documents for people
/// it only says that something is sealed.
pub struct Sealed<T> {
    bytes: Box<[u8]>,
    plain: PhantomData<fn() -> T>,
}

impl<T> Sealed<T> {
    /// For the vault: wraps what it has just encrypted.
    pub fn from_ciphertext(bytes: impl Into<Box<[u8]>>) -> Self {
        Sealed { bytes: bytes.into(), plain: PhantomData }
    }

    pub fn ciphertext(&self) -> &[u8] {
        &self.bytes
    }
}

impl<T> Clone for Sealed<T> {
    fn clone(&self) -> Self {
        Self::from_ciphertext(self.bytes.clone())
    }
}

impl<T> PartialEq for Sealed<T> {
    fn eq(&self, other: &Self) -> bool {
        self.bytes == other.bytes
    }
}

impl<T> Eq for Sealed<T> {}

impl<T> std::fmt::Debug for Sealed<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Sealed({} bytes)", self.bytes.len())
    }
}

impl<T> Serialize for Sealed<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        text::write(serializer, format_args!("sealed ({} bytes)", self.bytes.len()), &self.bytes)
    }
}

impl<'de, T> Deserialize<'de> for Sealed<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        text::read(deserializer, |_| None, |bytes: Box<[u8]>| Self::from_ciphertext(bytes))
    }
}
