//! Which bytes of a commit a leaf is made of. `docs/formats/leaf.md` says the same for those who write a checker of their
//! own; golden bytes in the tests hold both to it.
//!
//! ```text
//! leaf version     1 byte, 1
//! subject          length (2 bytes) · UTF-8
//! index            8 bytes: which commit of its merchant this is, from 0
//! format           1 byte: the first byte of the message
//! events           count (4 bytes), each: length (1 byte) · name (UTF-8) · version (1 byte)
//! message          length (4 bytes) · the bytes of the message
//! ```
//!
//! Numbers are unsigned, the most significant byte first. Positions, headers and the server's times stay out: a history
//! that was imported elsewhere, or regrouped, has the same leaves. What is in twice (the events stand in the message, too)
//! is in so that a checker sees it without reading our encoding.

use crate::hash::Hash;

/// How leaves are made; a change of the bytes is a new number, and trees then say from where on it holds.
const LEAF_VERSION: u8 = 1;

/// A commit as the tree sees it.
#[derive(Debug, Clone, Copy)]
pub struct Leaf<'a> {
    /// Where the commit lives.
    pub subject: &'a str,
    /// Which commit of its merchant it is, from 0.
    pub index: u64,
    /// Names and versions of its events, in their order.
    pub events: &'a [(&'a str, u8)],
    /// The message. Its first byte is the format of commits.
    pub message: &'a [u8],
}

impl Leaf<'_> {
    /// The hash of the leaf.
    pub fn hash(&self) -> Hash {
        Hash::of_leaf(&[&self.head(), self.message])
    }

    /// Everything before the message.
    fn head(&self) -> Vec<u8> {
        let events: usize = self.events.iter().map(|(name, _)| name.len() + 2).sum();
        let mut head = Vec::with_capacity(20 + self.subject.len() + events);
        head.push(LEAF_VERSION);
        let subject = u16::try_from(self.subject.len()).expect("subjects are short words of our own");
        head.extend(subject.to_be_bytes());
        head.extend(self.subject.as_bytes());
        head.extend(self.index.to_be_bytes());
        head.push(self.message.first().copied().unwrap_or_default());
        head.extend(length(self.events.len()));
        for (name, version) in self.events {
            head.push(u8::try_from(name.len()).expect("a name's length stands in one byte of the message"));
            head.extend(name.as_bytes());
            head.push(*version);
        }
        head.extend(length(self.message.len()));
        head
    }
}

fn length(of: usize) -> [u8; 4] {
    u32::try_from(of).expect("a message has half a megabyte at most").to_be_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    const SUBJECT: &str = "ln.21.000000000000000000000000000000aa.points.000000000000000000000000000000bb";

    fn leaf() -> Leaf<'static> {
        Leaf { subject: SUBJECT, index: 7, events: &[("points.adjusted", 1)], message: &[1, 2, 3] }
    }

    #[test]
    fn the_bytes_are_those_that_the_document_states() {
        let expected = [
            vec![1, 0, 78],
            SUBJECT.as_bytes().to_vec(),
            vec![0, 0, 0, 0, 0, 0, 0, 7, 1, 0, 0, 0, 1, 15],
            b"points.adjusted".to_vec(),
            vec![1, 0, 0, 0, 3],
        ]
        .concat();
        assert_eq!(leaf().head(), expected);
    }

    #[test]
    fn the_hash_is_golden() {
        let golden = include_str!("../tests/golden/leaf-1.hex");
        assert_eq!(leaf().hash().to_string(), golden.trim());
    }

    #[test]
    fn every_part_counts() {
        let moved = SUBJECT.replace("bb", "bc");
        let others = [
            Leaf { subject: &moved, ..leaf() },
            Leaf { index: 8, ..leaf() },
            Leaf { events: &[("points.adjusted", 2)], ..leaf() },
            Leaf { events: &[("points.redeemed", 1)], ..leaf() },
            Leaf { message: &[1, 2, 4], ..leaf() },
        ];
        assert!(others.iter().all(|other| other.hash() != leaf().hash()));
    }
}
