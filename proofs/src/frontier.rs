//! A tree that only grows, kept as the roots of the complete subtrees at its edge: as many as its size has bits set. To
//! add a leaf costs two hashes on average, however large the tree is.

use crate::hash::{HASH_BYTES, Hash};

/// A complete subtree: the leaves from `index << height` on, `1 << height` of them. Its hash never changes again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Subtree {
    pub height: u8,
    pub index: u64,
}

/// The edge of a tree.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Frontier {
    size: u64,
    /// The largest subtree first.
    peaks: Vec<Hash>,
}

impl Frontier {
    /// From its size and its stored bytes; none if they do not belong together.
    pub fn restore(size: u64, bytes: &[u8]) -> Option<Frontier> {
        let peaks: Option<Vec<Hash>> = bytes.chunks(HASH_BYTES).map(Hash::from_bytes).collect();
        let peaks = peaks.filter(|peaks| u64::from(size.count_ones()) == peaks.len() as u64)?;
        Some(Frontier { size, peaks })
    }

    /// As [`Frontier::restore`] takes it.
    pub fn to_bytes(&self) -> Vec<u8> {
        self.peaks.iter().flat_map(|peak| peak.0).collect()
    }

    /// How many leaves the tree has.
    pub fn size(&self) -> u64 {
        self.size
    }

    /// Adds a leaf, and shows every subtree that it completes, the leaf itself first.
    pub fn push(&mut self, leaf: Hash, mut completed: impl FnMut(Subtree, Hash)) {
        let mut subtree = Subtree { height: 0, index: self.size };
        let mut hash = leaf;
        completed(subtree, hash);
        while subtree.index % 2 == 1 {
            let left = self.peaks.pop().expect("a right half has its left half before it");
            hash = Hash::of_node(&left, &hash);
            subtree = Subtree { height: subtree.height + 1, index: subtree.index / 2 };
            completed(subtree, hash);
        }
        self.peaks.push(hash);
        self.size += 1;
    }

    /// The root of the tree as it is now.
    pub fn root(&self) -> Hash {
        root_of(&self.peaks)
    }
}

/// The root over neighbouring subtrees, the largest first; of none, that of the empty tree.
pub(crate) fn root_of(subtrees: &[Hash]) -> Hash {
    let joined = subtrees.iter().rev().copied().reduce(|right, left| Hash::of_node(&left, &right));
    joined.unwrap_or_else(Hash::of_nothing)
}
