//! Customers that are brought along from another programme, or from another installation. A file comes in pieces; an import
//! takes them one after the other, and what has become of each row is on record before the next piece begins. Whatever
//! happens in between, a piece that is taken again finds its rows done: each has a business key of its own.
//!
//! What rows do to people is written on the people; here is only how far an import is, and which rows were turned away.

mod event;
mod rejection;
mod shard;
#[cfg(test)]
mod tests;

pub use event::{Counts, DateOrder, Existing, ImportEvent, ImportFinished, ImportOpened, PieceTaken, Source};
pub use rejection::{Column, Rejection, RejectionReason};
pub use shard::{ImportCommand, ImportProgress, ImportRefusal, ImportShard, SHARDS};
