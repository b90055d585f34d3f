//! What can be said of the rows of a piece by looking at them alone: which do not fit, which the file has twice, and which
//! are about one customer.

use std::{
    collections::{HashMap, HashSet, hash_map::Entry},
    hash::{BuildHasher, BuildHasherDefault, DefaultHasher, Hash},
};

use aggregates::import::{Column, ImportOpened, Rejection, RejectionReason};

use crate::imports::{Record, Row, Who};

/// Rows of a piece about one customer, in the order of the file. Never empty.
pub(super) type Group = Vec<Row>;

/// A piece, looked at.
pub(super) struct Judged {
    pub groups: Vec<Group>,
    pub rejections: Vec<Rejection>,
}

/// Has seen every row so far: eight bytes for each, and sixteen for each word of an old link, so that a million rows take some
/// megabytes. Two different rows of a file of a million share a hash once in tens of millions of files.
#[derive(Default)]
pub(super) struct Judge {
    rows: HashSet<u64>,
    /// Whose each word is.
    words: HashMap<u64, u64>,
}

impl Judge {
    pub fn look_at(&mut self, records: Vec<Record>, opened: &ImportOpened) -> Judged {
        let mut groups: HashMap<Who, Group> = HashMap::new();
        let mut rejections = Vec::new();
        for record in records {
            match Row::read(record, opened.date_order, opened.at) {
                Err(rejection) => rejections.push(rejection),
                Ok(row) => match self.fault(&row, opened) {
                    Some((column, reason)) => rejections.push(Rejection { line: row.line, column, reason }),
                    None => groups.entry(row.who.clone()).or_default().push(row),
                },
            }
        }
        Judged { groups: groups.into_values().collect(), rejections }
    }

    /// What is wrong with a row beside the rows before it.
    fn fault(&mut self, row: &Row, opened: &ImportOpened) -> Option<(Column, RejectionReason)> {
        if !self.rows.insert(hash(&row.business_key(opened.source))) {
            return Some((Column::Row, RejectionReason::DuplicateRow));
        }
        let word = hash(&row.old_link.as_ref()?.code);
        let whose = hash(&row.who);
        match self.words.entry(word) {
            Entry::Vacant(free) => drop(free.insert(whose)),
            Entry::Occupied(taken) if *taken.get() != whose => {
                return Some((Column::ReferralCode, RejectionReason::Taken));
            }
            Entry::Occupied(_) => {}
        }
        None
    }
}

/// The same in every process: what was judged once is judged so again.
fn hash(value: &impl Hash) -> u64 {
    BuildHasherDefault::<DefaultHasher>::default().hash_one(value)
}
