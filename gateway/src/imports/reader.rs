//! A file as it arrives, in pieces of any size: text, then records. Holds one record at a time.

use aggregates::import::{RejectionReason, Source};
use csv_core::{ReadRecordResult, ReaderBuilder};
use encoding_rs::{Decoder, UTF_8, WINDOWS_1252};

use super::{Header, HeaderError, Record, TextEncoding};

/// Largest record. A quote that is never closed makes one of the rest of the file.
pub const RECORD_BYTES_MAX: usize = 64 * 1024;
/// Columns of a file, known or not.
const FIELDS_MAX: usize = 256;
/// What the decoder writes where bytes are no text.
const NOT_TEXT: char = char::REPLACEMENT_CHARACTER;

/// Why nothing of a file can be taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum FileError {
    #[error("line {line}: a record is larger than 64 KiB, or a quote is never closed")]
    RecordTooLarge { line: u64 },
    #[error("the header: {0}")]
    Header(#[from] HeaderError),
    #[error("there is no header")]
    Empty,
}

/// Takes a file in, piece by piece.
pub struct FileReader {
    source: Source,
    decoder: Decoder,
    text: String,
    records: Records,
}

impl FileReader {
    pub fn new(source: Source, encoding: TextEncoding) -> Self {
        let encoding = match encoding {
            TextEncoding::Utf8 => UTF_8,
            TextEncoding::Windows1252 => WINDOWS_1252,
        };
        // A byte order mark is believed before anything else, and is no part of the text.
        FileReader { source, decoder: encoding.new_decoder(), text: String::new(), records: Records::Unseen }
    }

    /// The next bytes. Gives the records that end in them.
    pub fn push(&mut self, bytes: &[u8]) -> Result<Vec<Record>, FileError> {
        self.read(bytes, false)
    }

    /// The file has ended.
    pub fn finish(mut self) -> Result<Vec<Record>, FileError> {
        let records = self.read(&[], true)?;
        match self.records {
            Records::Unseen => Err(FileError::Empty),
            Records::Seen(_) => Ok(records),
        }
    }

    fn read(&mut self, bytes: &[u8], last: bool) -> Result<Vec<Record>, FileError> {
        let room = self.decoder.max_utf8_buffer_length(bytes.len()).unwrap_or(bytes.len());
        self.text.reserve(room);
        let (_, read, _) = self.decoder.decode_to_string(bytes, &mut self.text, last);
        debug_assert_eq!(read, bytes.len(), "there was room for all of it");
        if let Records::Unseen = self.records {
            // The separator is known once the header is here in full.
            let Some(end) = end_of_header(&self.text, last) else {
                let too_large = self.text.len() > RECORD_BYTES_MAX;
                return if too_large { Err(FileError::RecordTooLarge { line: 1 }) } else { Ok(Vec::new()) };
            };
            self.records = Records::Seen(Box::new(Parser::new(separator(&self.text[..end]))));
        }
        let Records::Seen(parser) = &mut self.records else { return Ok(Vec::new()) };
        let text = std::mem::take(&mut self.text);
        parser.parse(self.source, text.as_bytes(), last)
    }
}

enum Records {
    /// The separator is not known yet.
    Unseen,
    Seen(Box<Parser>),
}

/// Where the first line with anything in it ends.
fn end_of_header(text: &str, last: bool) -> Option<usize> {
    let begins = text.find(|letter: char| !letter.is_whitespace())?;
    let ends = text[begins..].find(['\n', '\r']).map(|length| begins + length);
    ends.or(last.then_some(text.len()))
}

/// Whichever of the usual ones the header has most of.
fn separator(header: &str) -> u8 {
    let count = |separator: &u8| header.bytes().filter(|byte| byte == separator).count();
    // The last of equals is taken: a header of one column has none, and commas are the rule.
    [b'\t', b'|', b';', b','].into_iter().max_by_key(count).unwrap_or(b',')
}

struct Parser {
    csv: csv_core::Reader,
    header: Option<Header>,
    text: Vec<u8>,
    text_length: usize,
    ends: Vec<usize>,
    fields: usize,
    /// Lines that have ended so far.
    lines: u64,
    /// Line on which the present record begins; none between two records.
    begins_on: Option<u64>,
}

impl Parser {
    fn new(separator: u8) -> Self {
        Parser {
            csv: ReaderBuilder::new().delimiter(separator).build(),
            header: None,
            text: vec![0; RECORD_BYTES_MAX],
            text_length: 0,
            ends: vec![0; FIELDS_MAX],
            fields: 0,
            lines: 0,
            begins_on: None,
        }
    }

    fn parse(&mut self, source: Source, mut input: &[u8], last: bool) -> Result<Vec<Record>, FileError> {
        let mut records = Vec::new();
        loop {
            if self.begins_on.is_none() {
                input = self.pass_line_ends(input);
                self.begins_on = Some(self.lines + 1).filter(|_| !input.is_empty());
            }
            if input.is_empty() && !last {
                return Ok(records);
            }
            let (result, read, written, ended) =
                self.csv.read_record(input, &mut self.text[self.text_length..], &mut self.ends[self.fields..]);
            self.lines += newlines(&input[..read]);
            input = &input[read..];
            self.text_length += written;
            self.fields += ended;
            match result {
                ReadRecordResult::InputEmpty if last => input = &[],
                ReadRecordResult::InputEmpty => return Ok(records),
                ReadRecordResult::OutputFull | ReadRecordResult::OutputEndsFull => {
                    return Err(FileError::RecordTooLarge { line: self.begins_on.unwrap_or(self.lines) });
                }
                ReadRecordResult::Record => records.extend(self.take(source)?),
                ReadRecordResult::End => return Ok(records),
            }
        }
    }

    /// What stands between two records: a record begins on the line of its first character.
    fn pass_line_ends<'a>(&mut self, input: &'a [u8]) -> &'a [u8] {
        let length = input.iter().take_while(|byte| matches!(byte, b'\r' | b'\n')).count();
        self.lines += newlines(&input[..length]);
        &input[length..]
    }

    /// The record that has just ended; none for the header.
    fn take(&mut self, source: Source) -> Result<Option<Record>, FileError> {
        let line = self.begins_on.take().unwrap_or(self.lines);
        let text = String::from_utf8_lossy(&self.text[..self.text_length]).into_owned();
        let ends = &self.ends[..self.fields];
        let begins = std::iter::once(0).chain(ends.iter().copied());
        let fields: Vec<&str> =
            begins.zip(ends).map(|(begin, end)| text.get(begin..*end).unwrap_or_default()).collect();
        (self.text_length, self.fields) = (0, 0);
        let Some(header) = &self.header else {
            self.header = Some(Header::read(source, fields.into_iter())?);
            return Ok(None);
        };
        if fields.iter().all(|field| field.trim().is_empty()) {
            return Ok(None);
        }
        Ok(Some(Record { line, fields: named(header, &fields) }))
    }
}

fn named(header: &Header, fields: &[&str]) -> Result<Vec<(aggregates::import::Column, String)>, RejectionReason> {
    if fields.len() != header.len() {
        return Err(RejectionReason::WrongNumberOfFields);
    }
    let known = fields.iter().enumerate();
    let known = known.filter_map(|(place, field)| Some((header.column(place)?, unguarded(field.trim()))));
    let known: Vec<_> = known.filter(|(_, field)| !field.is_empty()).collect();
    if known.iter().any(|(_, field)| field.contains([NOT_TEXT, '\0'])) {
        return Err(RejectionReason::NotText);
    }
    Ok(known.into_iter().map(|(column, field)| (column, field.to_owned())).collect())
}

fn newlines(bytes: &[u8]) -> u64 {
    bytes.iter().map(|byte| u64::from(*byte == b'\n')).sum()
}

/// Exports put an apostrophe before what a spreadsheet would take for a formula.
fn unguarded(field: &str) -> &str {
    field.strip_prefix('\'').filter(|text| text.starts_with(['=', '+', '@', '-'])).unwrap_or(field)
}
