//! Read models: what the journal says, in tables that answer questions. Each projection is a pure function from commits
//! to rows with its SQL beside it; the [`runner`] feeds it in order, and writes rows and checkpoint in one transaction.
//! Dropping all of it loses nothing.

pub mod audit_logs;
pub mod badges;
pub mod balances;
mod batch;
pub mod books;
pub mod campaigns;
mod changed;
pub mod checkpoint;
mod copied;
mod copy;
pub mod customer_imports;
pub mod customers;
pub mod daily_totals;
pub mod data_requests;
pub mod email_events;
pub mod epoch;
pub mod erasure;
mod feed;
pub mod gdpr_requests;
pub mod generation;
pub mod lag;
pub mod leaderboards;
mod moves;
pub mod parked_webhooks;
pub mod parking;
pub mod points_transactions;
pub mod pos_offline_queue;
pub mod products;
pub mod program_history;
pub mod progress;
pub mod projection;
pub mod queue_tasks;
pub mod read_model;
pub mod rederive;
pub mod referrals;
mod refused;
pub mod replay;
mod rest;
pub mod retention;
pub mod reward_redemptions;
pub mod rewards;
pub mod rfm;
pub mod rfm_orders;
pub mod rfm_segments;
pub mod runner;
#[cfg(test)]
mod sample;
mod session;
mod sql;
mod telemetry;
pub mod tier_facts;
pub mod tiers;
pub mod transparency;
pub mod vip_tiers;

pub use changed::Changed;
pub use checkpoint::{Checkpoint, list, list_generations, set_paused};
pub use feed::{Feed, Left};
pub use progress::Progress;
pub use projection::{Projection, ProjectionError, Tables};
pub use read_model::{NAMES, ReadModel};
pub use runner::{Runner, RunnerError};
