//! The trees as the commits give them, with their roots at the sizes that somebody has spoken of.

use std::collections::{BTreeMap, HashMap};

use projections::transparency::TreeId;
use proofs::{Frontier, Hash, tile::TILE_HEIGHT};

/// A tree when it had a certain size.
#[derive(Debug, Clone, Copy)]
struct Moment {
    root: Hash,
    /// Where its last leaf stands in the journal; leaves of the top log do not.
    position: Option<u64>,
}

/// One tree, computed anew.
#[derive(Debug, Default)]
pub struct Tree {
    frontier: Frontier,
    /// Hashes of tiles above the leaves, by level and number: one for each 256 leaves, and few more.
    pub upper: HashMap<(u8, u64), Hash>,
    /// By size: how the tree was then, once it has had that size.
    watched: BTreeMap<u64, Option<Moment>>,
}

impl Tree {
    /// Asks for the root at a size.
    pub fn watch(&mut self, size: u64) {
        self.watched.entry(size).or_default();
    }

    /// Adds a leaf, and remembers where it stands in the journal if that may be asked for.
    pub fn push(&mut self, leaf: Hash, position: Option<u64>) {
        let upper = &mut self.upper;
        self.frontier.push(leaf, |subtree, hash| {
            if subtree.height > 0 && subtree.height % TILE_HEIGHT == 0 {
                upper.insert((subtree.height / TILE_HEIGHT, subtree.index), hash);
            }
        });
        if let Some(moment) = self.watched.get_mut(&self.frontier.size()) {
            *moment = Some(Moment { root: self.frontier.root(), position });
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
            _ => self.moment(size).map(|moment| moment.root),
        }
    }

    /// Where in the journal the last leaf stood when the tree had this size, if that was asked for.
    pub fn position_at(&self, size: u64) -> Option<u64> {
        self.moment(size)?.position
    }

    /// How many hashes of tiles above the leaves a tree of this size has.
    pub fn upper_within(&self, size: u64) -> usize {
        let is_within = |(level, number): &&(u8, u64)| (number + 1) << (level * TILE_HEIGHT) <= size;
        self.upper.keys().filter(is_within).count()
    }

    fn moment(&self, size: u64) -> Option<Moment> {
        self.watched.get(&size).copied().flatten()
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
