//! How a tree is cut into files, as C2SP tlog-tiles tells: 256 hashes each, level 0 of leaves, level 1 of the roots of 256
//! leaves, and so on. A full tile never changes; the last of a level is partial, and named by its width.

use std::{fmt, str::FromStr};

use crate::frontier::Subtree;

/// Levels of the tree that one tile spans.
pub const TILE_HEIGHT: u8 = 8;
/// Hashes of a full tile.
pub const TILE_WIDTH: u16 = 1 << TILE_HEIGHT;
/// More levels than 64 bits of leaves need.
const LEVEL_MAX: u8 = 7;

/// Which hashes a tile holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Tile {
    pub level: u8,
    pub index: u64,
    /// Hashes in it, `1..=256`.
    pub width: u16,
}

/// Text that is no path of a tile.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not the path of a tile: it is like 0/x001/234 or 1/000.p/17")]
pub struct NotATile;

impl Tile {
    /// The subtrees whose hashes stand in it, in their order.
    pub fn subtrees(&self) -> impl Iterator<Item = Subtree> + use<> {
        let (height, first) = (self.level * TILE_HEIGHT, self.index * u64::from(TILE_WIDTH));
        (0..u64::from(self.width)).map(move |place| Subtree { height, index: first + place })
    }

    /// Whether a tree of this size has all of its hashes.
    pub fn is_within(&self, size: u64) -> bool {
        let stored = size >> (self.level * TILE_HEIGHT);
        self.index.checked_mul(u64::from(TILE_WIDTH)).is_some_and(|first| first + u64::from(self.width) <= stored)
    }
}

impl fmt::Display for Tile {
    /// `level/index`, the index in groups of three digits: `0/x001/234`, and `1/000.p/17` where it is partial.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let digits = format!("{}", self.index);
        let padded = format!("{digits:0>width$}", width = digits.len().div_ceil(3) * 3);
        let groups = padded.len() / 3;
        write!(f, "{}", self.level)?;
        for (number, group) in padded.as_bytes().chunks(3).enumerate() {
            let mark = if number + 1 < groups { "x" } else { "" };
            write!(f, "/{mark}{}", String::from_utf8_lossy(group))?;
        }
        if self.width < TILE_WIDTH { write!(f, ".p/{}", self.width) } else { Ok(()) }
    }
}

impl FromStr for Tile {
    type Err = NotATile;

    /// Accepts exactly what `Display` writes.
    fn from_str(path: &str) -> Result<Tile, NotATile> {
        parse(path).filter(|tile| tile.to_string() == path).ok_or(NotATile)
    }
}

fn parse(path: &str) -> Option<Tile> {
    let (level, rest) = path.split_once('/')?;
    let (index, width) = match rest.split_once(".p/") {
        Some((index, width)) => (index, width.parse().ok().filter(|width| (1..TILE_WIDTH).contains(width))?),
        None => (rest, TILE_WIDTH),
    };
    let digits: String = index.split('/').map(|group| group.strip_prefix('x').unwrap_or(group)).collect();
    let level = level.parse().ok().filter(|level| *level <= LEVEL_MAX)?;
    let index = digits.parse().ok().filter(|index| *index <= u64::MAX / u64::from(TILE_WIDTH))?;
    Some(Tile { level, index, width })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_those_of_the_specification() {
        let tile = |level, index, width| Tile { level, index, width };
        for (tile, path) in [
            (tile(0, 0, 256), "0/000"),
            (tile(0, 1_234_067, 256), "0/x001/x234/067"),
            (tile(2, 999, 5), "2/999.p/5"),
            (tile(1, 1_000, 255), "1/x001/000.p/255"),
        ] {
            assert_eq!(tile.to_string(), path);
            assert_eq!(path.parse(), Ok(tile));
        }
    }

    #[test]
    fn a_tile_has_one_spelling() {
        for path in ["", "0", "0/0", "0/0000", "0/x000/000", "0/000.p/0", "0/000.p/256", "00/000", "8/000", "0/00a"] {
            assert_eq!(path.parse::<Tile>(), Err(NotATile), "{path}");
        }
        assert_eq!("0/x999/x999/x999/x999/x999/x999/999".parse::<Tile>(), Err(NotATile), "beyond any tree");
    }

    #[test]
    fn a_tree_has_a_tile_once_all_of_its_hashes_are_final() {
        let level_1 = Tile { level: 1, index: 0, width: 2 };
        assert!(!level_1.is_within(511));
        assert!(level_1.is_within(512));
        assert!(Tile { level: 0, index: 2, width: 3 }.is_within(515));
        assert!(!Tile { level: 0, index: 2, width: 4 }.is_within(515));
    }
}
