//! Which subtrees a proof is made of. Whoever stores hashes brings those, and gets the proof; nothing else of a tree is
//! ever looked at, so that a proof costs the logarithm of the tree's size.

use crate::{
    frontier::{Subtree, root_of},
    hash::Hash,
};

/// A subtree that a proof needs is not in the store.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the subtree {} of height {} is not stored", .0.index, .0.height)]
pub struct MissingSubtree(pub Subtree);

/// What each hash of a proof is the root of: neighbouring complete subtrees, the largest first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recipe(Vec<Vec<Subtree>>);

impl Recipe {
    /// For the proof that a leaf is in the tree of this size; none if the tree does not reach that far.
    pub fn inclusion(leaf: u64, size: u64) -> Option<Recipe> {
        if leaf >= size {
            return None;
        }
        let (mut from, mut to, mut path) = (0, size, Vec::new());
        while to - from > 1 {
            let middle = from + largest_power_below(to - from);
            if leaf < middle {
                path.push(complete_subtrees(middle, to));
                to = middle;
            } else {
                path.push(complete_subtrees(from, middle));
                from = middle;
            }
        }
        path.reverse();
        Some(Recipe(path))
    }

    /// For the proof that the tree of size `old` is the beginning of the tree of size `new`; none if `old` is larger.
    /// Nothing has to be proven of an empty tree, or of a tree and itself.
    pub fn consistency(old: u64, new: u64) -> Option<Recipe> {
        if old > new {
            return None;
        }
        let mut path = Vec::new();
        if old > 0 {
            let (mut from, mut to) = (0, new);
            while old < to {
                let middle = from + largest_power_below(to - from);
                if old <= middle {
                    path.push(complete_subtrees(middle, to));
                    to = middle;
                } else {
                    path.push(complete_subtrees(from, middle));
                    from = middle;
                }
            }
            // The old tree's own root is what the checker has already.
            if from > 0 {
                path.push(complete_subtrees(from, to));
            }
        }
        path.reverse();
        Some(Recipe(path))
    }

    /// Everything that has to be brought.
    pub fn subtrees(&self) -> impl Iterator<Item = Subtree> {
        self.0.iter().flatten().copied()
    }

    /// The hashes of the proof.
    ///
    /// # Errors
    /// [`MissingSubtree`] if `stored` does not have one of [`Recipe::subtrees`].
    pub fn hashes(&self, stored: impl Fn(Subtree) -> Option<Hash>) -> Result<Vec<Hash>, MissingSubtree> {
        let hash = |subtree: &Subtree| stored(*subtree).ok_or(MissingSubtree(*subtree));
        let root = |subtrees: &Vec<Subtree>| {
            let hashes: Result<Vec<Hash>, MissingSubtree> = subtrees.iter().map(hash).collect();
            Ok(root_of(&hashes?))
        };
        self.0.iter().map(root).collect()
    }
}

/// The complete subtrees that make up the leaves `from..to`, where `from` is a border of the tree's.
fn complete_subtrees(from: u64, to: u64) -> Vec<Subtree> {
    let (mut at, mut subtrees) = (from, Vec::new());
    while at < to {
        let height = (to - at).ilog2();
        subtrees.push(Subtree { height: u8::try_from(height).expect("at most 63"), index: at >> height });
        at += 1 << height;
    }
    subtrees
}

/// Where a tree of this size, at least 2, divides.
fn largest_power_below(size: u64) -> u64 {
    1 << (size - 1).ilog2()
}
