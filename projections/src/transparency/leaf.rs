//! A commit of the journal as a leaf.

use journal::Positioned;
use proofs::{Hash, Leaf};

/// The hash under which a commit stands in its merchant's tree, if it is that merchant's commit number `index`, from 0.
pub fn leaf_hash(commit: &Positioned, index: u64) -> Hash {
    let events: Vec<(&str, u8)> =
        commit.commit.events.iter().map(|event| (event.name.as_ref(), event.version)).collect();
    Leaf { subject: &commit.subject.to_string(), index, events: &events, message: &commit.payload }.hash()
}
