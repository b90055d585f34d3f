//! The transparency log: a Merkle tree over each merchant's commits, kept up like a read model, and signed now and then,
//! so that anybody can check later that nothing was changed, removed, added or moved.
//!
//! Every commit becomes a leaf of its merchant's tree, in the order of the journal; the installation's own commits have a
//! tree of their own. When a tree has grown its checkpoint is signed, and becomes a leaf of the top log: whoever keeps one
//! checkpoint of that holds every merchant's history fast, and nobody learns anything about anybody else's.
//!
//! | file | its idea |
//! |---|---|
//! | [`leaf`] | a commit of the journal as a leaf |
//! | [`growth`] | what a batch of commits adds to the trees |
//! | [`store`] | trees and hashes in tables |
//! | [`prove`] | proofs and tiles out of those tables |
//! | [`signed`] | what was signed |
//! | [`names`] | what trees are called in checkpoints |
//! | [`signer`] | when and what to sign, and when never |
//! | [`file`] | the newest checkpoint outside of the database |

mod file;
mod growth;
mod leaf;
mod names;
mod prove;
mod signed;
mod signer;
mod store;

use std::sync::Arc;

use aggregates::{Context, id::MerchantId};
use journal::Positioned;
use sqlx::PgConnection;
use uuid::Uuid;

use crate::projection::{Projection, ProjectionError, Tables};

pub use file::FileError;
pub use leaf::leaf_hash;
pub use names::{KEY_USAGE, Names};
pub use prove::{ProofError, consistency, entry, inclusion, tile};
pub use signed::{
    SignedCheckpoint, entries as signed_entries, latest, list as signed_checkpoints, sizes as signed_sizes,
};
pub use signer::{CheckpointSigner, Key, Round, SIGN_EVERY, SignError};
pub use store::{StoredLeaf, StoredTree, adoptions, leaf_at, leaves_after, trees, upper_hashes};

/// Which tree.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TreeId(pub Uuid);

impl TreeId {
    /// Of the merchants' checkpoints.
    pub const TOP: TreeId = TreeId(Uuid::max());

    /// Of a merchant's commits, or of those of the installation.
    pub fn of(merchant: MerchantId) -> TreeId {
        TreeId(merchant.0)
    }
}

pub struct Transparency;

impl Transparency {
    pub const NAME: &'static str = "transparency";
}

impl Projection for Transparency {
    const NAME: &'static str = Transparency::NAME;
    const CONTEXTS: &'static [Context] = &Context::ALL;
    const TABLES: Tables = Tables::Fixed(
        "checkpoints were signed over these very trees, and a tree that differs must be found, not replaced: \
         `loyalnest log verify` compares it with the log",
    );

    async fn apply(&self, transaction: &mut PgConnection, batch: &[Arc<Positioned>]) -> Result<(), ProjectionError> {
        let mut trees: Vec<Uuid> = batch.iter().map(|commit| commit.subject.merchant.0).collect();
        trees.sort_unstable();
        trees.dedup();
        let mut growth = growth::Growth::of(store::load(&mut *transaction, &trees).await?);
        batch.iter().for_each(|commit| growth.take_in(commit));
        store::save(transaction, &growth).await
    }
}
