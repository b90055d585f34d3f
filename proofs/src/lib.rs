//! What anybody can check about the log: Merkle trees as in RFC 6962, checkpoints as signed notes, tiles as in C2SP.
//!
//! Pure, and of no other room: an auditor needs nothing of ours but this to check a proof. Nothing here reads a disk, a
//! network or a clock, and nothing here knows what a commit says; its bytes are ciphertext where they are personal, and so
//! every proof outlives the erasure of the person it was about.
//!
//! | file | its idea |
//! |---|---|
//! | [`hash`] | the three hashes of RFC 6962 |
//! | [`leaf`] | which bytes of a commit a leaf is made of |
//! | [`frontier`] | a tree that only grows, kept as the few subtrees at its edge |
//! | [`recipe`] | which subtrees a proof is made of; whoever stores hashes brings them |
//! | [`verify`] | whether a proof holds |
//! | [`tile`] | how a tree is cut into files |
//! | [`note`] | text with signatures that people can read |
//! | [`checkpoint`] | a note that says how large a tree is and what its root is |

pub mod checkpoint;
pub mod frontier;
pub mod hash;
pub mod leaf;
pub mod note;
pub mod recipe;
pub mod tile;
pub mod verify;

pub use checkpoint::{Checkpoint, NotACheckpoint};
pub use frontier::{Frontier, Subtree};
pub use hash::Hash;
pub use leaf::Leaf;
pub use note::{Note, NoteError, Signer, VerifierKey};
pub use recipe::{MissingSubtree, Recipe};
pub use tile::{NotATile, Tile};
pub use verify::{Refuted, consistency, inclusion};
