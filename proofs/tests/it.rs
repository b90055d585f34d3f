//! Laws of trees and proofs, and vectors that others have published.

#[path = "it/notes.rs"]
mod notes;
#[path = "it/published_trees.rs"]
mod published_trees;
#[path = "it/trees.rs"]
mod trees;
