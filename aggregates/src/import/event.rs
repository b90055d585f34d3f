//! What can have happened to an import.

use std::ops::AddAssign;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::Rejection;
use crate::{event::events, id::ImportId, time::Timestamp};

events! {
    /// What happened to an import.
    ImportEvent {
        /// A file is here in full, and its rows can be taken.
        Opened(ImportOpened) = "import.opened" v 1;
        /// The rows of one piece are done.
        PieceTaken(PieceTaken) = "import.piece_taken" v 1;
        Finished(ImportFinished) = "import.finished" v 1;
        /// Its file is gone before all of it was carried out: it waited for longer than a file may be kept.
        Abandoned(ImportFinished) = "import.abandoned" v 1;
    }
}

/// Whose export a file is: what its columns are called and what they mean.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Source {
    Own,
    Smile,
    Loyaltylion,
    Yotpo,
}

impl Source {
    pub const ALL: [Source; 4] = [Source::Own, Source::Smile, Source::Loyaltylion, Source::Yotpo];

    pub const fn as_str(self) -> &'static str {
        match self {
            Source::Own => "own",
            Source::Smile => "smile",
            Source::Loyaltylion => "loyaltylion",
            Source::Yotpo => "yotpo",
        }
    }

    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|source| source.as_str() == word)
    }
}

/// What becomes of a row about somebody who was a customer before the import.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Existing {
    /// Their lots are added to what they have; their profile stays what the shop says.
    Update,
    /// The row is turned away.
    Reject,
}

impl Existing {
    pub const fn as_str(self) -> &'static str {
        match self {
            Existing::Update => "update",
            Existing::Reject => "reject",
        }
    }

    pub fn parse(word: &str) -> Option<Self> {
        [Existing::Update, Existing::Reject].into_iter().find(|policy| policy.as_str() == word)
    }
}

/// Which number comes first in `03/04/2026`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum DateOrder {
    /// Nobody has said: only dates that can be read in one way are read.
    #[default]
    Unknown,
    DayFirst,
    MonthFirst,
}

impl DateOrder {
    /// `dmy` or `mdy`.
    pub fn parse(word: &str) -> Option<Self> {
        match word {
            "dmy" => Some(DateOrder::DayFirst),
            "mdy" => Some(DateOrder::MonthFirst),
            _ => None,
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ImportOpened {
    pub import: ImportId,
    /// The key in the vault that opens the pieces, and their address.
    pub upload: Uuid,
    pub source: Source,
    /// Everything is judged, nothing is written about anybody.
    pub dry_run: bool,
    pub existing: Existing,
    pub date_order: DateOrder,
    /// Keyed hash of the file and of how it is to be read: the same file again, dry or not, is the same import.
    pub content: [u8; 16],
    pub rows: u64,
    pub pieces: u32,
    pub at: Timestamp,
}

/// What became of rows. Each row is in exactly one of the first four.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counts {
    /// Somebody new.
    pub created: u64,
    /// Somebody known has more than before.
    pub updated: u64,
    /// All of it was here already.
    pub unchanged: u64,
    pub rejected: u64,
    pub lots: u64,
    /// Net of what is owed.
    pub points: i64,
}

impl Counts {
    pub const fn rows(&self) -> u64 {
        self.created + self.updated + self.unchanged + self.rejected
    }
}

impl AddAssign for Counts {
    fn add_assign(&mut self, more: Counts) {
        self.created += more.created;
        self.updated += more.updated;
        self.unchanged += more.unchanged;
        self.rejected += more.rejected;
        self.lots += more.lots;
        self.points = self.points.saturating_add(more.points);
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PieceTaken {
    pub import: ImportId,
    /// From 0.
    pub piece: u32,
    pub counts: Counts,
    /// In the order of the file. They repeat nothing of what a row says.
    pub rejections: Vec<Rejection>,
    pub at: Timestamp,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ImportFinished {
    pub import: ImportId,
    pub at: Timestamp,
}
