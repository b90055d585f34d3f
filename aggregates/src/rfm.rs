//! Segments of a shop's buyers, from what they bought: how recently (R), how often (F), for how much (M).
//!
//! | file | its idea |
//! |---|---|
//! | [`calendar`] | days of the shop's own time zone, and when its daily window is due |
//! | [`cell`] | three scores from 1 to 5: one of 125 cells |
//! | [`cut_points`] | from numbers to scores: by value bands, or by fixed thresholds |
//! | [`mapping`], [`presets`] | from cells to segments: total and disjoint, or not accepted |
//! | [`settings`] | what a merchant can set of all this |
//! | [`event`] | what is recorded: closed windows, and who has moved |
//! | [`run`] | the decisions: hold a window, or rescore some buyers between two windows |
//!
//! Points never enter. What counts is merchandise that was paid for and kept: see `rfm_orders` among the read models.
//!
//! There is no aggregate in the usual sense: the state that a decision depends on is every buyer's standing, far too much
//! to keep in memory for every shop. It is in a read model, and a decision names the position of the shop's last RFM commit
//! that the read model had seen. The log takes what was decided only if that is still the last one.

pub mod calendar;
pub mod cell;
pub mod cut_points;
pub mod event;
pub mod mapping;
mod presets;
pub mod run;
pub mod settings;
#[cfg(test)]
mod tests;

pub use calendar::{Calendar, Day, TimeZoneName};
pub use cell::Cell;
pub use cut_points::{CutPoints, Purchases};
pub use event::{Cause, Change, MethodUsed, RfmEvent, RfmUpdated, Standing, WindowClosed};
pub use mapping::{CustomSegment, Mapping, Partition, PartitionFault, SegmentName};
pub use run::{Before, Buyer, CHANGES_MAX, Definition, Names, Reference, Window, hold_window, rescore};
pub use settings::{Method, RfmSettings, SMALL_SHOP_BUYERS};
