//! The task queue: once per business key, tried until it is done or given up, whoever dies over it.

mod crashes;
mod doors;
mod erasure;
pub mod kit;
mod outcomes;
