//! Whenever this, then that: what the system does of its own accord.
//!
//! - [`sweep`]: puts on record what time has done to lots (holds that ended, points that expired). No balance waits for
//!   it: every answer computes the same from the lots themselves.

pub mod sweep;

pub use sweep::{SweepError, Sweeper, Swept};
