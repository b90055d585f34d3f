//! What trees are called in checkpoints, and who they belong to.
//!
//! The top log is `loyalnest/` and the beginning of the hash of the installation's public key, so that two installations
//! are never taken for one. A merchant's tree adds its id and the epoch: a log that was restored or replaced, and adopted,
//! begins new trees, and a checkpoint of the ones before must not seem to contradict them.

use proofs::{Hash, VerifierKey};
use uuid::Uuid;

use super::TreeId;

/// What the installation's key for checkpoints is derived for.
pub const KEY_USAGE: &str = "checkpoints";

/// Bytes of the key's hash in a name.
const KEY_HASH_BYTES: usize = 8;

/// The names of one installation's trees in one epoch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Names {
    public: [u8; 32],
    epoch: u32,
}

impl Names {
    /// Of the installation with this public key, after so many adoptions.
    pub fn new(public: [u8; 32], adoptions: u32) -> Names {
        Names { public, epoch: adoptions + 1 }
    }

    /// Which epoch this is; the first begins with the log.
    pub fn epoch(&self) -> u32 {
        self.epoch
    }

    pub fn origin(&self, tree: TreeId) -> String {
        if tree == TreeId::TOP { self.top() } else { format!("{}/{}/{}", self.top(), tree.0.simple(), self.epoch) }
    }

    /// The tree that an origin names, if it is one of this installation in this epoch.
    pub fn tree(&self, origin: &str) -> Option<TreeId> {
        let named = match origin.strip_prefix(&self.top())? {
            "" => TreeId::TOP,
            rest => TreeId(Uuid::try_parse(rest.strip_prefix('/')?.split('/').next()?).ok()?),
        };
        (self.origin(named) == origin).then_some(named)
    }

    /// What checkpoints of the top log are checked with; those of the other trees with the same key under their origins.
    pub fn key(&self) -> VerifierKey {
        VerifierKey { name: self.top(), public: self.public }
    }

    fn top(&self) -> String {
        format!("loyalnest/{}", hex_of(&Hash::of_leaf(&[&self.public])))
    }
}

fn hex_of(hash: &Hash) -> String {
    hash.to_string()[..2 * KEY_HASH_BYTES].to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_leads_back_to_its_tree() {
        let names = Names::new([1; 32], 0);
        for tree in [TreeId::TOP, TreeId(Uuid::nil()), TreeId(Uuid::from_u128(7))] {
            assert_eq!(names.tree(&names.origin(tree)), Some(tree));
        }
    }

    #[test]
    fn another_installation_or_epoch_has_other_names() {
        let (names, tree) = (Names::new([1; 32], 0), TreeId(Uuid::from_u128(7)));
        for other in [Names::new([2; 32], 0), Names::new([1; 32], 1)] {
            assert_ne!(names.origin(tree), other.origin(tree));
            assert_eq!(names.tree(&other.origin(tree)), None);
        }
        assert_eq!(names.origin(TreeId::TOP), Names::new([1; 32], 1).origin(TreeId::TOP), "the top log has no epochs");
    }
}
