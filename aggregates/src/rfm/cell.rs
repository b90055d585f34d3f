//! Three scores from 1 to 5 are one of 125 cells.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

/// Scores go from 1 to this.
pub const SCORE_MAX: u8 = 5;
/// How many cells there are.
pub const CELLS: usize = 125;

/// The scores of one buyer; prints as three digits, such as `543`: recency, frequency, monetary.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "u8", into = "u8")]
pub struct Cell(u8);

/// Not three scores from 1 to 5.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not three scores from 1 to 5")]
pub struct NotACell;

impl Cell {
    /// Scores outside of 1 to 5 are the nearest inside.
    pub fn of(recency: u8, frequency: u8, monetary: u8) -> Self {
        let [r, f, m] = [recency, frequency, monetary].map(|score| score.clamp(1, SCORE_MAX) - 1);
        Cell(r * 25 + f * 5 + m)
    }

    pub fn all() -> impl Iterator<Item = Cell> {
        (0_u8..).take(CELLS).map(Cell)
    }

    pub const fn recency(self) -> u8 {
        self.0 / 25 + 1
    }

    pub const fn frequency(self) -> u8 {
        self.0 / 5 % 5 + 1
    }

    pub const fn monetary(self) -> u8 {
        self.0 % 5 + 1
    }

    /// Its place among all cells.
    pub const fn index(self) -> usize {
        self.0 as usize
    }
}

impl TryFrom<u8> for Cell {
    type Error = NotACell;

    fn try_from(index: u8) -> Result<Self, NotACell> {
        if usize::from(index) < CELLS { Ok(Cell(index)) } else { Err(NotACell) }
    }
}

impl From<Cell> for u8 {
    fn from(cell: Cell) -> u8 {
        cell.0
    }
}

impl fmt::Display for Cell {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}{}", self.recency(), self.frequency(), self.monetary())
    }
}

impl FromStr for Cell {
    type Err = NotACell;

    fn from_str(text: &str) -> Result<Self, NotACell> {
        match text.as_bytes() {
            [r @ b'1'..=b'5', f @ b'1'..=b'5', m @ b'1'..=b'5'] => Ok(Cell::of(r - b'0', f - b'0', m - b'0')),
            _ => Err(NotACell),
        }
    }
}
