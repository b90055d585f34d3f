//! What can be said of the rows of a piece by looking at them alone: which do not fit, which the file has twice, and which
//! are about one customer.

use std::{
    collections::{HashMap, HashSet},
    hash::{BuildHasher, BuildHasherDefault, DefaultHasher},
};

use aggregates::import::{Column, ImportOpened, Rejection, RejectionReason};

use crate::imports::{Record, Row, Who};

/// Rows of a piece about one customer, in the order of the file.
pub(super) type Group = Vec<Row>;

/// A piece, looked at.
pub(super) struct Judged {
    pub groups: Vec<Group>,
    pub rejections: Vec<Rejection>,
}

/// `seen` holds a hash of each row so far: eight bytes for each, so that a million rows take some megabytes. Two different rows
/// of a file of a million share one once in tens of millions of files.
pub(super) fn piece(records: Vec<Record>, opened: &ImportOpened, seen: &mut HashSet<u64>) -> Judged {
    let hasher = BuildHasherDefault::<DefaultHasher>::default();
    let mut groups: HashMap<Who, Group> = HashMap::new();
    let mut rejections = Vec::new();
    for record in records {
        match Row::read(record, opened.date_order, opened.at) {
            Err(rejection) => rejections.push(rejection),
            Ok(row) if !seen.insert(hasher.hash_one(row.business_key(opened.source))) => {
                let reason = RejectionReason::DuplicateRow;
                rejections.push(Rejection { line: row.line, column: Column::Row, reason });
            }
            Ok(row) => groups.entry(row.who.clone()).or_default().push(row),
        }
    }
    Judged { groups: groups.into_values().collect(), rejections }
}
