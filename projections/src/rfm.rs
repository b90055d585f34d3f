//! Reading what segments are decided on, and what is known of them.
//!
//! | file | its idea |
//! |---|---|
//! | [`shops`] | which shops have buyers, and whose orders have changed |
//! | [`sheet`] | one consistent view of a shop, to decide on |
//! | [`buyers`] | buyers with what they bought and how they stand |
//! | [`eligibility`] | who must not be profiled |
//! | [`windows`] | windows that were held |
//! | [`answers`] | one buyer's standing, counts, moves; now and as of any past moment |

pub mod answers;
pub mod buyers;
mod eligibility;
pub mod sheet;
pub mod shops;
pub mod windows;

use aggregates::{id::MerchantId, rfm::Cell};

pub use answers::{Bound, Held, Move};
pub use sheet::Sheet;
pub use windows::WindowRow;

use crate::projection::ProjectionError;

/// Scores as the tables have them.
fn cell(scores: i16) -> Result<Cell, ProjectionError> {
    scores.to_string().parse().map_err(|_| ProjectionError::BadRow("read.customer_segments"))
}

/// A merchant as text of a statement that takes no parameters.
fn literal(merchant: MerchantId) -> String {
    format!("'{}'", merchant.0.as_hyphenated())
}
