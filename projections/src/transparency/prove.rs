//! Proofs and tiles out of the stored hashes.

use std::collections::HashMap;

use proofs::{Frontier, Hash, MissingSubtree, Recipe, Subtree, Tile, tile::TILE_HEIGHT};
use sqlx::PgExecutor;

use super::{TreeId, store};
use crate::projection::ProjectionError;

/// Why there is no proof.
#[derive(Debug, thiserror::Error)]
pub enum ProofError {
    #[error(transparent)]
    Store(#[from] ProjectionError),
    /// The tree has not come that far.
    #[error("the tree does not reach that far")]
    Beyond,
    /// Rows were taken out of the table.
    #[error(transparent)]
    Missing(#[from] MissingSubtree),
}

/// That a leaf is in the tree of this size.
pub async fn inclusion(db: impl PgExecutor<'_>, tree: TreeId, leaf: u64, size: u64) -> Result<Vec<Hash>, ProofError> {
    bake(db, tree, &Recipe::inclusion(leaf, size).ok_or(ProofError::Beyond)?).await
}

/// That the tree of size `old` is the beginning of the tree of size `new`.
pub async fn consistency(db: impl PgExecutor<'_>, tree: TreeId, old: u64, new: u64) -> Result<Vec<Hash>, ProofError> {
    bake(db, tree, &Recipe::consistency(old, new).ok_or(ProofError::Beyond)?).await
}

/// The hash of a leaf of the top log.
pub async fn entry(db: impl PgExecutor<'_>, index: u64) -> Result<Option<Hash>, ProofError> {
    let found = store::ranges(db, TreeId::TOP, &[(0, index, index + 1)]).await?;
    Ok(found.first().map(|(_, _, hash)| *hash))
}

/// The bytes of a tile, if all of its hashes are final in a tree of this size.
pub async fn tile(db: impl PgExecutor<'_>, tree: TreeId, tile: Tile, size: u64) -> Result<Option<Vec<u8>>, ProofError> {
    if !tile.is_within(size) {
        return Ok(None);
    }
    let hashes = bake_each(db, tree, tile.subtrees().collect()).await?;
    let missing = |subtree: Subtree| hashes.get(&subtree).copied().ok_or(MissingSubtree(subtree));
    let hashes: Result<Vec<Hash>, MissingSubtree> = tile.subtrees().map(missing).collect();
    Ok(Some(hashes?.iter().flat_map(|hash| hash.0).collect()))
}

async fn bake(db: impl PgExecutor<'_>, tree: TreeId, recipe: &Recipe) -> Result<Vec<Hash>, ProofError> {
    let hashes = bake_each(db, tree, recipe.subtrees().collect()).await?;
    Ok(recipe.hashes(|subtree| hashes.get(&subtree).copied())?)
}

/// The roots of complete subtrees: each of up to 128 neighbouring hashes of a tile.
async fn bake_each(
    db: impl PgExecutor<'_>,
    tree: TreeId,
    subtrees: Vec<Subtree>,
) -> Result<HashMap<Subtree, Hash>, ProofError> {
    let wanted: Vec<(u8, u64, u64)> = subtrees.iter().map(|subtree| stored_range(*subtree)).collect();
    let stored = store::ranges(db, tree, &wanted).await?;
    let stored: HashMap<(u8, u64), Hash> =
        stored.into_iter().map(|(level, number, hash)| ((level, number), hash)).collect();
    let root = |subtree: &Subtree| {
        let (level, first, past) = stored_range(*subtree);
        let mut joined = Frontier::default();
        for number in first..past {
            joined.push(*stored.get(&(level, number))?, |_, _| {});
        }
        Some((*subtree, joined.root()))
    };
    Ok(subtrees.iter().filter_map(root).collect())
}

/// Which stored hashes a subtree is made of.
fn stored_range(subtree: Subtree) -> (u8, u64, u64) {
    let level = subtree.height / TILE_HEIGHT;
    let within = subtree.height % TILE_HEIGHT;
    (level, subtree.index << within, (subtree.index + 1) << within)
}
