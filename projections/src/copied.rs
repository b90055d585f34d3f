//! Rows as the database sends copies of them: binary, one after the other, without a description. A million buyers are read
//! this way in a fraction of the time that rows of a query take.

use aggregates::time::Timestamp;
use futures::TryStreamExt;
use sqlx::PgConnection;
use uuid::Uuid;

use crate::{
    copy::{EPOCH_MICROS, FLAGS_AND_EXTENSION, NULL, SIGNATURE},
    projection::ProjectionError,
};

const HEADER_BYTES: usize = SIGNATURE.len() + FLAGS_AND_EXTENSION.len();
const BAD: ProjectionError = ProjectionError::BadRow("a copy");

/// Columns that a copy has at most.
const COLUMNS_MAX: usize = 16;

/// The fields of one row. Each is read as the type that the statement gave it.
pub struct Fields<'a>([Option<&'a [u8]>; COLUMNS_MAX]);

impl<'a> Fields<'a> {
    /// None where it is null.
    pub fn optional(&self, field: usize) -> Option<&'a [u8]> {
        self.0[field]
    }

    pub fn bytes(&self, field: usize) -> Result<&'a [u8], ProjectionError> {
        self.optional(field).ok_or(BAD)
    }

    pub fn text(&self, field: usize) -> Result<&'a str, ProjectionError> {
        std::str::from_utf8(self.bytes(field)?).map_err(|_| BAD)
    }

    pub fn fixed<const BYTES: usize>(&self, field: usize) -> Result<[u8; BYTES], ProjectionError> {
        self.bytes(field)?.try_into().map_err(|_| BAD)
    }

    pub fn bigint(&self, field: usize) -> Result<i64, ProjectionError> {
        self.fixed(field).map(i64::from_be_bytes)
    }

    pub fn smallint(&self, field: usize) -> Result<i16, ProjectionError> {
        self.fixed(field).map(i16::from_be_bytes)
    }

    pub fn boolean(&self, field: usize) -> Result<bool, ProjectionError> {
        self.fixed(field).map(|[byte]| byte != 0)
    }

    pub fn uuid(&self, field: usize) -> Result<Uuid, ProjectionError> {
        self.fixed(field).map(Uuid::from_bytes)
    }

    pub fn timestamp(&self, field: usize) -> Result<Timestamp, ProjectionError> {
        Ok(Timestamp(self.bigint(field)?.saturating_add(EPOCH_MICROS)))
    }

    /// One of the others, where it is not null.
    pub fn unless_null<T>(
        &self,
        field: usize,
        read: impl FnOnce(&Self, usize) -> Result<T, ProjectionError>,
    ) -> Result<Option<T>, ProjectionError> {
        self.optional(field).is_some().then(|| read(self, field)).transpose()
    }
}

/// Reads every row of a query with so many columns. The query takes no parameters: its text must be made of nothing that somebody
/// else has written.
///
/// # Errors
/// [`ProjectionError::Database`]; [`ProjectionError::BadRow`] where the rows are not what was asked for.
pub async fn read(
    connection: &mut PgConnection,
    query: &str,
    columns: usize,
    mut take: impl FnMut(&Fields<'_>) -> Result<(), ProjectionError>,
) -> Result<(), ProjectionError> {
    debug_assert!(columns <= COLUMNS_MAX);
    let statement = format!("copy ({query}) to stdout (format binary)");
    let mut stream = connection.copy_out_raw(&statement).await?;
    let mut copied = Copied::of(columns);
    while let Some(bytes) = stream.try_next().await? {
        copied.feed(&bytes, &mut take)?;
    }
    copied.is_over.then_some(()).ok_or(BAD)
}

/// Bytes that are no whole row yet.
struct Copied {
    columns: usize,
    rest: Vec<u8>,
    has_begun: bool,
    is_over: bool,
}

impl Copied {
    fn of(columns: usize) -> Self {
        Copied { columns, rest: Vec::new(), has_begun: false, is_over: false }
    }

    fn feed(
        &mut self,
        bytes: &[u8],
        take: &mut impl FnMut(&Fields<'_>) -> Result<(), ProjectionError>,
    ) -> Result<(), ProjectionError> {
        // Nearly always the rest is empty and the bytes are one row: then nothing is copied.
        if self.rest.is_empty() {
            let left = self.consume(bytes, take)?;
            self.rest.extend_from_slice(&bytes[left..]);
            return Ok(());
        }
        let mut held = std::mem::take(&mut self.rest);
        held.extend_from_slice(bytes);
        let left = self.consume(&held, take)?;
        held.drain(..left);
        self.rest = held;
        Ok(())
    }

    /// Takes in all whole rows; gives how many bytes they were.
    fn consume(
        &mut self,
        bytes: &[u8],
        take: &mut impl FnMut(&Fields<'_>) -> Result<(), ProjectionError>,
    ) -> Result<usize, ProjectionError> {
        let mut at = 0;
        if !self.has_begun {
            if bytes.len() < HEADER_BYTES {
                return Ok(0);
            }
            if !bytes.starts_with(SIGNATURE) {
                return Err(BAD);
            }
            self.has_begun = true;
            at = HEADER_BYTES;
        }
        let mut fields = Fields([None; COLUMNS_MAX]);
        while !self.is_over {
            match row(self.columns, &bytes[at..], &mut fields)? {
                Next::Row(length) => {
                    take(&fields)?;
                    at += length;
                }
                Next::End => {
                    self.is_over = true;
                    at = bytes.len();
                }
                Next::Incomplete => break,
            }
        }
        Ok(at)
    }
}

enum Next {
    /// So many bytes.
    Row(usize),
    End,
    Incomplete,
}

/// Reads the next row into `fields`, the first so many of them.
fn row<'a>(columns: usize, bytes: &'a [u8], fields: &mut Fields<'a>) -> Result<Next, ProjectionError> {
    let Some((count, _)) = bytes.split_first_chunk() else { return Ok(Next::Incomplete) };
    match i16::from_be_bytes(*count) {
        -1 => return Ok(Next::End),
        sent if usize::try_from(sent) != Ok(columns) => return Err(BAD),
        _ => {}
    }
    let mut at = count.len();
    for field in fields.0.iter_mut().take(columns) {
        let Some((length, rest)) = bytes[at..].split_first_chunk() else { return Ok(Next::Incomplete) };
        at += length.len();
        let length = i32::from_be_bytes(*length);
        if length == NULL {
            *field = None;
            continue;
        }
        let length = usize::try_from(length).map_err(|_| BAD)?;
        let Some(value) = rest.get(..length) else { return Ok(Next::Incomplete) };
        *field = Some(value);
        at += length;
    }
    Ok(Next::Row(at))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn copy(rows: &[(i64, Option<&str>)]) -> Vec<u8> {
        let mut bytes = [&SIGNATURE[..], &[0; 8]].concat();
        for (number, text) in rows {
            let text_bytes = text.map_or(NULL, |text| i32::try_from(text.len()).expect("short"));
            bytes.extend(2_i16.to_be_bytes());
            bytes.extend(8_i32.to_be_bytes());
            bytes.extend(number.to_be_bytes());
            bytes.extend(text_bytes.to_be_bytes());
            bytes.extend(text.unwrap_or_default().as_bytes());
        }
        bytes.extend((-1_i16).to_be_bytes());
        bytes
    }

    fn read_in_pieces(copy: &[u8], piece: usize) -> Result<Vec<(i64, String)>, ProjectionError> {
        let mut rows = Vec::new();
        let mut take = |fields: &Fields<'_>| {
            let text = fields.unless_null(1, Fields::text)?;
            rows.push((fields.bigint(0)?, text.unwrap_or("null").to_owned()));
            Ok(())
        };
        let mut copied = Copied::of(2);
        for piece in copy.chunks(piece) {
            copied.feed(piece, &mut take)?;
        }
        assert!(copied.is_over);
        Ok(rows)
    }

    #[test]
    fn rows_are_the_same_wherever_the_bytes_are_cut() {
        let copy = copy(&[(7, Some("seven")), (-1, Some("")), (0, None), (i64::MAX, Some("much"))]);
        let whole = read_in_pieces(&copy, copy.len()).expect("a copy");
        assert_eq!(
            whole,
            [(7, "seven"), (-1, ""), (0, "null"), (i64::MAX, "much")].map(|(n, text)| (n, text.to_owned()))
        );
        for piece in 1..copy.len() {
            assert_eq!(read_in_pieces(&copy, piece).expect("a copy"), whole, "in pieces of {piece}");
        }
    }

    #[test]
    fn what_is_no_such_copy_is_refused() {
        let take = &mut |_: &Fields<'_>| Ok(());
        assert!(Copied::of(3).feed(&copy(&[(7, Some("seven"))]), take).is_err(), "two columns are not three");
        assert!(Copied::of(2).feed(&[b'x'; 64], take).is_err());
    }
}
