//! Whenever this, then that: what the system does of its own accord.
//!
//! - [`erasure`]: executes privacy requests, step by step;
//! - [`deadlines`]: warns of privacy requests that are due soon, or late;
//! - [`sweep`]: puts on record what time has done to lots (holds that ended, points that expired). No balance waits for
//!   it: every answer computes the same from the lots themselves.
//! - [`mail`]: tells customers by e-mail what they have to know, and what they want to know;
//! - [`badges`]: awards what customers have achieved.
//! - [`tasks`]: does what has to be done outside or later, until it is done;
//! - [`rfm`]: holds the daily window of every shop's segments, and scores buyers again when their orders change.

pub mod badges;
pub mod deadlines;
pub mod erasure;
pub mod mail;
pub mod rfm;
pub mod sweep;
pub mod tasks;

pub use badges::{Awarder, BadgeError};
pub use erasure::{Eraser, ErasureError};
pub use mail::{MailError, MailHandler, Mailing, Postmaster};
pub use rfm::{Analyst, RfmError};
pub use sweep::{SweepError, Sweeper, Swept};
pub use tasks::{TaskError, TaskQueue, TaskWorker};
