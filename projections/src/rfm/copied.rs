//! Rows as the database sends copies of them: binary, one after the other, without a description. A million buyers are read
//! this way in a fraction of the time that rows of a query take.

use futures::TryStreamExt;
use sqlx::PgConnection;

use crate::projection::ProjectionError;

/// What a copy begins with.
const SIGNATURE: &[u8; 11] = b"PGCOPY\n\xff\r\n\0";
/// Flags, and the length of an extension that is always empty.
const HEADER_BYTES: usize = SIGNATURE.len() + 8;
const BAD: ProjectionError = ProjectionError::BadRow("a copy");

/// The fields of one row.
pub struct Fields<'a, const N: usize>([&'a [u8]; N]);

impl<const N: usize> Fields<'_, N> {
    pub fn bytes(&self, field: usize) -> &[u8] {
        self.0[field]
    }

    pub fn fixed<const BYTES: usize>(&self, field: usize) -> Result<[u8; BYTES], ProjectionError> {
        self.0[field].try_into().map_err(|_| BAD)
    }

    pub fn bigint(&self, field: usize) -> Result<i64, ProjectionError> {
        self.fixed(field).map(i64::from_be_bytes)
    }
}

/// Reads every row of a copy with `N` columns, none of which is null.
///
/// # Errors
/// [`ProjectionError::Database`]; [`ProjectionError::BadRow`] where the rows are not what was asked for.
pub async fn read<const N: usize>(
    connection: &mut PgConnection,
    statement: &str,
    mut take: impl FnMut(Fields<'_, N>) -> Result<(), ProjectionError>,
) -> Result<(), ProjectionError> {
    let mut stream = connection.copy_out_raw(statement).await?;
    let mut copied = Copied::default();
    while let Some(bytes) = stream.try_next().await? {
        copied.feed(&bytes, &mut take)?;
    }
    copied.is_over.then_some(()).ok_or(BAD)
}

/// Bytes that are no whole row yet.
#[derive(Default)]
struct Copied {
    rest: Vec<u8>,
    has_begun: bool,
    is_over: bool,
}

impl Copied {
    fn feed<const N: usize>(
        &mut self,
        bytes: &[u8],
        take: &mut impl FnMut(Fields<'_, N>) -> Result<(), ProjectionError>,
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
    fn consume<const N: usize>(
        &mut self,
        bytes: &[u8],
        take: &mut impl FnMut(Fields<'_, N>) -> Result<(), ProjectionError>,
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
        while !self.is_over {
            match row::<N>(&bytes[at..])? {
                Next::Row(fields, length) => {
                    take(fields)?;
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

enum Next<'a, const N: usize> {
    Row(Fields<'a, N>, usize),
    End,
    Incomplete,
}

fn row<const N: usize>(bytes: &[u8]) -> Result<Next<'_, N>, ProjectionError> {
    let Some((count, _)) = bytes.split_first_chunk() else { return Ok(Next::Incomplete) };
    match i16::from_be_bytes(*count) {
        -1 => return Ok(Next::End),
        columns if usize::try_from(columns) != Ok(N) => return Err(BAD),
        _ => {}
    }
    let mut at = count.len();
    let mut fields = [&bytes[..0]; N];
    for field in &mut fields {
        let Some((length, rest)) = bytes[at..].split_first_chunk() else { return Ok(Next::Incomplete) };
        let bytes_of_it = usize::try_from(i32::from_be_bytes(*length)).map_err(|_| BAD)?;
        let Some(value) = rest.get(..bytes_of_it) else { return Ok(Next::Incomplete) };
        *field = value;
        at += length.len() + bytes_of_it;
    }
    Ok(Next::Row(Fields(fields), at))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn copy(rows: &[(i64, &str)]) -> Vec<u8> {
        let mut bytes = [&SIGNATURE[..], &[0; 8]].concat();
        for (number, text) in rows {
            let text_bytes = i32::try_from(text.len()).expect("short");
            bytes.extend(2_i16.to_be_bytes());
            bytes.extend(8_i32.to_be_bytes());
            bytes.extend(number.to_be_bytes());
            bytes.extend(text_bytes.to_be_bytes());
            bytes.extend(text.as_bytes());
        }
        bytes.extend((-1_i16).to_be_bytes());
        bytes
    }

    fn read_in_pieces(copy: &[u8], piece: usize) -> Result<Vec<(i64, String)>, ProjectionError> {
        let mut rows = Vec::new();
        let mut take = |fields: Fields<'_, 2>| {
            rows.push((fields.bigint(0)?, String::from_utf8_lossy(fields.bytes(1)).into_owned()));
            Ok(())
        };
        let mut copied = Copied::default();
        for piece in copy.chunks(piece) {
            copied.feed(piece, &mut take)?;
        }
        assert!(copied.is_over);
        Ok(rows)
    }

    #[test]
    fn rows_are_the_same_wherever_the_bytes_are_cut() {
        let copy = copy(&[(7, "seven"), (-1, ""), (i64::MAX, "much")]);
        let whole = read_in_pieces(&copy, copy.len()).expect("a copy");
        assert_eq!(whole, [(7, "seven".to_owned()), (-1, String::new()), (i64::MAX, "much".to_owned())]);
        for piece in 1..copy.len() {
            assert_eq!(read_in_pieces(&copy, piece).expect("a copy"), whole, "in pieces of {piece}");
        }
    }

    #[test]
    fn what_is_no_such_copy_is_refused() {
        let take = &mut |_: Fields<'_, 3>| Ok(());
        assert!(Copied::default().feed(&copy(&[(7, "seven")]), take).is_err(), "two columns are not three");
        assert!(Copied::default().feed(&[b'x'; 64], take).is_err());
    }
}
