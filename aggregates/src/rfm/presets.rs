//! The mappings that need not be written down by whoever uses them. A test holds each against all 125 cells.

use super::{cell::Cell, mapping::SegmentName};

type Listed = Vec<(SegmentName, Vec<Cell>)>;

/// Cells as recency, frequency, monetary.
const ELEVEN: [(&str, &str); 11] = [
    ("champions", "555 554 544 545 454 455 445"),
    ("loyal", "543 444 435 355 354 345 344 335"),
    (
        "potential_loyalist",
        "553 551 552 541 542 533 532 531 452 451 442 441 431 453 433 432 423 353 352 351 342 341 333 323",
    ),
    ("new", "512 511 422 421 412 411 311"),
    ("promising", "525 524 523 522 521 515 514 513 425 424 413 414 415 315 314 313"),
    ("need_attention", "535 534 443 434 343 334 325 324"),
    ("about_to_sleep", "331 321 312 221 213 231 241 251"),
    ("at_risk", "255 254 245 244 253 252 243 242 235 234 225 224 153 152 145 143 142 135 134 133 125 124"),
    ("cannot_lose_them", "155 154 144 214 215 115 114 113"),
    ("hibernating", "332 322 233 232 223 222 132 123 122 212 211"),
    ("lost", "111 112 121 131 141 151"),
];

pub fn eleven_segments() -> Listed {
    let cells = |list: &str| list.split(' ').filter_map(|cell| cell.parse().ok()).collect();
    ELEVEN.iter().map(|(name, list)| (SegmentName::known(name), cells(list))).collect()
}

const RF_GRID: [&str; 10] = [
    "champions",
    "loyal",
    "potential_loyalist",
    "new",
    "promising",
    "need_attention",
    "about_to_sleep",
    "at_risk",
    "cannot_lose_them",
    "hibernating",
];

pub fn rf_grid() -> Listed {
    listed(&RF_GRID, |cell| match (cell.recency(), cell.frequency()) {
        (..=2, ..=2) => "hibernating",
        (..=2, 3 | 4) => "at_risk",
        (..=2, _) => "cannot_lose_them",
        (3, ..=2) => "about_to_sleep",
        (3, 3) => "need_attention",
        (3, _) | (4, 4..) => "loyal",
        (4, 1) => "promising",
        (5, 1) => "new",
        (_, 2 | 3) => "potential_loyalist",
        (_, _) => "champions",
    })
}

const SHOPIFY_NAMED: [&str; 10] = [
    "champions",
    "loyal",
    "active",
    "new",
    "promising",
    "needs_attention",
    "almost_lost",
    "at_risk",
    "previously_loyal",
    "dormant",
];

/// Twice the mean of frequency and monetary score from which it is strong, and from which it is middling.
const STRONG: u8 = 8;
const MIDDLING: u8 = 5;

pub fn shopify_named() -> Listed {
    listed(&SHOPIFY_NAMED, |cell| match (cell.recency(), cell.frequency() + cell.monetary()) {
        (5, STRONG..) => "champions",
        (3 | 4, STRONG..) => "loyal",
        (_, STRONG..) => "previously_loyal",
        (4 | 5, MIDDLING..) => "active",
        (3, MIDDLING..) => "needs_attention",
        (_, MIDDLING..) => "at_risk",
        (5, _) => "new",
        (4, _) => "promising",
        (3, _) => "almost_lost",
        (_, _) => "dormant",
    })
}

fn listed(names: &[&str], segment_of: impl Fn(Cell) -> &'static str) -> Listed {
    let cells = |name: &str| Cell::all().filter(|cell| segment_of(*cell) == name).collect();
    names.iter().map(|name| (SegmentName::known(name), cells(name))).collect()
}
