//! From cells to segments. A mapping that leaves a cell out, or names it twice, is not accepted: somebody would have no
//! segment, or two.

use std::{collections::BTreeMap, fmt};

use serde::{Deserialize, Serialize};

use super::{
    cell::{CELLS, Cell},
    presets,
};

/// Segments of one mapping. More than there are cells could not all have one.
const SEGMENTS_MAX: usize = CELLS;
/// Longest name, in bytes.
const NAME_BYTES_MAX: usize = 40;
/// Cells that a fault names; more are only counted.
const NAMED_CELLS_MAX: usize = 10;

/// A segment's name in documents and tables: lower-case letters, digits and `_`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct SegmentName(String);

/// Not a name for a segment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a segment's name has from 1 to 40 lower-case letters, digits or `_`, and is not `prospect`")]
pub struct NotASegmentName;

impl SegmentName {
    /// Where everybody is who has bought nothing that counts. In no mapping: they have no scores.
    pub fn prospect() -> Self {
        SegmentName("prospect".to_owned())
    }

    pub fn parse(text: &str) -> Result<Self, NotASegmentName> {
        let fits = (1..=NAME_BYTES_MAX).contains(&text.len())
            && text.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_');
        let name = SegmentName(text.to_owned());
        if fits && name != SegmentName::prospect() { Ok(name) } else { Err(NotASegmentName) }
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// A name that was checked when it was written down.
    pub(super) fn known(text: &str) -> Self {
        SegmentName(text.to_owned())
    }
}

impl fmt::Display for SegmentName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// How a merchant divides the cells. New ones are added at the end.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Mapping {
    /// Eleven segments over all three scores.
    ElevenSegments,
    /// Ten segments over recency and frequency; the monetary score is only shown.
    RfGrid,
    /// Shopify's names over recency and the mean of the two others. The borders are ours: theirs are not public.
    ShopifyNamed,
    Custom(Vec<CustomSegment>),
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CustomSegment {
    pub name: SegmentName,
    pub cells: Vec<Cell>,
}

/// Why a mapping of one's own cannot stand.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PartitionFault {
    #[error("more than {SEGMENTS_MAX} segments")]
    TooMany,
    #[error("two segments are called {0}")]
    SameName(SegmentName),
    #[error("no segment has {}", cells(.0))]
    Uncovered(Vec<Cell>),
    #[error("more than one segment has {}", cells(.0))]
    CoveredTwice(Vec<Cell>),
}

fn cells(cells: &[Cell]) -> String {
    let named: Vec<String> = cells.iter().take(NAMED_CELLS_MAX).map(Cell::to_string).collect();
    let more = cells.len().saturating_sub(NAMED_CELLS_MAX);
    let rest = if more > 0 { format!(" and {more} more") } else { String::new() };
    format!("the cells {}{rest}", named.join(", "))
}

/// A mapping that is known to give every cell exactly one segment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Partition {
    names: Vec<SegmentName>,
    of_cell: [u8; CELLS],
}

impl Partition {
    /// In the order of the mapping.
    pub fn names(&self) -> &[SegmentName] {
        &self.names
    }

    pub fn segment_of(&self, cell: Cell) -> &SegmentName {
        &self.names[self.index_of(cell)]
    }

    pub(super) fn index_of(&self, cell: Cell) -> usize {
        usize::from(self.of_cell[cell.index()])
    }

    fn of(segments: &[(SegmentName, Vec<Cell>)]) -> Result<Self, PartitionFault> {
        if segments.len() > SEGMENTS_MAX {
            return Err(PartitionFault::TooMany);
        }
        let mut owners: BTreeMap<Cell, Vec<u8>> = BTreeMap::new();
        for (index, (name, cells)) in (0_u8..).zip(segments) {
            if segments[..usize::from(index)].iter().any(|(other, _)| other == name) {
                return Err(PartitionFault::SameName(name.clone()));
            }
            cells.iter().for_each(|cell| owners.entry(*cell).or_default().push(index));
        }
        let twice: Vec<Cell> = owners.iter().filter(|(_, of)| of.len() > 1).map(|(cell, _)| *cell).collect();
        if !twice.is_empty() {
            return Err(PartitionFault::CoveredTwice(twice));
        }
        let uncovered: Vec<Cell> = Cell::all().filter(|cell| !owners.contains_key(cell)).collect();
        if !uncovered.is_empty() {
            return Err(PartitionFault::Uncovered(uncovered));
        }
        let mut of_cell = [0; CELLS];
        owners.iter().for_each(|(cell, of)| of_cell[cell.index()] = of[0]);
        Ok(Partition { names: segments.iter().map(|(name, _)| name.clone()).collect(), of_cell })
    }
}

impl Mapping {
    /// # Errors
    /// Only for a mapping of one's own: [`PartitionFault`] names the cells.
    pub fn partition(&self) -> Result<Partition, PartitionFault> {
        match self {
            Mapping::ElevenSegments => Partition::of(&presets::eleven_segments()),
            Mapping::RfGrid => Partition::of(&presets::rf_grid()),
            Mapping::ShopifyNamed => Partition::of(&presets::shopify_named()),
            Mapping::Custom(segments) => {
                let listed = segments.iter().map(|segment| (segment.name.clone(), segment.cells.clone()));
                Partition::of(&listed.collect::<Vec<_>>())
            }
        }
    }
}
