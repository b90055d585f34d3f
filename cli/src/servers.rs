//! Real servers on one machine: NATS and PostgreSQL as child processes, for `loyalnest dev` and for tests.
//!
//! Each server owns one private directory (0700): its secret, its configuration, its log, its data. Whoever starts it
//! holds that directory's lock. A server is recognised by what it is, a live process of that name working in that
//! directory, and never by a number alone: ports and process ids are used again by others.
//!
//! What a starter leaves behind when it is killed keeps running and is taken over by the next start (or is killed at
//! once, see [`Abandoned`]). Both servers fsync before they acknowledge.
//!
//! Starting reads and writes a handful of small local files; these calls block, on purpose.

mod account;
mod binaries;
mod cluster;
mod directory;
mod error;
mod nats;
mod port;
mod postgres;
mod process;
mod resident;
mod running;
mod secret;
mod supervisor;
#[cfg(test)]
mod tests;

pub use binaries::{Binaries, Named};
pub use cluster::NatsCluster;
pub use error::ServerError;
pub use nats::{ClusterSeat, NatsNode, NatsOptions};
pub(crate) use port::free as free_port;
pub use postgres::{Flavour, PostgresOptions, PostgresServer};
pub use process::Abandoned;
pub use running::{Running, database_processes_below, running_below};
pub use secret::Secret;
pub use supervisor::{Supervisor, SupervisorOptions};
