//! What can be wrong, and how it is told.

use aggregates::id::MerchantId;
use serde_json::{Value, json};

use crate::{args::Output, output};

/// Findings that are listed; more are counted.
const LISTED_MAX: usize = 1_000;

/// In what way something is not as it should be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// Another commit than the one that was recorded: its bytes, its types or its subject are not the same.
    Changed,
    /// It was recorded, and is not in the log any more.
    Removed,
    /// It is in the log, and was never recorded.
    Added,
    /// It cannot be read at all.
    Unreadable,
    /// A stored hash or tree is not what the commits give.
    Tree,
    /// A checkpoint is not signed as it should be, or the trees contradict it.
    Checkpoint,
    /// A row of a read model is not what the log says.
    ReadModel,
}

impl Fault {
    pub const fn as_str(self) -> &'static str {
        match self {
            Fault::Changed => "changed",
            Fault::Removed => "removed",
            Fault::Added => "added",
            Fault::Unreadable => "unreadable",
            Fault::Tree => "tree",
            Fault::Checkpoint => "checkpoint",
            Fault::ReadModel => "read_model",
        }
    }
}

/// One thing that is not as it should be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    pub fault: Fault,
    /// Where in the journal, if it is about one place.
    pub position: Option<u64>,
    pub merchant: Option<MerchantId>,
    pub detail: String,
}

/// What was looked at, and what is wrong with it.
#[derive(Debug, Default)]
pub struct Report {
    pub commits: u64,
    /// Commits at the end that no tree has yet: they came while the log was read, or just before.
    pub not_in_trees_yet: u64,
    pub trees: u64,
    pub checkpoints: u64,
    pub read_models: Vec<&'static str>,
    pub findings: Vec<Finding>,
    findings_total: u64,
}

impl Report {
    pub fn find(&mut self, finding: Finding) {
        self.findings_total += 1;
        if self.findings.len() < LISTED_MAX {
            self.findings.push(finding);
        }
    }

    pub fn is_sound(&self) -> bool {
        self.findings_total == 0
    }

    /// The findings on stdout; in a table, what was looked at on stderr.
    pub fn print(&self, output: Output) -> anyhow::Result<()> {
        let findings: Vec<Value> = self.findings.iter().map(Finding::row).collect();
        if output != Output::Table {
            return output::one(output, &[], &self.document(findings));
        }
        if !self.is_sound() {
            output::list(output, &["fault", "position", "merchant_id", "detail"], &findings)?;
        }
        eprintln!(
            "{} commits in {} trees, {} checkpoints, read models: {}; {} of the commits are in no tree yet",
            self.commits,
            self.trees,
            self.checkpoints,
            if self.read_models.is_empty() { "none".to_owned() } else { self.read_models.join(", ") },
            self.not_in_trees_yet,
        );
        match self.findings_total {
            0 => println!("verified"),
            total => eprintln!("NOT verified: {total} findings"),
        }
        Ok(())
    }

    fn document(&self, findings: Vec<Value>) -> Value {
        json!({
            "verified": self.is_sound(),
            "commits": self.commits,
            "commits_not_in_trees_yet": self.not_in_trees_yet,
            "trees": self.trees,
            "checkpoints": self.checkpoints,
            "read_models": self.read_models,
            "findings_total": self.findings_total,
            "findings": findings,
        })
    }
}

impl Finding {
    fn row(&self) -> Value {
        json!({
            "fault": self.fault.as_str(),
            "position": self.position,
            "merchant_id": self.merchant.map(|merchant| merchant.to_string()),
            "detail": self.detail,
        })
    }
}
