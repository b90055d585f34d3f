//! The decisions: what a daily window records, and what orders between two windows do.
//!
//! Both write only what differs from what is known already. So a window that was cut short is completed by holding it
//! again, and whoever decides on what somebody else has just written finds nothing to do.

use super::{
    calendar::{Calendar, Day, UnknownTimeZone},
    cell::Cell,
    cut_points::{CutPoints, Purchases},
    event::{Cause, Change, MethodUsed, RfmUpdated, Standing, WindowClosed},
    mapping::{Partition, PartitionFault, SegmentName},
    settings::{Method, RfmSettings, SMALL_SHOP_BUYERS},
};
use crate::{id::CustomerId, money::Currency, time::Timestamp};

/// Changes in one event: about 200 KiB, well inside of what a commit may hold.
pub const CHANGES_MAX: usize = 4_000;

/// Names of segments by small numbers. Number 0 is `prospect`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Names(Vec<SegmentName>);

impl Default for Names {
    fn default() -> Self {
        Names(vec![SegmentName::prospect()])
    }
}

impl Names {
    pub const PROSPECT: u16 = 0;

    /// The number of a name, given out when it is first asked for. Names come from mappings, which are bounded, so there
    /// are never as many as numbers.
    pub fn number_of(&mut self, name: &str) -> u16 {
        let place = self.0.iter().position(|known| known.as_str() == name).unwrap_or_else(|| {
            self.0.push(SegmentName::known(name));
            self.0.len() - 1
        });
        u16::try_from(place).unwrap_or(u16::MAX)
    }

    pub fn name_of(&self, number: u16) -> &SegmentName {
        &self.0[usize::from(number)]
    }
}

/// A buyer: what was bought, and what is on record about it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Buyer {
    pub customer: CustomerId,
    /// None where nothing is left that counts.
    pub purchases: Option<Purchases>,
    /// None for a prospect.
    pub before: Option<Before>,
}

/// A standing on record, and the number of its segment's name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Before {
    pub standing: Standing,
    pub segment: u16,
}

/// A definition of segments that was checked.
#[derive(Debug, Clone)]
pub struct Definition {
    /// Version of the programme it stands in.
    pub version: u32,
    pub calendar: Calendar,
    pub partition: Partition,
    method: Method,
    thresholds: CutPoints,
}

/// Settings that cannot stand. Those of a programme were checked when they were saved.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DefinitionError {
    #[error(transparent)]
    TimeZone(#[from] UnknownTimeZone),
    #[error(transparent)]
    Mapping(#[from] PartitionFault),
}

impl Definition {
    /// # Errors
    /// [`DefinitionError`]
    pub fn of(version: u32, settings: &RfmSettings) -> Result<Self, DefinitionError> {
        Ok(Definition {
            version,
            calendar: Calendar::of(&settings.time_zone)?,
            partition: settings.mapping.partition()?,
            method: settings.method,
            thresholds: settings.thresholds.clone(),
        })
    }

    fn cut_points(&self, buyers: &[Buyer], day: Day) -> (MethodUsed, CutPoints) {
        let purchases = || buyers.iter().filter_map(|buyer| buyer.purchases);
        let by_value = || CutPoints::by_value(purchases(), day);
        match self.method {
            Method::FixedThresholds => (MethodUsed::FixedThresholds, self.thresholds.clone()),
            Method::ValueBands if purchases().nth(SMALL_SHOP_BUYERS - 1).is_none() => {
                (MethodUsed::FixedThresholdsForFewBuyers, self.thresholds.clone())
            }
            Method::ValueBands => (MethodUsed::ValueBands, by_value().unwrap_or_else(|| self.thresholds.clone())),
        }
    }
}

/// What a decision says besides who has moved.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reference {
    /// The shop's day on which it is decided.
    pub day: Day,
    pub orders_through: u64,
    pub at: Timestamp,
}

/// What a window records: first who has moved, then that it is closed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Window {
    pub updates: Vec<RfmUpdated>,
    pub closed: WindowClosed,
}

/// Holds the window of a day over all of a shop's buyers.
pub fn hold_window(
    definition: &Definition,
    reference: Reference,
    currency: Option<Currency>,
    buyers: &[Buyer],
    names: Names,
) -> Window {
    let (method, cut_points) = definition.cut_points(buyers, reference.day);
    let mut scoring = Scoring::new(definition, &cut_points, reference.day, names);
    let changes: Vec<Change> = buyers.iter().filter_map(|buyer| scoring.change(buyer)).collect();
    let counted = definition.partition.names().iter().cloned().zip(scoring.counts.iter().copied());
    let counts: Vec<(SegmentName, u64)> = counted.collect();
    let closed = WindowClosed {
        day: reference.day,
        definition_version: definition.version,
        method,
        currency,
        buyers: counts.iter().map(|(_, count)| count).sum(),
        counts,
        orders_through: reference.orders_through,
        at: reference.at,
        cut_points: cut_points.clone(),
    };
    let updates = scoring.names.updates(Cause::Window, definition.version, reference.day, reference, &changes);
    Window { updates, closed }
}

/// Scores some buyers again between two windows, with the cut points of the newest one and as of its day: a buyer's
/// standing is a function of what was bought and of that window, whenever it is computed.
pub fn rescore(
    definition: &Definition,
    newest: &WindowClosed,
    reference: Reference,
    buyers: &[Buyer],
    names: Names,
) -> Vec<RfmUpdated> {
    let mut scoring = Scoring::new(definition, &newest.cut_points, newest.day, names);
    let changes: Vec<Change> = buyers.iter().filter_map(|buyer| scoring.change(buyer)).collect();
    scoring.names.updates(Cause::Orders, definition.version, newest.day, reference, &changes)
}

/// Scores buyers one by one, and counts them.
struct Scoring<'a> {
    partition: &'a Partition,
    cut_points: &'a CutPoints,
    as_of: Day,
    names: Names,
    /// For each segment of the mapping, the number of its name.
    numbers: Vec<u16>,
    /// For each segment of the mapping, its buyers.
    counts: Vec<u64>,
}

impl<'a> Scoring<'a> {
    fn new(definition: &'a Definition, cut_points: &'a CutPoints, as_of: Day, mut names: Names) -> Self {
        let partition = &definition.partition;
        let numbers: Vec<u16> = partition.names().iter().map(|name| names.number_of(name.as_str())).collect();
        Scoring { partition, cut_points, as_of, counts: vec![0; numbers.len()], numbers, names }
    }

    /// What changes for this buyer, if anything does.
    fn change(&mut self, buyer: &Buyer) -> Option<Change> {
        let standing = buyer.purchases.map(|purchases| self.standing(purchases));
        let to = standing.map_or(Names::PROSPECT, |standing| self.count(standing.cell));
        let from = buyer.before.map_or(Names::PROSPECT, |before| before.segment);
        let differs = standing != buyer.before.map(|before| before.standing) || from != to;
        differs.then_some(Change { customer: buyer.customer, standing, from, to })
    }

    fn standing(&self, purchases: Purchases) -> Standing {
        Standing { cell: self.cut_points.cell(purchases, self.as_of), purchases }
    }

    /// The number of the cell's segment, in which there is one buyer more.
    fn count(&mut self, cell: Cell) -> u16 {
        let index = self.partition.index_of(cell);
        self.counts[index] += 1;
        self.numbers[index]
    }
}

impl Names {
    fn updates(
        &self,
        cause: Cause,
        definition_version: u32,
        as_of: Day,
        reference: Reference,
        changes: &[Change],
    ) -> Vec<RfmUpdated> {
        let Reference { day, orders_through, at } = reference;
        let update = |changes: &[Change]| RfmUpdated {
            day,
            as_of,
            cause,
            definition_version,
            orders_through,
            at,
            segments: self.0.clone(),
            changes: changes.to_vec(),
        };
        changes.chunks(CHANGES_MAX).map(update).collect()
    }
}
