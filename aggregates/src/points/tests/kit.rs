//! Given, when, then for one account: who the shopper is, what the shop states, and the story that is told with both.

mod facts;
mod identity;
mod story;

pub use facts::*;
pub use identity::{Person, key_of, order_of, sealed_key};
pub use story::{Story, publish};
