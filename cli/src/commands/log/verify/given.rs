//! Checkpoints that the caller has kept: the only memory that nobody here could have changed.

use std::{
    fmt,
    path::{Path, PathBuf},
};

use anyhow::Context;
use projections::transparency::{Names, TreeId};
use proofs::{Checkpoint, VerifierKey};

use super::{
    finding::{Fault, Finding, Report},
    trees::{Tree, Trees},
};

/// A checkpoint from a file.
pub struct Given {
    path: PathBuf,
    checkpoint: Checkpoint,
    tree: TreeId,
}

/// Reads them. One that is not signed by this key, or speaks of no tree that is known, is a finding.
pub fn read(paths: &[PathBuf], names: &Names, report: &mut Report) -> anyhow::Result<Vec<Given>> {
    let mut given = Vec::new();
    for path in paths {
        match open(path, names)? {
            Ok(one) => given.push(one),
            Err(reason) => report.find(about(path, None, reason)),
        }
    }
    Ok(given)
}

fn open(path: &Path, names: &Names) -> anyhow::Result<Result<Given, String>> {
    let note = std::fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
    Ok(understand(&note, &names.key()).and_then(|checkpoint| {
        let tree = names.tree(&checkpoint.origin);
        let tree = tree.ok_or_else(|| format!("{} is no tree of this log in this epoch", checkpoint.origin))?;
        Ok(Given { path: path.to_owned(), checkpoint, tree })
    }))
}

fn understand(note: &str, key: &VerifierKey) -> Result<Checkpoint, String> {
    Checkpoint::open(note, key).map_err(|error| error.to_string())
}

impl Given {
    pub fn tree(&self) -> TreeId {
        self.tree
    }

    /// Asks the trees for the root that it speaks of.
    pub fn watch(&self, trees: &mut Trees) {
        trees.tree(self.tree).watch(self.checkpoint.size);
    }

    /// Holds it against the tree.
    pub fn compare(&self, tree: &Tree, report: &mut Report) {
        report.checkpoints += 1;
        let Checkpoint { origin, size, root } = &self.checkpoint;
        if tree.size() < *size {
            let detail = format!("{origin} had {size} leaves and has {}: its end was removed", tree.size());
            report.find(about(&self.path, Some(self.tree), detail));
        } else if tree.root_at(*size) != Some(*root) {
            let place = tree.position_at(*size);
            let place = place.map_or_else(String::new, |position| format!(", which end at position {position},"));
            let detail = format!("the first {size} leaves of {origin}{place} are not those that were signed");
            report.find(about(&self.path, Some(self.tree), detail));
        }
    }

    /// Holds it against another checkpoint of the same tree, where the leaves are not to be had: only the same size can be
    /// compared, and a smaller one contradicts it.
    pub fn compare_with(&self, other: &Checkpoint, report: &mut Report) {
        report.checkpoints += 1;
        let Checkpoint { origin, size, root } = &self.checkpoint;
        if other.size < *size || (other.size == *size && other.root != *root) {
            let detail = format!("{origin} had {size} leaves with another root; the file ends at {}", other.size);
            report.find(about(&self.path, Some(self.tree), detail));
        } else if other.size > *size {
            eprintln!("{self} is older than the file: of the top log only the size can be compared here");
        }
    }
}

impl fmt::Display for Given {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.path.display().fmt(f)
    }
}

fn about(path: &Path, tree: Option<TreeId>, detail: String) -> Finding {
    let merchant = tree.filter(|tree| *tree != TreeId::TOP).map(|tree| aggregates::id::MerchantId(tree.0));
    Finding { fault: Fault::Checkpoint, position: None, merchant, detail: format!("{}: {detail}", path.display()) }
}
