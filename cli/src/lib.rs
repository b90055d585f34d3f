//! The `loyalnest` program: the composition root, the operator's commands, and the servers of a development machine.

pub mod args;
pub mod bench;
pub mod commands;
pub mod composition;
pub mod dev;
pub mod drill;
pub mod output;
pub mod serve;
pub mod servers;
pub mod telemetry;
