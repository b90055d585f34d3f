//! Bytes being written and read, where a description by serde would cost more time than the rest: numbers in as few bytes
//! as they need, and what is random as it is.

use std::borrow::Cow;

use serde::{
    Deserialize, Deserializer, Serialize, Serializer,
    de::{Error, Visitor},
};

/// Low bits of a number that one byte carries; its highest bit says that more follow.
const BITS: u32 = 7;
const MORE: u8 = 1 << BITS;

#[derive(Default)]
pub(super) struct Writer(Vec<u8>);

impl Writer {
    pub fn with_capacity(bytes: usize) -> Self {
        Writer(Vec::with_capacity(bytes))
    }

    /// Random bytes.
    pub fn raw(&mut self, bytes: &[u8]) {
        self.0.extend_from_slice(bytes);
    }

    pub fn unsigned(&mut self, mut number: u64) {
        while number >= u64::from(MORE) {
            self.0.push(number.to_le_bytes()[0] | MORE);
            number >>= BITS;
        }
        self.0.push(number.to_le_bytes()[0]);
    }

    /// Small ones take few bytes on either side of zero.
    pub fn signed(&mut self, number: i64) {
        self.unsigned(((number << 1) ^ (number >> 63)).cast_unsigned());
    }

    /// How many of something follow, each of at least one byte.
    pub fn count(&mut self, count: usize) {
        self.unsigned(u64::try_from(count).expect("what is in memory can be counted"));
    }

    pub fn into_bytes(self) -> Bytes<'static> {
        Bytes(Cow::Owned(self.0))
    }
}

/// Every way to read gives `None` if nothing was written there that can be read so.
pub(super) struct Reader<'a>(&'a [u8]);

impl Reader<'_> {
    /// Bytes that are left.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    pub fn raw<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (bytes, rest) = self.0.split_first_chunk()?;
        self.0 = rest;
        Some(*bytes)
    }

    pub fn unsigned(&mut self) -> Option<u64> {
        let mut number = 0;
        for shift in (0..u64::BITS).step_by(BITS as usize) {
            let [byte] = self.raw()?;
            number |= u64::from(byte & !MORE) << shift;
            if byte & MORE == 0 {
                return Some(number);
            }
        }
        None
    }

    pub fn signed(&mut self) -> Option<i64> {
        let number = self.unsigned()?;
        Some((number >> 1).cast_signed() ^ -(number & 1).cast_signed())
    }

    pub fn count(&mut self) -> Option<usize> {
        // A larger number than there are bytes was never written; room for so many would be made in vain.
        usize::try_from(self.unsigned()?).ok().filter(|count| *count <= self.len())
    }
}

/// Bytes inside of what serde describes: one piece, neither copied nor looked at.
pub(super) struct Bytes<'a>(Cow<'a, [u8]>);

impl Bytes<'_> {
    pub fn reader(&self) -> Reader<'_> {
        Reader(&self.0)
    }
}

impl Serialize for Bytes<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_bytes(&self.0)
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Bytes<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_bytes(Whole).map(Bytes)
    }
}

struct Whole;

impl<'de> Visitor<'de> for Whole {
    type Value = Cow<'de, [u8]>;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("bytes")
    }

    fn visit_borrowed_bytes<E: Error>(self, bytes: &'de [u8]) -> Result<Self::Value, E> {
        Ok(Cow::Borrowed(bytes))
    }

    fn visit_bytes<E: Error>(self, bytes: &[u8]) -> Result<Self::Value, E> {
        Ok(Cow::Owned(bytes.to_vec()))
    }
}

#[cfg(test)]
mod tests;
