//! What is recorded of a shop's segments.

use serde::{Deserialize, Serialize};

use super::{
    calendar::Day,
    cell::Cell,
    cut_points::{CutPoints, Purchases},
    mapping::SegmentName,
};
use crate::{event::events, id::CustomerId, money::Currency, time::Timestamp};

events! {
    /// What happened to a shop's segments.
    RfmEvent {
        /// Some buyers' standings have changed. Those of a window come before the window's own event.
        Updated(RfmUpdated) = "rfm.updated" v 1;
        /// The daily window of one day is complete.
        WindowClosed(WindowClosed) = "rfm.window_closed" v 1;
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RfmUpdated {
    /// The day in the shop's calendar on which this was decided; of a window, the window's.
    pub day: Day,
    /// The day as of which recency is counted: that of the newest window.
    pub as_of: Day,
    pub cause: Cause,
    /// Version of the programme whose definition was used.
    pub definition_version: u32,
    /// Orders were counted through this position of the journal.
    pub orders_through: u64,
    pub at: Timestamp,
    /// Names that `changes` refer to by their places. The first is `prospect`.
    pub segments: Vec<SegmentName>,
    pub changes: Vec<Change>,
}

/// Why buyers were scored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Cause {
    /// The daily window.
    Window,
    /// Orders, refunds, cancellations or merges since the window.
    Orders,
}

/// One buyer's standing as it is from now on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Change {
    pub customer: CustomerId,
    /// None where nothing is left that counts: the buyer is a prospect again.
    pub standing: Option<Standing>,
    /// Places in [`RfmUpdated::segments`].
    pub from: u16,
    pub to: u16,
}

/// Scores and the numbers behind them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Standing {
    pub cell: Cell,
    pub purchases: Purchases,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WindowClosed {
    pub day: Day,
    pub definition_version: u32,
    pub method: MethodUsed,
    pub cut_points: CutPoints,
    /// The shop's currency: that of most of its orders. None while there are none.
    pub currency: Option<Currency>,
    /// Buyers in each segment of the mapping.
    pub counts: Vec<(SegmentName, u64)>,
    pub buyers: u64,
    /// Orders were counted through this position of the journal.
    pub orders_through: u64,
    pub at: Timestamp,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MethodUsed {
    ValueBands,
    /// By setting.
    FixedThresholds,
    /// The setting says fifths, and there were too few buyers for them.
    FixedThresholdsForFewBuyers,
}
