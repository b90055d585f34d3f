//! The `rfm` section of the programme's settings, as read and as written.

use aggregates::rfm::{Cell, CustomSegment, Mapping, Method, RfmSettings, SegmentName, TimeZoneName};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::CutPointsDocument;
use crate::problem::Problem;

/// Segments in a mapping of one's own, and patterns in one segment.
const LISTED_MAX: usize = 125;

/// How segments are made. In a write, a part that is left out stays as it was.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = RfmSettings)]
pub struct RfmDocument {
    /// The shop's, such as `Europe/Berlin`: its window is held at one in the morning.
    #[serde(default)]
    pub time_zone: Option<String>,
    /// `value_bands` (fifths of the shop's own buyers) or `fixed_thresholds`.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    pub method: Option<Method>,
    /// For `fixed_thresholds`, and for shops with fewer than 50 buyers.
    #[serde(default)]
    pub thresholds: Option<CutPointsDocument>,
    #[serde(default)]
    pub mapping: Option<MappingDocument>,
}

/// The name of a mapping, or one's own.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(untagged)]
#[schema(as = RfmMapping)]
pub enum MappingDocument {
    Named(NamedMapping),
    Own(OwnMapping),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = RfmNamedMapping)]
pub enum NamedMapping {
    ElevenSegments,
    RfGrid,
    ShopifyNamed,
}

/// Every one of the 125 cells has to be in exactly one segment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = RfmOwnMapping)]
pub struct OwnMapping {
    pub segments: Vec<OwnSegment>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = RfmOwnSegment)]
pub struct OwnSegment {
    pub name: String,
    /// Three digits from 1 to 5 each: recency, frequency, monetary. `*` stands for all of them.
    pub cells: Vec<String>,
}

impl RfmDocument {
    pub fn of(settings: &RfmSettings) -> Self {
        RfmDocument {
            time_zone: Some(settings.time_zone.0.clone()),
            method: Some(settings.method),
            thresholds: Some((&settings.thresholds).into()),
            mapping: Some(MappingDocument::of(&settings.mapping)),
        }
    }

    /// The settings with what is said here in place of what was. `pointer` leads to this section. What they mean together
    /// is checked by [`RfmSettings::validate`].
    pub fn on_top_of(self, current: &RfmSettings, pointer: &str) -> Result<RfmSettings, Problem> {
        let mapping = self.mapping.map(|mapping| mapping.read(pointer)).transpose()?;
        Ok(RfmSettings {
            time_zone: self.time_zone.map_or_else(|| current.time_zone.clone(), TimeZoneName),
            method: self.method.unwrap_or(current.method),
            thresholds: self.thresholds.map_or_else(|| current.thresholds.clone(), Into::into),
            mapping: mapping.unwrap_or_else(|| current.mapping.clone()),
        })
    }
}

impl MappingDocument {
    fn of(mapping: &Mapping) -> Self {
        match mapping {
            Mapping::ElevenSegments => MappingDocument::Named(NamedMapping::ElevenSegments),
            Mapping::RfGrid => MappingDocument::Named(NamedMapping::RfGrid),
            Mapping::ShopifyNamed => MappingDocument::Named(NamedMapping::ShopifyNamed),
            Mapping::Custom(segments) => {
                let own = |segment: &CustomSegment| OwnSegment {
                    name: segment.name.to_string(),
                    cells: segment.cells.iter().map(Cell::to_string).collect(),
                };
                MappingDocument::Own(OwnMapping { segments: segments.iter().map(own).collect() })
            }
        }
    }

    fn read(self, pointer: &str) -> Result<Mapping, Problem> {
        Ok(match self {
            MappingDocument::Named(NamedMapping::ElevenSegments) => Mapping::ElevenSegments,
            MappingDocument::Named(NamedMapping::RfGrid) => Mapping::RfGrid,
            MappingDocument::Named(NamedMapping::ShopifyNamed) => Mapping::ShopifyNamed,
            MappingDocument::Own(own) => Mapping::Custom(own.read(&format!("{pointer}/mapping"))?),
        })
    }
}

impl OwnMapping {
    fn read(self, pointer: &str) -> Result<Vec<CustomSegment>, Problem> {
        if self.segments.len() > LISTED_MAX {
            return Err(Problem::at(format!("{pointer}/segments"), "more than 125 segments"));
        }
        let segment = |(index, segment): (usize, OwnSegment)| segment.read(&format!("{pointer}/segments/{index}"));
        self.segments.into_iter().enumerate().map(segment).collect()
    }
}

impl OwnSegment {
    fn read(self, pointer: &str) -> Result<CustomSegment, Problem> {
        let name = SegmentName::parse(&self.name)
            .map_err(|error| Problem::at(format!("{pointer}/name"), error.to_string()))?;
        if self.cells.len() > LISTED_MAX {
            return Err(Problem::at(format!("{pointer}/cells"), "more than 125 cells"));
        }
        let mut cells = Vec::new();
        for (index, pattern) in self.cells.iter().enumerate() {
            let matching = matching(pattern).ok_or_else(|| {
                Problem::at(format!("{pointer}/cells/{index}"), "is not three digits from 1 to 5, or `*` for any")
            })?;
            cells.extend(matching);
        }
        Ok(CustomSegment { name, cells })
    }
}

/// The cells that a pattern stands for; none if it is not one.
fn matching(pattern: &str) -> Option<Vec<Cell>> {
    let places: [u8; 3] = pattern.as_bytes().try_into().ok()?;
    if !places.iter().all(|place| matches!(place, b'1'..=b'5' | b'*')) {
        return None;
    }
    let fits = |place: u8, score: u8| place == b'*' || place - b'0' == score;
    let matches = |cell: &Cell| {
        fits(places[0], cell.recency()) && fits(places[1], cell.frequency()) && fits(places[2], cell.monetary())
    };
    Some(Cell::all().filter(matches).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_star_stands_for_every_score() {
        assert_eq!(matching("543").map(|cells| cells.len()), Some(1));
        assert_eq!(matching("5**").map(|cells| cells.len()), Some(25));
        assert_eq!(matching("***").map(|cells| cells.len()), Some(125));
        for pattern in ["", "54", "5433", "063", "5?3", "ééé"] {
            assert_eq!(matching(pattern), None, "{pattern}");
        }
    }
}
