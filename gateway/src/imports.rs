//! Files of customers in, rows of the domain out. A file is read as it arrives: bytes to text, text to records, records to
//! the columns of our own schema, whatever they are called over there. What a row means is decided later, one by one, so
//! that a bad one is turned away alone. Nothing here is written anywhere.

mod header;
mod number;
mod old_link;
mod reader;
mod row;
#[cfg(test)]
mod tests;
mod time;

pub use header::{Header, HeaderError};
pub use old_link::{OldLink, is_code_parameter};
pub use reader::{FileError, FileReader, RECORD_BYTES_MAX};
pub use row::{Row, RowLot, Who};

pub use aggregates::import::DateOrder;
use aggregates::import::{Column, RejectionReason};
use serde::{Deserialize, Serialize};

/// A record as the file has it, under our names of its columns. Empty fields are left out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Record {
    /// Line on which it begins; the header is line 1.
    pub line: u64,
    pub fields: Result<Vec<(Column, String)>, RejectionReason>,
}

/// How text was written as bytes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum TextEncoding {
    /// Or UTF-16, if a byte order mark says so.
    #[default]
    Utf8,
    Windows1252,
}

impl TextEncoding {
    pub fn parse(word: &str) -> Option<Self> {
        match word {
            "utf-8" => Some(TextEncoding::Utf8),
            "windows-1252" => Some(TextEncoding::Windows1252),
            _ => None,
        }
    }
}
