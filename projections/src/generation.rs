//! Generations of a read model: several makings of the same tables, one of which is read.
//!
//! The live generation's tables are in the schema `read`, where every reader looks and every migration finds them. Those of
//! any other generation are in a schema of their own, made after the live ones' shape. Writers name their tables without a
//! schema, and their connection says which generation they write ([`writer`]); so the same code fills all of them.
//!
//! | file | its idea |
//! |---|---|
//! | [`writer`] | the connection of whoever feeds a generation, alone |
//! | [`tables`] | making a generation's tables, their indexes, and dropping them |
//! | [`switch`] | another generation is read from now on |
//! | [`fill`] | filling one from the log, beside the live one |
//! | [`pump`] | reading ahead while rows are written |
//! | [`bulk`] | folding in memory and copying in, for those who can |
//! | [`compare`] | whether two generations say the same |

pub mod bulk;
pub mod compare;
pub mod fill;
mod pump;
pub mod switch;
pub(crate) mod tables;
pub(crate) mod writer;

/// Schema of the live generations' tables.
pub const LIVE_SCHEMA: &str = "read";

/// Which making of a read model.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Generation {
    pub number: i32,
    /// It is the one that is read.
    pub live: bool,
    pub stage: Stage,
    /// Its tables have their indexes.
    pub indexed: bool,
}

/// Who feeds a generation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    /// The workers, commit by commit.
    Following,
    /// A rebuild, which may have been interrupted.
    Filling,
    /// A verification. It is dropped when that is over.
    Verifying,
}

impl Generation {
    /// What a read model begins with.
    pub const FIRST: Generation = Generation { number: 1, live: true, stage: Stage::Following, indexed: true };

    /// Where its tables are.
    pub fn schema(&self, projection: &str) -> String {
        if self.live { LIVE_SCHEMA.to_owned() } else { spare_schema(projection, self.number) }
    }

    /// A word for operators.
    pub fn state(&self, paused: bool) -> &'static str {
        match (self.stage, self.live, paused) {
            (Stage::Filling, ..) => "filling",
            (Stage::Verifying, ..) => "verifying",
            (Stage::Following, _, true) => "paused",
            (Stage::Following, true, false) => "live",
            (Stage::Following, false, false) => "spare",
        }
    }
}

/// Where a generation's tables are while it is not read.
pub(crate) fn spare_schema(projection: &str, number: i32) -> String {
    format!("spare_{projection}_{number}")
}

impl Stage {
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Stage::Following => "following",
            Stage::Filling => "filling",
            Stage::Verifying => "verifying",
        }
    }

    /// The table allows no other words.
    pub(crate) fn of(word: &str) -> Stage {
        match word {
            "filling" => Stage::Filling,
            "verifying" => Stage::Verifying,
            _ => Stage::Following,
        }
    }
}
