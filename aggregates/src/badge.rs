//! Badges: what a customer has achieved, once or once in each month or year, and what it is worth in points.
//!
//! | file | its idea |
//! |---|---|
//! | [`definition`] | what a merchant can set: badges, their rules, how often each can be had |
//! | [`period`] | months, years, weeks of the shop's calendar, and for which of them a badge is |
//! | [`achievements`] | what somebody has done, month by month |
//! | [`judge`] | which badges that earns: a pure function of the two |
//! | [`event`] | what is recorded when one is awarded |
//!
//! There is no aggregate of its own. A badge is the customer's: it is decided and recorded on the customer's own subject, so
//! that forgetting somebody ends it with the same fence, a merge brings it along, and of two workers one finds it done.

pub mod achievements;
pub mod definition;
pub mod event;
pub mod judge;
pub mod period;
#[cfg(test)]
mod tests;

pub use achievements::Achievements;
pub use definition::{BadgeDefinition, BadgeId, BadgeRule, BadgeSettings, Repeats};
pub use event::{AwardCause, BadgeAwarded, HeldBadge};
pub use judge::{Earned, earned};
pub use period::{Month, Period, Week};
