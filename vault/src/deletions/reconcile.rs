//! Reading both places side by side, and completing the one that was cut short.

use std::{
    fs::OpenOptions,
    path::{Path, PathBuf},
};

use super::{
    DeletionJournalError, Seen,
    entry::{self, Line},
    lines::{Lines, Next},
    write,
};
use crate::SigningKey;

/// Reads on from what was seen to the end, checks it, and leaves both places alike. The caller has the turn.
pub(super) fn read_on(places: &[PathBuf; 2], key: &SigningKey, seen: &mut Seen) -> Result<(), DeletionJournalError> {
    for path in places {
        has_not_shrunk(path, seen.bytes)?;
    }
    let [first, second] = places;
    let mut lines = [Lines::open(first, seen.bytes)?, Lines::open(second, seen.bytes)?];
    loop {
        let (line, short) = match (lines[0].next()?, lines[1].next()?) {
            (Next::Whole(one), Next::Whole(other)) if one == other => (one, None),
            (Next::Whole(line), Next::End) => (line, Some(1)),
            (Next::End, Next::Whole(line)) => (line, Some(0)),
            (Next::Whole(line), Next::Torn(half)) if line.as_bytes().starts_with(&half) => (line, Some(1)),
            (Next::Torn(half), Next::Whole(line)) if line.as_bytes().starts_with(&half) => (line, Some(0)),
            // Whole in neither place: whoever was writing it was never told that it counts.
            (Next::Torn(_) | Next::End, Next::Torn(_) | Next::End) => return cut(places, seen.bytes),
            _ => return Err(contradiction(places, seen)),
        };
        let begins = seen.bytes;
        accept(&line, if short == Some(0) { second } else { first }, key, seen)?;
        if let Some(short) = short {
            complete(&places[short], &line, begins)?;
            lines[short].end_here();
        }
    }
}

fn contradiction(places: &[PathBuf; 2], seen: &Seen) -> DeletionJournalError {
    DeletionJournalError::Contradiction { places: places.clone(), sequence: next_sequence(seen) }
}

/// The header counts as entry 0.
fn next_sequence(seen: &Seen) -> u64 {
    if seen.bytes == 0 { 0 } else { seen.head.sequence + 1 }
}

fn accept(line: &str, path: &Path, key: &SigningKey, seen: &mut Seen) -> Result<(), DeletionJournalError> {
    let sequence = next_sequence(seen);
    let not_genuine = |fault| DeletionJournalError::NotGenuine { path: path.to_owned(), sequence, fault };
    entry::verified(line, key).ok_or_else(|| not_genuine("its signature is not this installation's"))?;
    if sequence == 0 {
        // Signed by this installation, and with the one hash that the first entry follows on.
        let is_header = entry::hash(line) == seen.head.hash;
        seen.bytes += line.len() as u64 + 1;
        return if is_header { Ok(()) } else { Err(not_genuine("it is not the header")) };
    }
    let read = Line::parse(line, path, sequence)?;
    if read.sequence != sequence || read.previous != seen.head.hash {
        return Err(not_genuine("it does not follow on the entry before"));
    }
    seen.add(&read.entry, line);
    Ok(())
}

/// Gives a place a line that the other one has.
fn complete(path: &Path, line: &str, at: u64) -> Result<(), DeletionJournalError> {
    tracing::warn!(path = %path.display(), "this place of the deletion journal is short of a line; it is completed");
    cut_one(path, at)?;
    write(path, format!("{line}\n").as_bytes()).map_err(DeletionJournalError::io(path))
}

fn cut(places: &[PathBuf; 2], at: u64) -> Result<(), DeletionJournalError> {
    places.iter().try_for_each(|path| cut_one(path, at))
}

/// Takes away what stands after a byte, if anything does.
fn cut_one(path: &Path, at: u64) -> Result<(), DeletionJournalError> {
    let cut = || match OpenOptions::new().write(true).open(path) {
        Ok(file) if file.metadata()?.len() > at => {
            file.set_len(at)?;
            file.sync_all()
        }
        Ok(_) => Ok(()),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(error),
    };
    cut().map_err(DeletionJournalError::io(path))
}

fn has_not_shrunk(path: &Path, seen: u64) -> Result<(), DeletionJournalError> {
    match std::fs::metadata(path) {
        Ok(file) if file.len() >= seen => Ok(()),
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(DeletionJournalError::io(path)(error)),
        Err(_) if seen == 0 => Ok(()),
        _ => Err(DeletionJournalError::Shrunk { path: path.to_owned() }),
    }
}
