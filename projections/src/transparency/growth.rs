//! What a batch of commits adds to the trees: pure, and the same whenever and however often it is computed.

use std::collections::BTreeMap;

use aggregates::Context;
use journal::Positioned;
use proofs::{Frontier, Hash, Subtree, tile::TILE_HEIGHT};
use uuid::Uuid;

use super::leaf::leaf_hash;

/// A tree at its edge.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Tree {
    pub frontier: Frontier,
    /// How often a log was adopted; known by the installation's own tree.
    pub adoptions: i32,
}

/// A hash that will never change, to be stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct NewHash {
    pub tree: Uuid,
    pub level: i16,
    pub number: u64,
    pub hash: Hash,
    /// Of a leaf: where its commit stands.
    pub position: Option<u64>,
}

/// The trees that a batch touches, and what has become final in them.
#[derive(Debug, Default)]
pub(super) struct Growth {
    pub trees: BTreeMap<Uuid, Tree>,
    pub hashes: Vec<NewHash>,
}

impl Growth {
    /// From the trees as they are stored; one that is not among them is empty.
    pub fn of(trees: BTreeMap<Uuid, Tree>) -> Self {
        Growth { trees, hashes: Vec::new() }
    }

    pub fn take_in(&mut self, commit: &Positioned) {
        let tree = self.trees.entry(commit.subject.merchant.0).or_default();
        let leaf = leaf_hash(commit, tree.frontier.size());
        tree.adoptions += i32::from(commit.subject.context == Context::Installation && is_adoption(commit));
        self.push(commit.subject.merchant.0, leaf, Some(commit.position));
    }

    /// Adds a leaf. Of the subtrees that it completes those are stored that stand in a tile.
    pub fn push(&mut self, tree: Uuid, leaf: Hash, position: Option<u64>) {
        let hashes = &mut self.hashes;
        self.trees.entry(tree).or_default().frontier.push(leaf, |Subtree { height, index }, hash| {
            if height % TILE_HEIGHT == 0 {
                let level = i16::from(height / TILE_HEIGHT);
                let position = position.filter(|_| height == 0);
                hashes.push(NewHash { tree, level, number: index, hash, position });
            }
        });
    }
}

fn is_adoption(commit: &Positioned) -> bool {
    commit.commit.events.iter().any(|event| event.name == "installation.log_adopted")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample;

    fn grown(commits: u64) -> Growth {
        let mut growth = Growth::default();
        (1..=commits).for_each(|position| growth.take_in(&sample::commit(position)));
        growth
    }

    #[test]
    fn every_commit_is_a_leaf_with_its_place_in_the_journal() {
        let growth = grown(3);
        let leaves: Vec<_> = growth.hashes.iter().map(|hash| (hash.level, hash.number, hash.position)).collect();
        assert_eq!(leaves, [(0, 0, Some(1)), (0, 1, Some(2)), (0, 2, Some(3))]);
        assert_eq!(growth.trees.len(), 1);
        assert_eq!(growth.hashes[2].hash, leaf_hash(&sample::commit(3), 2));
    }

    #[test]
    fn a_full_tile_becomes_one_hash_of_the_level_above() {
        let growth = grown(600);
        let above: Vec<_> = growth.hashes.iter().filter(|hash| hash.level == 1).collect();
        assert_eq!(above.iter().map(|hash| (hash.number, hash.position)).collect::<Vec<_>>(), [(0, None), (1, None)]);
        let first_tile = growth.hashes.iter().filter(|hash| hash.level == 0).take(256);
        let mut alone = Frontier::default();
        first_tile.for_each(|leaf| alone.push(leaf.hash, |_, _| {}));
        assert_eq!(above[0].hash, alone.root());
    }

    #[test]
    fn batches_of_any_size_give_the_same_tree() {
        let whole = grown(300);
        let mut first = grown(17);
        let mut second = Growth::of(std::mem::take(&mut first.trees));
        (18..=300).for_each(|position| second.take_in(&sample::commit(position)));
        assert_eq!(second.trees, whole.trees);
        assert_eq!([first.hashes, second.hashes].concat(), whole.hashes);
    }
}
