//! Reading what tiers are decided on, and what is known of them.
//!
//! | file | its idea |
//! |---|---|
//! | [`sheet`] | one consistent view of a shop, to decide on |
//! | [`facts`] | what counts towards tiers: of everybody in one stream, of some, of one customer |
//! | [`gifts`] | tiers that somebody was given |
//! | [`due`] | whose facts have changed, for whom time has come, which shops have other settings |
//! | [`answers`] | one customer's tier and its history, members of each tier; now and as of any past moment |

pub mod answers;
pub mod due;
pub mod facts;
pub mod gifts;
pub mod sheet;

pub use answers::{HistoryRow, MemberRow};
pub use sheet::Sheet;
