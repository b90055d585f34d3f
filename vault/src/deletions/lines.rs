//! One place, line by line.

use std::{
    fs::File,
    io::{BufRead, BufReader, ErrorKind, Read, Seek, SeekFrom},
    path::{Path, PathBuf},
};

use super::DeletionJournalError;

/// Bytes of a line at most, its end included: an entry that names every bucket of a very large merchant is shorter.
pub(super) const LINE_MOST: u64 = 4 * 1024 * 1024;

/// What comes next in a place.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Next {
    /// A line, without its end.
    Whole(String),
    /// The beginning of a line whose end never reached the disk.
    Torn(Vec<u8>),
    End,
}

pub(super) struct Lines {
    path: PathBuf,
    /// `None` if there is no file: a place that is new, or has been lost.
    file: Option<BufReader<File>>,
}

impl Lines {
    /// From a byte on. A place without a file is empty.
    pub(super) fn open(path: &Path, from: u64) -> Result<Self, DeletionJournalError> {
        let open = || {
            let mut file = match File::open(path) {
                Ok(file) => file,
                Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
                Err(error) => return Err(error),
            };
            file.seek(SeekFrom::Start(from))?;
            Ok(Some(BufReader::new(file)))
        };
        let file = open().map_err(DeletionJournalError::io(path))?;
        Ok(Lines { path: path.to_owned(), file })
    }

    pub(super) fn next(&mut self) -> Result<Next, DeletionJournalError> {
        let Some(file) = &mut self.file else { return Ok(Next::End) };
        let mut bytes = Vec::new();
        file.take(LINE_MOST).read_until(b'\n', &mut bytes).map_err(DeletionJournalError::io(&self.path))?;
        if bytes.is_empty() {
            return Ok(Next::End);
        }
        if bytes.pop_if(|last| *last == b'\n').is_none() {
            return Ok(Next::Torn(bytes));
        }
        // What is not text is no line of ours, and will be found to be none.
        Ok(Next::Whole(String::from_utf8_lossy(&bytes).into_owned()))
    }

    /// Nothing more is read from this place, whatever is written to it.
    pub(super) fn end_here(&mut self) {
        self.file = None;
    }

    pub(super) fn next_whole(&mut self) -> Result<Option<String>, DeletionJournalError> {
        Ok(match self.next()? {
            Next::Whole(line) => Some(line),
            Next::Torn(_) | Next::End => None,
        })
    }
}
