//! The file of an export: CloudEvents 1.0 in JSON, one to a line. `docs/formats/export.md` tells the same to those who
//! write a reader of their own.
//!
//! The first line says what the file is, then come keys if any were asked for, each further line is a commit, the last says what all of it comes to. A file
//! without its last line is not complete.

use std::{
    fs::File,
    io::{BufRead, BufReader, Read},
    path::Path,
};

use aggregates::id::MerchantId;
use anyhow::{Context, bail};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// The newest format; a change of meaning is a new number.
pub const FORMAT: u32 = 1;
/// The longest line that is read: twice what the largest commit takes in base 64.
const LINE_BYTES_MAX: u64 = 2 * 1024 * 1024;
/// What a commit's data is.
pub const COMMIT_CONTENT: &str = "application/vnd.loyalnest.commit";
/// What the data of the other lines is.
pub const JSON_CONTENT: &str = "application/json";
/// What a parcel's data is.
pub const PARCEL_CONTENT: &str = "application/vnd.loyalnest.parcel";
/// Of CloudEvents.
pub const SPECVERSION: &str = "1.0";

/// A line of the file.
#[derive(Debug, Serialize, Deserialize)]
#[serde(tag = "type")]
pub enum Line {
    #[serde(rename = "loyalnest.export.begin.v1")]
    Begin(Box<Document<Begin>>),
    /// Only between the first line and the first commit.
    #[serde(rename = "loyalnest.keys.v1")]
    Keys(Box<ParcelLine>),
    #[serde(rename = "loyalnest.commit.v1")]
    Commit(Box<CommitLine>),
    #[serde(rename = "loyalnest.export.end.v1")]
    End(Box<Document<End>>),
}

/// A line that is not a commit.
#[derive(Debug, Serialize, Deserialize)]
pub struct Document<T> {
    pub specversion: String,
    pub id: Uuid,
    /// Which log it comes from: the name of its top log.
    pub source: String,
    /// RFC 3339.
    pub time: String,
    pub datacontenttype: String,
    pub data: T,
}

#[derive(Debug, Serialize, Deserialize)]
pub struct Begin {
    pub format: u32,
    /// Whose history; the nil id is the installation's own.
    pub merchants: Vec<Uuid>,
    /// Which epoch of the log.
    pub epoch: u32,
    /// What checkpoints are checked with. Whoever wants to be certain has it from elsewhere.
    pub key: String,
    /// Whether keys are in the file, closed for one recipient.
    pub keys_included: bool,
}

/// Keys of a merchant and its people, which only their recipient opens.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ParcelLine {
    pub specversion: String,
    pub id: Uuid,
    pub source: String,
    pub time: String,
    pub datacontenttype: String,
    pub merchant: Uuid,
    /// Which of the merchant's parcels, from 0; text like all numbers.
    pub number: String,
    /// The encapsulated key, then the ciphertext.
    pub data_base64: String,
}

/// A commit. Numbers are text, because CloudEvents know none above 2^31.
#[derive(Debug, Serialize, Deserialize)]
pub struct CommitLine {
    pub specversion: String,
    /// The commit's own id.
    pub id: Uuid,
    pub source: String,
    /// Where it lives in the journal.
    pub subject: String,
    /// When it was decided, RFC 3339.
    pub time: String,
    pub datacontenttype: String,
    /// Where it stood in the journal that it comes from.
    pub position: String,
    /// Which commit of its merchant it is, from 0.
    pub leafindex: String,
    /// The hash of its leaf, in hex digits.
    pub leafhash: String,
    /// Its events, as `name/version`, with commas between them.
    pub events: String,
    /// The message.
    pub data_base64: String,
}

/// What all commits of the file come to.
#[derive(Debug, Serialize, Deserialize)]
pub struct End {
    pub commits: u64,
    pub trees: Vec<TreeEnd>,
    /// The newest signed checkpoint of the top log; none of an empty log.
    pub checkpoint: Option<String>,
    /// None where no keys are in the file.
    pub keys: Option<KeysEnd>,
}

/// What all parcels of the file come to.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct KeysEnd {
    pub parcels: u64,
    /// Their number and hash, signed by the installation that packed them.
    pub note: String,
}

/// One merchant's tree at the end of the file.
#[derive(Debug, Serialize, Deserialize)]
pub struct TreeEnd {
    pub merchant: Uuid,
    pub size: u64,
    /// Hex digits.
    pub root: String,
    /// The signed checkpoint of just this size.
    pub checkpoint: String,
    /// Which leaf of the top log that is, and the proof of it: hashes in hex digits.
    pub entry: u64,
    pub inclusion: Vec<String>,
}

/// Reads a file line by line.
pub struct Lines {
    file: BufReader<File>,
    /// Of the line that was read last, from 1.
    pub number: u64,
}

impl Lines {
    pub fn open(path: &Path) -> anyhow::Result<Lines> {
        let file = File::open(path).with_context(|| format!("cannot read {}", path.display()))?;
        Ok(Lines { file: BufReader::with_capacity(1024 * 1024, file), number: 0 })
    }

    /// The first line, if this version understands the file.
    pub fn begin(&mut self) -> anyhow::Result<Document<Begin>> {
        match self.next_line()? {
            Some(Ok(Line::Begin(begin))) if begin.data.format == FORMAT => Ok(*begin),
            Some(Ok(Line::Begin(begin))) => bail!("format {} of exports is not known here", begin.data.format),
            _ => bail!("the file is no export"),
        }
    }

    /// The next line; the inner error says why it cannot be understood. None at the end of the file.
    pub fn next_line(&mut self) -> anyhow::Result<Option<Result<Line, String>>> {
        let mut text = Vec::new();
        self.file.by_ref().take(LINE_BYTES_MAX).read_until(b'\n', &mut text)?;
        if text.is_empty() {
            return Ok(None);
        }
        self.number += 1;
        if text.last() != Some(&b'\n') {
            return Ok(Some(Err("the line is cut short, or too long".to_owned())));
        }
        Ok(Some(serde_json::from_slice(&text).map_err(|error| format!("not a line of an export: {error}"))))
    }
}

/// How merchants are told to people: the installation's own commits belong to none.
pub fn merchant_of(tree: Uuid) -> Option<MerchantId> {
    (!tree.is_nil()).then_some(MerchantId(tree))
}
