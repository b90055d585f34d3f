//! The doors: signed webhooks, REST, and what stands behind them.
//!
//! - [`shopify`]: what the shop's bytes say;
//! - [`imports`]: what files of customers say;
//! - [`exports`]: everything a merchant has, out again;
//! - [`commands`]: what is to be done about it, across aggregates and the vault;
//! - [`webhooks`], [`http`]: doors that translate a request into a command and its outcome into an answer;
//! - [`problem`]: how every refusal looks from outside.

pub mod auth;
pub mod clock;
pub mod commands;
pub mod cursor;
pub mod erasure_watch;
pub mod exports;
pub mod gateway;
pub mod grpc;
pub mod health;
pub mod housekeeping;
pub mod http;
pub mod importer;
pub mod imports;
mod nul;
pub mod openapi;
pub mod problem;
pub mod request_count;
pub mod router;
pub mod scopes;
pub mod shopify;
pub mod snapshot_seal;
pub mod telemetry;
pub mod webhooks;

pub use gateway::{Gateway, Options, Parts};
