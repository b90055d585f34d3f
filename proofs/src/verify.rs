//! Whether a proof holds, as RFC 9162 §2.1.3.2 and §2.1.4.2 tell. A checker needs nothing but hashes.

use crate::hash::Hash;

/// The proof does not lead from what is claimed to the root that is known. Nothing else can be said about it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the proof does not hold")]
pub struct Refuted;

/// Whether `leaf` stands at `index` in the tree of this size and root.
///
/// # Errors
/// [`Refuted`]
pub fn inclusion(leaf: Hash, index: u64, size: u64, root: Hash, proof: &[Hash]) -> Result<(), Refuted> {
    if index >= size {
        return Err(Refuted);
    }
    let (mut at, mut last, mut hash) = (index, size - 1, leaf);
    for sibling in proof {
        if last == 0 {
            return Err(Refuted);
        }
        if at % 2 == 1 || at == last {
            hash = Hash::of_node(sibling, &hash);
            skip_levels_without_sibling(&mut at, &mut last);
        } else {
            hash = Hash::of_node(&hash, sibling);
        }
        at /= 2;
        last /= 2;
    }
    (last == 0 && hash == root).then_some(()).ok_or(Refuted)
}

/// Whether the tree of `old` leaves is the beginning of the tree of `new` leaves. The empty tree is the beginning of every
/// tree; a tree is its own beginning only with the same root. Both need no proof, and take none.
///
/// # Errors
/// [`Refuted`]
pub fn consistency(old: (u64, Hash), new: (u64, Hash), proof: &[Hash]) -> Result<(), Refuted> {
    let ((old_size, old_root), (new_size, new_root)) = (old, new);
    if old_size == 0 || old_size == new_size {
        let same = if old_size == 0 { old_root == Hash::of_nothing() } else { old_root == new_root };
        return (same && proof.is_empty()).then_some(()).ok_or(Refuted);
    }
    if old_size > new_size {
        return Err(Refuted);
    }
    // A whole subtree on the left: the checker knows its hash already, and the proof leaves it out.
    let known = old_size.is_power_of_two().then_some(old_root);
    let mut hashes = known.iter().chain(proof);
    let first = *hashes.next().ok_or(Refuted)?;
    let (mut at, mut last) = (old_size - 1, new_size - 1);
    while at % 2 == 1 {
        at /= 2;
        last /= 2;
    }
    let (mut of_old, mut of_new) = (first, first);
    for hash in hashes {
        if last == 0 {
            return Err(Refuted);
        }
        if at % 2 == 1 || at == last {
            of_old = Hash::of_node(hash, &of_old);
            of_new = Hash::of_node(hash, &of_new);
            skip_levels_without_sibling(&mut at, &mut last);
        } else {
            of_new = Hash::of_node(&of_new, hash);
        }
        at /= 2;
        last /= 2;
    }
    (last == 0 && of_old == old_root && of_new == new_root).then_some(()).ok_or(Refuted)
}

/// On the right edge a node may be alone on its level, and rises as it is.
fn skip_levels_without_sibling(at: &mut u64, last: &mut u64) {
    while at.is_multiple_of(2) && *at != 0 {
        *at /= 2;
        *last /= 2;
    }
}
