//! Read models: what the journal says, in tables that answer questions. Each projection is a pure function from commits
//! to rows with its SQL beside it; the [`runner`] feeds it in order, and writes rows and checkpoint in one transaction.
//! Dropping all of it loses nothing.

pub mod audit_logs;
pub mod balances;
mod batch;
pub mod books;
pub mod checkpoint;
pub mod customer_imports;
pub mod customers;
pub mod data_requests;
pub mod epoch;
pub mod erasure;
mod feed;
pub mod gdpr_requests;
pub mod parked_webhooks;
pub mod points_transactions;
pub mod pos_offline_queue;
pub mod products;
pub mod progress;
pub mod projection;
pub mod rederive;
pub mod replay;
mod rest;
pub mod rfm;
pub mod rfm_orders;
pub mod rfm_segments;
pub mod runner;
#[cfg(test)]
mod sample;
mod session;
mod sql;
mod telemetry;
pub mod transparency;

pub use checkpoint::{Checkpoint, list, set_paused};
pub use feed::{Feed, Left};
pub use progress::Progress;
pub use projection::{Projection, ProjectionError};
pub use runner::{Runner, RunnerError};

/// The read models of this installation, by the names that operators use.
pub const NAMES: [&str; 13] = [
    audit_logs::AuditLogs::NAME,
    balances::Balances::NAME,
    books::BooksOfMerchants::NAME,
    customer_imports::CustomerImports::NAME,
    customers::Customers::NAME,
    gdpr_requests::GdprRequests::NAME,
    parked_webhooks::ParkedWebhooks::NAME,
    points_transactions::PointsTransactions::NAME,
    pos_offline_queue::PosOfflineQueue::NAME,
    products::Products::NAME,
    rfm_orders::RfmOrders::NAME,
    rfm_segments::RfmSegments::NAME,
    transparency::Transparency::NAME,
];
