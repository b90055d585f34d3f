//! An export, from beginning to end. Needs nothing but the file, and a key that the auditor has from elsewhere.

use std::path::{Path, PathBuf};

use aggregates::id::MerchantId;
use base64::{Engine, engine::general_purpose::STANDARD};
use journal::{Commit, Subject};
use projections::transparency::{Names, TreeId};
use proofs::{Checkpoint, Hash, Leaf, VerifierKey};

use super::{
    super::{
        format::{Begin, CommitLine, End, Line, Lines, ParcelLine, TreeEnd},
        parcels,
    },
    finding::{Fault, Finding, Report},
    given::{self, Given},
    trees::Trees,
};

/// Verifies a file, against the key that is given or else against its own, and against checkpoints that were kept. An error
/// means that it is no export.
pub fn verify(file: &Path, key: Option<&str>, kept: &[PathBuf]) -> anyhow::Result<Report> {
    let mut lines = Lines::open(file)?;
    let begin = lines.begin()?.data;
    let key: VerifierKey = match key {
        Some(key) => key.parse()?,
        None => {
            eprintln!("signatures are checked with the file's own key; --key takes one that you have from elsewhere");
            begin.key.parse()?
        }
    };
    let names = Names::new(key.public, begin.epoch.saturating_sub(1));
    let mut report = Report::default();
    let given = given::read(kept, &names, &mut report)?;
    let mut reading = Reading {
        names,
        begin,
        trees: Trees::default(),
        keys: parcels::Digest::default(),
        position: 0,
        end: None,
        report,
    };
    given.iter().for_each(|given| given.watch(&mut reading.trees));
    while let Some(line) = lines.next_line()? {
        reading.line(line, lines.number);
    }
    Ok(reading.finish(&given))
}

struct Reading {
    names: Names,
    begin: Begin,
    trees: Trees,
    keys: parcels::Digest,
    /// Of the newest commit.
    position: u64,
    end: Option<End>,
    report: Report,
}

impl Reading {
    fn line(&mut self, line: Result<Line, String>, number: u64) {
        match line {
            _ if self.end.is_some() => {
                self.find(Fault::Added, None, None, format!("line {number} follows the last one"))
            }
            Ok(Line::Commit(commit)) => self.commit(&commit, number),
            Ok(Line::Keys(parcel)) => self.parcel(&parcel, number),
            Ok(Line::End(end)) => self.end = Some(end.data),
            Ok(Line::Begin(_)) => self.find(Fault::Added, None, None, format!("line {number} begins once more")),
            Err(reason) => {
                let after = self.position;
                let detail = format!("line {number}, after position {after}: {reason}");
                self.find(Fault::Unreadable, Some(after + 1), None, detail);
            }
        }
    }

    /// Whoever has not its key sees of a parcel that it is one, and that it is one of those that were signed.
    fn parcel(&mut self, line: &ParcelLine, number: u64) {
        if self.report.commits > 0 {
            return self.find(Fault::Added, None, None, format!("line {number} has keys, and stands behind commits"));
        }
        match parcels::parcel(line) {
            Ok(parcel) => self.keys.add(&parcel),
            Err(reason) => self.find(Fault::Unreadable, None, None, format!("line {number}: {reason}")),
        }
    }

    fn commit(&mut self, line: &CommitLine, number: u64) {
        self.report.commits += 1;
        let position = line.position.parse().unwrap_or(self.position + 1);
        let (subject, index, stated) = match understand(line) {
            Ok(understood) => understood,
            Err(reason) => {
                let detail = format!("line {number}: {reason}");
                return self.find(Fault::Unreadable, Some(position), None, detail);
            }
        };
        let merchant = Some(subject.merchant);
        if position <= self.position {
            self.find(Fault::Changed, Some(position), merchant, format!("line {number} is out of order"));
        }
        self.position = position;
        let tree = self.trees.tree(TreeId::of(subject.merchant));
        let expected = tree.size();
        tree.push(stated, Some(position));
        if index != expected {
            let detail = format!("line {number} is leaf {index} where leaf {expected} belongs");
            self.find(if index > expected { Fault::Removed } else { Fault::Changed }, Some(position), merchant, detail);
        }
        if let Err(reason) = check(line, index, stated) {
            self.find(Fault::Changed, Some(position), merchant, format!("line {number}: {reason}"));
        }
    }

    fn finish(mut self, given: &[Given]) -> Report {
        let Some(end) = self.end.take() else {
            self.find(
                Fault::Removed,
                Some(self.position + 1),
                None,
                "the file has no last line: its end is gone".to_owned(),
            );
            return self.report;
        };
        if end.commits != self.report.commits {
            let detail = format!("{} commits are stated, {} are there", end.commits, self.report.commits);
            self.find(Fault::Removed, None, None, detail);
        }
        let keys = std::mem::take(&mut self.keys);
        let checked = match &end.keys {
            Some(stated) if self.begin.keys_included => keys.check(&self.names, stated),
            None if !self.begin.keys_included && keys.is_of_nothing() => Ok(()),
            _ => Err("the file says of keys that it has them, and that it has not".to_owned()),
        };
        if let Err(reason) = checked {
            self.find(Fault::Checkpoint, None, None, reason);
        }
        let top = end.checkpoint.as_deref().map(|note| Checkpoint::open(note, &self.names.key()));
        let top = match top.transpose() {
            Ok(top) => top,
            Err(error) => {
                self.find(Fault::Checkpoint, None, None, format!("the checkpoint of the top log: {error}"));
                None
            }
        };
        self.report.trees = self.trees.0.len() as u64;
        for merchant in self.begin.merchants.clone() {
            let stated = end.trees.iter().find(|tree| tree.merchant == merchant);
            if let Err(reason) = self.tree(TreeId(merchant), stated, top.as_ref()) {
                self.find(Fault::Checkpoint, None, Some(MerchantId(merchant)), reason);
            }
        }
        for given in given {
            if given.tree() != TreeId::TOP {
                given.compare(self.trees.tree(given.tree()), &mut self.report);
            } else if let Some(top) = &top {
                given.compare_with(top, &mut self.report);
            }
        }
        self.report
    }

    /// Whether the commits of a merchant are those that were signed, and that signature is in the top log.
    fn tree(&mut self, tree: TreeId, stated: Option<&TreeEnd>, top: Option<&Checkpoint>) -> Result<(), String> {
        self.report.checkpoints += 1;
        let stated = stated.ok_or("the last line does not speak of this merchant")?;
        let checkpoint = Checkpoint::open(&stated.checkpoint, &self.names.key()).map_err(|error| error.to_string())?;
        let computed = self.trees.tree(tree);
        if checkpoint.origin != self.names.origin(tree) {
            return Err(format!("the checkpoint speaks of {}", checkpoint.origin));
        }
        if (computed.size(), computed.root()) != (checkpoint.size, checkpoint.root) {
            return Err(format!("the commits are not the {} that were signed", checkpoint.size));
        }
        let top = top.ok_or("there is no checkpoint of the top log")?;
        let proof: Option<Vec<Hash>> = stated.inclusion.iter().map(|hash| Hash::parse(hash)).collect();
        let leaf = Hash::of_leaf(&[checkpoint.text().as_bytes()]);
        let proof = proof.ok_or("the proof is not made of hashes")?;
        proofs::inclusion(leaf, stated.entry, top.size, top.root, &proof)
            .map_err(|error| format!("the checkpoint is not in the top log: {error}"))
    }

    fn find(&mut self, fault: Fault, position: Option<u64>, merchant: Option<MerchantId>, detail: String) {
        self.report.find(Finding { fault, position, merchant, detail });
    }
}

/// Where the line says that it belongs.
fn understand(line: &CommitLine) -> Result<(Subject, u64, Hash), String> {
    let subject = line.subject.parse().map_err(|error: journal::NotASubject| error.to_string())?;
    let index = line.leafindex.parse().map_err(|_| "its index is no number".to_owned())?;
    let leaf = Hash::parse(&line.leafhash).ok_or("its hash is no hash")?;
    Ok((subject, index, leaf))
}

/// Whether the line says of its commit what the commit says of itself.
fn check(line: &CommitLine, index: u64, stated: Hash) -> Result<(), String> {
    let message = STANDARD.decode(&line.data_base64).map_err(|_| "its data is not in base 64")?;
    let commit = Commit::decode(&message).map_err(|error| error.to_string())?;
    let events: Vec<(&str, u8)> = commit.events.iter().map(|event| (event.name.as_ref(), event.version)).collect();
    if (Leaf { subject: &line.subject, index, events: &events, message: &message }).hash() != stated {
        return Err("the commit is not the one that its leaf was made of".to_owned());
    }
    let named: Vec<String> = events.iter().map(|(name, version)| format!("{name}/{version}")).collect();
    let same =
        line.id == commit.commit_id.0 && line.time == commit.recorded_at.to_rfc3339() && line.events == named.join(",");
    same.then_some(()).ok_or_else(|| "what stands beside the commit is not what the commit says".to_owned())
}
