//! Looking for many byte strings at once, in everything below a directory.

use std::{
    collections::HashMap,
    fs,
    path::{Path, PathBuf},
};

use super::{canaries::Canary, forms::Form};

/// Bytes at the start of a form by which it is looked up.
const HEAD: usize = 4;

/// Something that must not be where it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    pub place: String,
    pub canary: String,
    pub encoding: &'static str,
}

/// Knows every form of every canary.
pub struct Scanner<'a> {
    needles: Vec<(&'a Canary, Form)>,
    by_head: HashMap<[u8; HEAD], Vec<usize>>,
    /// Whether any head begins with these two bytes: rules out nearly everything at once.
    may_begin: Vec<bool>,
}

impl<'a> Scanner<'a> {
    pub fn new(canaries: &'a [Canary]) -> Self {
        let needles: Vec<_> =
            canaries.iter().flat_map(|canary| canary.forms().into_iter().map(move |form| (canary, form))).collect();
        let mut by_head: HashMap<_, Vec<usize>> = HashMap::new();
        let mut may_begin = vec![false; 1 << 16];
        for (index, (_, form)) in needles.iter().enumerate() {
            let head: [u8; HEAD] = form.bytes[..HEAD].try_into().expect("a form is longer than its head");
            may_begin[usize::from(u16::from_be_bytes([head[0], head[1]]))] = true;
            by_head.entry(head).or_default().push(index);
        }
        Scanner { needles, by_head, may_begin }
    }

    pub fn needles(&self) -> &[(&'a Canary, Form)] {
        &self.needles
    }

    /// Everything that is found in these bytes, each form once.
    pub fn scan(&self, place: &str, bytes: &[u8]) -> Vec<Finding> {
        let mut found = vec![];
        for (at, head) in bytes.windows(HEAD).enumerate() {
            if !self.may_begin[usize::from(head[0]) << 8 | usize::from(head[1])] {
                continue;
            }
            for &needle in self.by_head.get(head).into_iter().flatten() {
                if bytes[at..].starts_with(&self.needles[needle].1.bytes) && !found.contains(&needle) {
                    found.push(needle);
                }
            }
        }
        let finding = |needle: usize| {
            let (canary, form) = &self.needles[needle];
            Finding { place: place.to_owned(), canary: canary.what.to_owned(), encoding: form.encoding }
        };
        found.into_iter().map(finding).collect()
    }

    /// Every file below `directory`, by its contents and by its name.
    pub fn scan_files(&self, directory: &Path) -> Scanned {
        let files = files_below(directory);
        let halves = files.split_at(files.len() / 2);
        std::thread::scope(|scope| {
            let other = scope.spawn(|| self.scan_some(halves.1));
            self.scan_some(halves.0).and(other.join().expect("a scan does not panic"))
        })
    }

    fn scan_some(&self, files: &[PathBuf]) -> Scanned {
        let mut scanned = Scanned::default();
        for file in files {
            // A database throws files away while it runs.
            let Ok(bytes) = fs::read(file) else { continue };
            scanned.files += 1;
            scanned.bytes += bytes.len();
            let place = file.display().to_string();
            scanned.findings.extend(self.scan(&place, &bytes));
            scanned.findings.extend(self.scan("the name of a file", place.as_bytes()));
        }
        scanned
    }
}

/// What was read, and what was found in it.
#[derive(Debug, Default)]
pub struct Scanned {
    pub files: usize,
    pub bytes: usize,
    pub findings: Vec<Finding>,
}

impl Scanned {
    fn and(mut self, other: Scanned) -> Scanned {
        self.files += other.files;
        self.bytes += other.bytes;
        self.findings.extend(other.findings);
        self
    }
}

fn files_below(directory: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in fs::read_dir(directory).into_iter().flatten().flatten() {
        match entry.file_type() {
            Ok(kind) if kind.is_dir() => files.extend(files_below(&entry.path())),
            Ok(kind) if kind.is_file() => files.push(entry.path()),
            _ => {}
        }
    }
    files
}
