//! Whenever this, then that: what the system does of its own accord.
//!
//! - [`admin_tokens`]: keeps fresh what opens shops' own APIs;
//! - [`badges`]: awards what customers have achieved;
//! - [`campaigns`]: rewards what is not an order: once, for ever, within limits;
//! - [`deadlines`]: warns of privacy requests that are due soon, or late;
//! - [`delivery`]: has the shop make what points were reserved for, through [`shopify_admin`];
//! - [`erasure`]: executes privacy requests, step by step;
//! - [`mail`]: tells customers by e-mail what they have to know, and what they want to know;
//! - [`referrals`]: decides on friends who were brought, and pays both sides together;
//! - [`rfm`]: holds the daily window of every shop's segments, and scores buyers again when their orders change;
//! - [`sweep`]: puts on record what time has done to lots (holds that ended, points that expired). No balance waits for
//!   it: every answer computes the same from the lots themselves;
//! - [`tasks`]: does what has to be done outside or later, until it is done;
//! - [`tiers`]: keeps VIP tiers up to date as orders, points and time change them.

pub mod admin_tokens;
pub mod badges;
mod birthdays;
pub mod campaigns;
pub mod deadlines;
pub mod delivery;
pub mod erasure;
pub mod mail;
mod on_top;
mod pass;
pub mod referrals;
pub mod rfm;
pub mod shopify_admin;
pub mod sweep;
pub mod tasks;
pub mod tiers;

pub use admin_tokens::{AccessError, AdminTokens};
pub use badges::{Awarder, BadgeError};
pub use campaigns::{CampaignError, Rewarder};
pub use delivery::{Deliveries, DeliveryError};
pub use erasure::{Eraser, ErasureError};
pub use mail::{MailError, MailHandler, Mailing, Postmaster};
pub use referrals::{ReferralError, Referrer};
pub use rfm::{Analyst, RfmError};
pub use sweep::{SweepError, Sweeper, Swept};
pub use tasks::{TaskError, TaskQueue, TaskWorker};
pub use tiers::{TierError, TierKeeper};
