//! The journal against real servers: one node, and a cluster of three, which behave differently.

mod support;

mod appending;
mod cold;
mod executing;
mod following;
mod grouping;
mod large_decisions;
mod lost_answers;
mod races;
mod snapshots;
mod stream_copies;
mod stream_declarations;
mod together;
