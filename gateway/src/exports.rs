//! Everything a merchant has here, out again: as tables of text, at any time, without asking anybody. What is sealed is
//! opened while it is being sent to whoever shows the merchant's key, and nothing of it is written anywhere.
//!
//! A table is read in the order of a key that does not change, in pages; each row carries a cursor. An export that was cut
//! short goes on behind the last row that has arrived.

mod audit;
mod customers;
mod form;
mod keys;
mod ledger;
mod products;
mod segments;

use aggregates::{id::MerchantId, time::Timestamp};
use serde_json::Value;

pub use form::Form;

use crate::{gateway::Gateway, problem::Problem};

/// Rows that are read at once.
pub const PAGE_ROWS: i64 = 500;
/// The last column of every table.
pub const CURSOR: &str = "cursor";

/// A table that can be had.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Resource {
    /// Customers with their lots, in the schema that imports read.
    Customers,
    PointsTransactions,
    CustomerSegments,
    Products,
    AuditLogs,
}

impl Resource {
    pub const ALL: [Resource; 5] = [
        Resource::Customers,
        Resource::PointsTransactions,
        Resource::CustomerSegments,
        Resource::Products,
        Resource::AuditLogs,
    ];

    pub const fn as_str(self) -> &'static str {
        match self {
            Resource::Customers => "customers",
            Resource::PointsTransactions => "points_transactions",
            Resource::CustomerSegments => "customer_segments",
            Resource::Products => "products",
            Resource::AuditLogs => "audit_logs",
        }
    }

    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|resource| resource.as_str() == word)
    }

    /// Names of the columns, without the cursor.
    pub const fn columns(self) -> &'static [&'static str] {
        match self {
            Resource::Customers => customers::COLUMNS,
            Resource::PointsTransactions => ledger::COLUMNS,
            Resource::CustomerSegments => segments::COLUMNS,
            Resource::Products => products::COLUMNS,
            Resource::AuditLogs => audit::COLUMNS,
        }
    }

    /// The read model it is made from, which has to have seen what the caller has written.
    pub const fn read_model(self) -> &'static str {
        match self {
            Resource::Customers => projections::balances::Balances::NAME,
            Resource::PointsTransactions => projections::points_transactions::PointsTransactions::NAME,
            Resource::CustomerSegments => projections::rfm_segments::RfmSegments::NAME,
            Resource::Products => projections::products::Products::NAME,
            Resource::AuditLogs => projections::audit_logs::AuditLogs::NAME,
        }
    }
}

/// A row on its way out: one value for each column, and where to go on behind it.
#[derive(Debug, Clone, PartialEq)]
pub struct ExportRow {
    pub values: Vec<Value>,
    pub cursor: String,
}

/// Who wants what.
#[derive(Debug, Clone, Copy)]
pub struct Export {
    pub merchant: MerchantId,
    pub resource: Resource,
    /// By the merchant's clock: balances are as of then.
    pub now: Timestamp,
}

impl Gateway {
    /// The next rows behind a cursor; none at the end.
    ///
    /// # Errors
    /// [`Problem`]; `invalid_cursor` for one that was not given out for this table.
    pub async fn export_page(&self, export: Export, after: Option<&str>) -> Result<Vec<ExportRow>, Problem> {
        match export.resource {
            Resource::Customers => customers::page(self, export, after).await,
            Resource::PointsTransactions => ledger::page(self, export, after).await,
            Resource::CustomerSegments => segments::page(self, export, after).await,
            Resource::Products => products::page(self, export, after).await,
            Resource::AuditLogs => audit::page(self, export, after).await,
        }
    }
}
