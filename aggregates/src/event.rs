//! What every stored event has: a name, a version, and bytes that stay decodable for ever.

use serde::de::DeserializeOwned;

use crate::time::Timestamp;

/// Where and when an event came to rest in the journal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Recorded {
    /// Sequence of the commit in the journal. Comparable within one merchant.
    pub position: u64,
    /// When the commit was decided, by the merchant's clock.
    pub at: Timestamp,
}

/// Bytes under a name and version that no code here knows, or that do not fit them.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Undecodable {
    #[error("unknown event {name} version {version}")]
    Unknown { name: String, version: u8 },
    #[error("event {name} version {version} does not fit its type")]
    Malformed { name: String, version: u8 },
}

/// A stored event. `name` and `version` travel outside the bytes, because postcard does not describe itself.
pub trait Event: Sized + Clone + std::fmt::Debug + PartialEq + Send + Sync + 'static {
    fn name(&self) -> &'static str;
    fn version(&self) -> u8;
    fn encode(&self) -> Vec<u8>;
    fn decode(name: &str, version: u8, bytes: &[u8]) -> Result<Self, Undecodable>;
}

/// Decodes all of `bytes`, or nothing: bytes left over were written by another struct than the one that reads them.
pub(crate) fn decode_whole<T: DeserializeOwned>(bytes: &[u8]) -> Option<T> {
    postcard::take_from_bytes(bytes).ok().filter(|(_, rest)| rest.is_empty()).map(|(event, _)| event)
}

/// Declares an event enum whose variants each hold the newest version of a struct, with its stored name.
/// Older versions are decoded by their own struct and brought forward by `From`, one step at a time.
macro_rules! events {
    ($(#[$doc:meta])* $enum:ident { $($(#[$vdoc:meta])* $variant:ident($current:ty) = $name:literal v $version:literal $(, older { $($old_version:literal => $old:ty),* })?;)* }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq)]
        pub enum $enum { $($(#[$vdoc])* $variant($current),)* }

        impl $enum {
            /// Every name and version this code can read: the list that golden bytes are held against.
            pub const STORED: &'static [(&'static str, u8)] = &[$(($name, $version), $($(($name, $old_version),)*)?)*];
        }

        /// What the event says, without its name: for documents. The journal's bytes are those of `encode`.
        impl serde::Serialize for $enum {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                match self { $($enum::$variant(event) => event.serialize(serializer),)* }
            }
        }

        impl $crate::event::Event for $enum {
            fn name(&self) -> &'static str {
                match self { $($enum::$variant(_) => $name,)* }
            }

            fn version(&self) -> u8 {
                match self { $($enum::$variant(_) => $version,)* }
            }

            fn encode(&self) -> Vec<u8> {
                match self {
                    $($enum::$variant(event) => postcard::to_stdvec(event).expect("events are plain values: encoding cannot fail"),)*
                }
            }

            fn decode(name: &str, version: u8, bytes: &[u8]) -> Result<Self, $crate::event::Undecodable> {
                let malformed = || $crate::event::Undecodable::Malformed { name: name.to_owned(), version };
                match (name, version) {
                    $(
                        ($name, $version) => $crate::event::decode_whole::<$current>(bytes).map($enum::$variant).ok_or_else(malformed),
                        $($(($name, $old_version) => $crate::event::decode_whole::<$old>(bytes).map(|old| $enum::$variant(old.into())).ok_or_else(malformed),)*)?
                    )*
                    _ => Err($crate::event::Undecodable::Unknown { name: name.to_owned(), version }),
                }
            }
        }
    };
}
pub(crate) use events;
