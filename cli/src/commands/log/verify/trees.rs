//! The trees as the commits give them, with their roots at the sizes that somebody has spoken of.

use std::collections::{BTreeMap, HashMap};

use projections::transparency::TreeId;
use proofs::{Frontier, Hash, tile::TILE_HEIGHT};

/// One tree, computed anew.
#[derive(Debug, Default)]
pub struct Tree {
    frontier: Frontier,
    /// Hashes of tiles above the leaves, by level and number: one for each 256 leaves, and few more.
    pub upper: HashMap<(u8, u64), Hash>,
    /// By size: the root, once the tree has had that size.
    roots: BTreeMap<u64, Option<Hash>>,
}

impl Tree {
    /// Asks for the root at a size.
    pub fn watch(&mut self, size: u64) {
        self.roots.entry(size).or_default();
    }

    pub fn push(&mut self, leaf: Hash) {
        let upper = &mut self.upper;
        self.frontier.push(leaf, |subtree, hash| {
            if subtree.height > 0 && subtree.height % TILE_HEIGHT == 0 {
                upper.insert((subtree.height / TILE_HEIGHT, subtree.index), hash);
            }
        });
        if let Some(root) = self.roots.get_mut(&self.frontier.size()) {
            *root = Some(self.frontier.root());
        }
    }

    pub fn size(&self) -> u64 {
        self.frontier.size()
    }

    pub fn root(&self) -> Hash {
        self.frontier.root()
    }

    /// The root at a size that was asked for; none if the tree never was that large.
    pub fn root_at(&self, size: u64) -> Option<Hash> {
        match size {
            0 => Some(Hash::of_nothing()),
            _ => self.roots.get(&size).copied().flatten(),
        }
    }
}

/// All of them.
#[derive(Debug, Default)]
pub struct Trees(pub BTreeMap<TreeId, Tree>);

impl Trees {
    pub fn tree(&mut self, tree: TreeId) -> &mut Tree {
        self.0.entry(tree).or_default()
    }
}
