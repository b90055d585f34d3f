//! The hashes of RFC 6962: SHA-256 with a first byte that tells leaves from nodes, so that neither can be passed off as
//! the other.

use std::fmt;

use aws_lc_rs::digest::{Context, SHA256};

/// Bytes of a hash.
pub const HASH_BYTES: usize = 32;

const LEAF: u8 = 0;
const NODE: u8 = 1;

/// A hash of a leaf, of a node, or of a whole tree.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Hash(pub [u8; HASH_BYTES]);

impl Hash {
    /// Of a leaf, whose data comes in parts.
    pub fn of_leaf(parts: &[&[u8]]) -> Hash {
        of(&[LEAF], parts)
    }

    pub fn of_node(left: &Hash, right: &Hash) -> Hash {
        of(&[NODE], &[&left.0, &right.0])
    }

    /// Of the tree without leaves.
    pub fn of_nothing() -> Hash {
        of(&[], &[])
    }

    /// From stored bytes; none if they are not a hash.
    pub fn from_bytes(bytes: &[u8]) -> Option<Hash> {
        bytes.try_into().ok().map(Hash)
    }

    /// From hex digits.
    pub fn parse(text: &str) -> Option<Hash> {
        Hash::from_bytes(&hex::decode(text).ok()?)
    }
}

fn of(first: &[u8], parts: &[&[u8]]) -> Hash {
    let mut context = Context::new(&SHA256);
    context.update(first);
    parts.iter().for_each(|part| context.update(part));
    Hash::from_bytes(context.finish().as_ref()).expect("SHA-256 has 32 bytes")
}

impl fmt::Display for Hash {
    /// Hex digits.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(self.0))
    }
}

impl fmt::Debug for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Hash({}…)", hex::encode(&self.0[..4]))
    }
}
