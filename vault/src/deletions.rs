//! The deletion journal: what was erased, written down where no restore of a database or of a log reaches it.
//!
//! An entry is the point of no return of an erasure. A database or a log that was copied before it, and is restored after it,
//! does not know of it; the journal does, and what it says is carried out again before anybody is served. So it is kept in two
//! places, each entry is on disk in both before it counts, each names the hash of the one before, and all are signed with a key
//! of the installation. It holds ids and nothing else.
//!
//! ```text
//! {"deletion_journal":1}⇥signature
//! {"sequence":1,"request":"gdr_…","merchant":"mer_…","person":"cus_…","keys":["bucket … generation 1"],
//!  "at":"2026-11-22T16:00:00Z","previous":"SHA-256 of the line before"}⇥signature
//! ```
//!
//! One entry is one line. A kill between the two places leaves the second one short, or with half a line: it is completed
//! from the first. Two places that say different things are refused: nobody here can tell which of them is right.

mod entry;
mod error;
mod lines;
mod reapply;
mod reconcile;

use std::{
    collections::HashMap,
    fs::{File, OpenOptions},
    io::Write,
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
};

use aggregates::id::GdprRequestId;

use crate::{InstallationKeys, SigningKey, turn};

pub use entry::{DeletionEntry, DeletionSubject, RecordedDeletion};
pub use error::DeletionJournalError;
pub use reapply::CarriedOut;

use entry::{Line, header_line};
use lines::{LINE_MOST, Lines};

/// Names the use of the installation's signing key.
const SIGNED_AS: &str = "deletion journal";

/// Entries between two places in the files that are remembered, so that reading from the middle does not begin at the
/// beginning.
const ENTRIES_BETWEEN_MARKS: u64 = 1_000;

/// Where the journal ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DeletionHead {
    /// Of the last entry; 0 if there is none.
    pub sequence: u64,
    /// SHA-256 of the last line.
    pub hash: [u8; 32],
}

/// A handle on both places. Clones share what was read; processes take turns to write.
#[derive(Clone)]
pub struct DeletionJournal {
    inner: Arc<Inner>,
}

struct Inner {
    places: [PathBuf; 2],
    key: SigningKey,
    seen: Mutex<Seen>,
}

/// What has been read and found good.
struct Seen {
    head: DeletionHead,
    /// Bytes up to the end of the last line; the same in both places.
    bytes: u64,
    /// Where in the files entry 1, 1,001, 2,001 … begins.
    marks: Vec<u64>,
    /// Requests that have their entry: one for each subject.
    requests: HashMap<(GdprRequestId, DeletionSubject), u64>,
}

impl DeletionJournal {
    /// Opens the journal in its two places, whose folders exist, and reads all of it. Places that are both empty become a new
    /// journal; whoever knows of a deletion must compare [`DeletionJournal::head`] with that.
    ///
    /// # Errors
    /// See [`DeletionJournalError`]; each names the place, and the entry if there is one.
    pub fn open(places: &[PathBuf; 2], keys: &InstallationKeys) -> Result<Self, DeletionJournalError> {
        let key = keys.signer(SIGNED_AS);
        let _turn = lock(places)?;
        let mut seen = Seen::nothing(&key);
        reconcile::read_on(places, &key, &mut seen)?;
        if seen.bytes == 0 {
            write_both(places, &header_line(&key))?;
            reconcile::read_on(places, &key, &mut seen)?;
        }
        Ok(DeletionJournal { inner: Arc::new(Inner { places: places.clone(), key, seen: Mutex::new(seen) }) })
    }

    /// Writes entries down, in this order, and gives their sequences. They are on disk in both places when this returns: the
    /// point of no return. A request that has an entry for this subject already gets that one's sequence.
    pub async fn append(&self, entries: Vec<DeletionEntry>) -> Result<Vec<u64>, DeletionJournalError> {
        self.in_background(move |journal| journal.append_now(&entries)).await
    }

    /// Where the journal ends now, whoever wrote last.
    pub async fn head(&self) -> Result<DeletionHead, DeletionJournalError> {
        self.in_background(|journal| journal.up_to_date(|_, seen| Ok(seen.head))).await
    }

    /// The entries after a sequence, at most `most`.
    pub async fn entries_after(
        &self,
        sequence: u64,
        most: usize,
    ) -> Result<Vec<RecordedDeletion>, DeletionJournalError> {
        self.in_background(move |journal| {
            journal.up_to_date(|inner, seen| {
                let Some((marked, begins)) = seen.mark_before(sequence + 1) else { return Ok(Vec::new()) };
                let path = &inner.places[0];
                let mut lines = Lines::open(path, begins)?;
                let mut entries = Vec::new();
                for number in marked.. {
                    if entries.len() == most {
                        break;
                    }
                    let Some(line) = lines.next_whole()? else { break };
                    if number > sequence {
                        entries.push(Line::parse(&line, path, number)?.recorded(&line));
                    }
                }
                Ok(entries)
            })
        })
        .await
    }

    /// Reads both places from their beginning, checks every hash and signature, and gives the head.
    pub async fn verify(&self) -> Result<DeletionHead, DeletionJournalError> {
        self.in_background(|journal| {
            let inner = &journal.inner;
            let _turn = lock(&inner.places)?;
            let mut seen = Seen::nothing(&inner.key);
            reconcile::read_on(&inner.places, &inner.key, &mut seen)?;
            Ok(seen.head)
        })
        .await
    }

    /// The two places, in the order in which they are written.
    pub fn places(&self) -> &[PathBuf; 2] {
        &self.inner.places
    }

    fn append_now(&self, entries: &[DeletionEntry]) -> Result<Vec<u64>, DeletionJournalError> {
        self.up_to_date(|inner, seen| {
            let mut text = String::new();
            let mut sequences = Vec::with_capacity(entries.len());
            // Nothing is remembered as written before it is.
            let (mut hash, mut fresh) = (seen.head.hash, Vec::<(&DeletionEntry, String)>::new());
            let mut given = HashMap::new();
            for entry in entries {
                let name = entry.name();
                let known = seen.requests.get(&name).or_else(|| given.get(&name)).copied();
                let sequence = known.unwrap_or(seen.head.sequence + fresh.len() as u64 + 1);
                if known.is_none() {
                    let line = Line::of(entry, sequence, hash).sign(&inner.key);
                    if line.len() as u64 >= LINE_MOST {
                        return Err(DeletionJournalError::TooLong { request: entry.request });
                    }
                    hash = entry::hash(&line);
                    text.push_str(&line);
                    text.push('\n');
                    fresh.push((entry, line));
                    given.insert(name, sequence);
                }
                sequences.push(sequence);
            }
            if !text.is_empty() {
                write_both(&inner.places, &text)?;
                fresh.iter().for_each(|(entry, line)| seen.add(entry, line));
            }
            Ok(sequences)
        })
    }

    /// Takes the turn, reads what other processes have written since, and goes on from there.
    fn up_to_date<R>(
        &self,
        work: impl FnOnce(&Inner, &mut Seen) -> Result<R, DeletionJournalError>,
    ) -> Result<R, DeletionJournalError> {
        let mut seen = self.inner.seen.lock().unwrap_or_else(PoisonError::into_inner);
        let _turn = lock(&self.inner.places)?;
        reconcile::read_on(&self.inner.places, &self.inner.key, &mut seen)?;
        work(&self.inner, &mut seen)
    }

    /// Runs to its end once begun: an entry is written whole or was never begun.
    async fn in_background<R: Send + 'static>(
        &self,
        work: impl FnOnce(Self) -> Result<R, DeletionJournalError> + Send + 'static,
    ) -> Result<R, DeletionJournalError> {
        let journal = self.clone();
        match tokio::task::spawn_blocking(move || work(journal)).await {
            Ok(outcome) => outcome,
            Err(stopped) => match stopped.try_into_panic() {
                Ok(panic) => std::panic::resume_unwind(panic),
                Err(_) => Err(DeletionJournalError::Stopped),
            },
        }
    }
}

impl Seen {
    /// Before the first byte. The first entry's `previous` is the hash of the header.
    fn nothing(key: &SigningKey) -> Self {
        let header = entry::hash(header_line(key).trim_end());
        let head = DeletionHead { sequence: 0, hash: header };
        Seen { head, bytes: 0, marks: Vec::new(), requests: HashMap::new() }
    }

    /// One more entry, whose line comes next in both places.
    fn add(&mut self, entry: &DeletionEntry, line: &str) {
        if self.head.sequence.is_multiple_of(ENTRIES_BETWEEN_MARKS) {
            self.marks.push(self.bytes);
        }
        self.head = DeletionHead { sequence: self.head.sequence + 1, hash: entry::hash(line) };
        self.requests.insert(entry.name(), self.head.sequence);
        self.bytes += line.len() as u64 + 1;
    }

    /// The last marked entry that is not after this one, and where it begins; `None` if there is no entry that far.
    fn mark_before(&self, sequence: u64) -> Option<(u64, u64)> {
        let mark = (sequence - 1) / ENTRIES_BETWEEN_MARKS;
        let begins = self.marks.get(usize::try_from(mark).ok()?)?;
        Some((mark * ENTRIES_BETWEEN_MARKS + 1, *begins))
    }
}

impl std::fmt::Debug for DeletionJournal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "DeletionJournal({:?})", self.inner.places)
    }
}

/// One process at a time, whichever of the two it names first.
fn lock(places: &[PathBuf; 2]) -> Result<[turn::Turn; 2], DeletionJournalError> {
    let [first, second] = places;
    if first == second {
        return Err(DeletionJournalError::OnePlace { path: first.clone() });
    }
    let (low, high) = if first < second { (first, second) } else { (second, first) };
    let take = |path: &PathBuf| turn::take(path).map_err(DeletionJournalError::io(path));
    Ok([take(low)?, take(high)?])
}

/// Adds text to both places; on disk in the first before the second is touched.
fn write_both(places: &[PathBuf; 2], text: &str) -> Result<(), DeletionJournalError> {
    places.iter().try_for_each(|path| write(path, text.as_bytes()).map_err(DeletionJournalError::io(path)))
}

fn write(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    let mut file = OpenOptions::new().create(true).append(true).mode(turn::PRIVATE).open(path)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    File::open(turn::folder(path))?.sync_all()
}

#[cfg(test)]
mod tests;
