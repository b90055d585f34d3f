//! Segments of buyers: how many are where, who moved, how one buyer stands and why.
//!
//! | file | its idea |
//! |---|---|
//! | [`segments`] | buyers in each segment, now and as of any past moment |
//! | [`movement`] | who went from where to where between two days |
//! | [`windows`] | the daily windows with their cut points |
//! | [`customer`], [`reasons`] | one buyer's scores, and what they come from, in words |
//! | [`preview`] | what other settings would do |
//! | [`settings`] | the `rfm` section of the programme's settings |
//! | [`past`] | what callers may say for a past moment |

pub mod customer;
pub mod movement;
pub mod past;
pub mod preview;
mod reasons;
pub mod segments;
pub mod settings;
pub mod windows;

use aggregates::rfm::{Calendar, CutPoints};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{
    auth::Caller,
    problem::{Code, Problem},
};

/// Where the bands of the scores begin and end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = RfmCutPoints)]
pub struct CutPointsDocument {
    /// A last order at most so many days ago scores 5, 4, 3, 2; an older one 1.
    pub recency_days: [u32; 4],
    /// At least so many orders score 2, 3, 4, 5; fewer 1.
    pub orders: [u32; 4],
    /// At least so much scores 2, 3, 4, 5; less 1. Minor units.
    pub spend_minor: [i64; 4],
}

impl From<&CutPoints> for CutPointsDocument {
    fn from(cuts: &CutPoints) -> Self {
        CutPointsDocument { recency_days: cuts.recency_days, orders: cuts.orders, spend_minor: cuts.spend_minor }
    }
}

impl From<CutPointsDocument> for CutPoints {
    fn from(document: CutPointsDocument) -> Self {
        CutPoints { recency_days: document.recency_days, orders: document.orders, spend_minor: document.spend_minor }
    }
}

/// Buyers in one segment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = RfmSegmentCount)]
pub struct SegmentCount {
    pub segment: String,
    pub customers: u64,
}

/// Buyers who went from one segment to another; `prospect` is where nobody has bought anything that counts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = RfmMove)]
pub struct MoveDocument {
    pub from: String,
    pub to: String,
    pub customers: u64,
}

fn segment_counts(counts: impl IntoIterator<Item = (String, u64)>) -> Vec<SegmentCount> {
    counts.into_iter().map(|(segment, customers)| SegmentCount { segment, customers }).collect()
}

/// The shop's calendar by the settings in effect now.
pub(crate) fn calendar(caller: &Caller) -> Result<Calendar, Problem> {
    let version = caller.lease.program.in_effect_at(caller.request.now).ok_or_else(|| Problem::of(Code::Internal))?;
    Calendar::of(&version.settings.rfm.time_zone).map_err(|_| Problem::of(Code::Internal))
}
