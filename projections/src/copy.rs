//! Rows as the database takes copies of them in: binary, one after the other. Fields come in the order of the statement's
//! columns, and nobody checks that but the database.

use aggregates::time::Timestamp;
use sqlx::PgConnection;
use uuid::Uuid;

use crate::sql::{bigint, timestamptz};

/// What a copy begins with.
pub(crate) const SIGNATURE: &[u8; 11] = b"PGCOPY\n\xff\r\n\0";
/// After the signature: flags, and the length of an extension. There are none.
pub(crate) const FLAGS_AND_EXTENSION: [u8; 8] = [0; 8];
/// In the place of a row's number of fields: there are no more rows.
const END: [u8; 2] = (-1_i16).to_be_bytes();
/// In the place of a field's length: it is null.
pub(crate) const NULL: i32 = -1;
/// 2000-01-01, from which the database counts microseconds.
pub(crate) const EPOCH_MICROS: i64 = 946_684_800_000_000;
/// Bytes handed over at once.
const CHUNK_BYTES: usize = 1 << 20;

/// Rows on their way into a table.
pub(crate) struct Copy {
    bytes: Vec<u8>,
    rows: usize,
}

impl Default for Copy {
    fn default() -> Self {
        Copy { bytes: [&SIGNATURE[..], &FLAGS_AND_EXTENSION].concat(), rows: 0 }
    }
}

impl Copy {
    /// Begins a row of so many fields, which are to follow.
    pub fn row(&mut self, fields: i16) -> &mut Self {
        self.rows += 1;
        self.bytes.extend_from_slice(&fields.to_be_bytes());
        self
    }

    pub fn bytes(&mut self, bytes: &[u8]) -> &mut Self {
        let length = i32::try_from(bytes.len()).expect("no field comes near two gigabytes: commits are bounded");
        self.bytes.extend_from_slice(&length.to_be_bytes());
        self.bytes.extend_from_slice(bytes);
        self
    }

    pub fn uuid(&mut self, uuid: Uuid) -> &mut Self {
        self.bytes(uuid.as_bytes())
    }

    pub fn text(&mut self, text: &str) -> &mut Self {
        self.bytes(text.as_bytes())
    }

    pub fn bigint(&mut self, number: i64) -> &mut Self {
        self.bytes(&number.to_be_bytes())
    }

    pub fn position(&mut self, position: u64) -> &mut Self {
        self.bigint(bigint(position))
    }

    pub fn smallint(&mut self, number: i16) -> &mut Self {
        self.bytes(&number.to_be_bytes())
    }

    pub fn timestamp(&mut self, at: Timestamp) -> &mut Self {
        self.bigint(timestamptz(at).timestamp_micros().saturating_sub(EPOCH_MICROS))
    }

    /// A field that may be null.
    pub fn maybe<T>(&mut self, value: Option<T>, write: impl FnOnce(&mut Self, T) -> &mut Self) -> &mut Self {
        match value {
            Some(value) => write(self, value),
            None => {
                self.bytes.extend_from_slice(&NULL.to_be_bytes());
                self
            }
        }
    }

    /// What it weighs in memory.
    pub fn weight(&self) -> usize {
        self.bytes.len()
    }

    /// Sends the rows into a table's columns, and begins anew.
    pub async fn send(&mut self, db: &mut PgConnection, table_and_columns: &str) -> Result<(), sqlx::Error> {
        let Copy { mut bytes, rows } = std::mem::take(self);
        if rows == 0 {
            return Ok(());
        }
        bytes.extend_from_slice(&END);
        let statement = format!("copy {table_and_columns} from stdin (format binary)");
        let mut copy = db.copy_in_raw(&statement).await?;
        for chunk in bytes.chunks(CHUNK_BYTES) {
            copy.send(chunk).await?;
        }
        copy.finish().await.map(drop)
    }
}
