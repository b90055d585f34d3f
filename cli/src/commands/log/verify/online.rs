//! The journal, from beginning to end, beside everything that is stored about it.

use std::{path::PathBuf, sync::Arc, time::Duration};

use aggregates::{Context as Room, id::MerchantId};
use anyhow::bail;
use journal::{Follow, Journal, PoisonCommit, Positioned, StoredEvent};
use projections::{
    rederive::{Deviation, Difference, Moment, Rederivation},
    transparency::{self, Names, StoredLeaf, Transparency, TreeId, leaf_hash},
};
use proofs::VerifierKey;
use sqlx::{Acquire, PgConnection, PgPool};
use tokio::time::Instant;

use super::{
    deriving::Deriving,
    finding::{Fault, Finding, Report},
    given::{self, Given},
    leaves::Leaves,
    reading::{Arrived, Reading},
    signatures,
    trees::Trees,
};
use crate::{
    args::VerifyArgs,
    composition::{self, Config},
};

/// How often progress is told.
const TOLD_EVERY: Duration = Duration::from_secs(2);

/// What is to be verified.
pub struct Scope {
    /// One merchant's tree, or everything.
    pub only: Option<MerchantId>,
    /// What signatures are checked with.
    pub public: [u8; 32],
    /// Checkpoints that somebody has kept.
    pub kept: Vec<PathBuf>,
    pub read_models: bool,
}

pub async fn run(args: &VerifyArgs, config: &Config) -> anyhow::Result<Report> {
    let db = config.database().await?;
    let public = match &args.key {
        Some(key) => key.parse::<VerifierKey>()?.public,
        None => composition::checkpoint_key(config, &db).await?.public(),
    };
    let published = config.checkpoint_file.iter().filter(|path| path.exists() && args.merchant.is_none());
    let kept = published.chain(&args.checkpoint).cloned().collect();
    let scope = Scope { only: args.merchant, public, kept, read_models: !args.no_read_models };
    verify(&config.journal().await?, &db, &scope).await
}

/// Verifies, and says what is wrong. An error means that it could not be verified.
pub async fn verify(journal: &Journal, db: &PgPool, scope: &Scope) -> anyhow::Result<Report> {
    let mut connection = db.acquire().await?;
    let mut snapshot = connection.begin().await?;
    sqlx::raw_sql("set transaction isolation level repeatable read, read only").execute(&mut *snapshot).await?;
    let mut walk = Walk::begin(&mut snapshot, db, journal, scope).await?;
    walk.journal().await?;
    walk.finish().await
}

struct Walk<'a> {
    /// Sees one moment, before the end that is read up to.
    db: &'a mut PgConnection,
    journal: &'a Journal,
    scope: &'a Scope,
    names: Names,
    /// Commits up to here are in the trees.
    in_trees: u64,
    adoptions: u32,
    trees: Trees,
    leaves: Leaves,
    given: Vec<Given>,
    models: Option<Deriving>,
    report: Report,
}

impl<'a> Walk<'a> {
    async fn begin(
        db: &'a mut PgConnection,
        pool: &PgPool,
        journal: &'a Journal,
        scope: &'a Scope,
    ) -> anyhow::Result<Walk<'a>> {
        let checkpoints = projections::list(&mut *db).await?;
        let seen = checkpoints.iter().find(|checkpoint| checkpoint.projection == Transparency::NAME);
        let names = Names::new(scope.public, transparency::adoptions(&mut *db).await?);
        let mut report = Report::default();
        let given = given::read(&scope.kept, &names, &mut report)?;
        if let Some(outside) =
            given.iter().find(|given| scope.only.is_some_and(|only| TreeId::of(only) != given.tree()))
        {
            bail!("{outside} is not a checkpoint of the merchant that is verified: leave --merchant away");
        }
        let moment = Moment::of(&mut *db, pool.clone(), scope.only).await?;
        let models = scope.read_models.then(|| Deriving::start(journal.clone(), moment));
        let mut walk = Walk {
            in_trees: seen.map_or(0, |seen| seen.position),
            adoptions: 0,
            trees: Trees::default(),
            leaves: Leaves::of(scope.only.map(TreeId::of)),
            db,
            journal,
            scope,
            names,
            given,
            models,
            report,
        };
        walk.watch().await?;
        Ok(walk)
    }

    /// Asks for the roots at all sizes that anybody has spoken of.
    async fn watch(&mut self) -> anyhow::Result<()> {
        for stored in transparency::trees(&mut *self.db).await? {
            if self.is_wanted(stored.tree) {
                let sizes =
                    transparency::signed_sizes(&mut *self.db, stored.tree, &self.names.origin(stored.tree)).await?;
                let tree = self.trees.tree(stored.tree);
                tree.watch(stored.size);
                sizes.into_iter().for_each(|size| tree.watch(size));
            }
        }
        self.given.iter().for_each(|given| given.watch(&mut self.trees));
        Ok(())
    }

    fn is_wanted(&self, tree: TreeId) -> bool {
        self.scope.only.is_none_or(|merchant| TreeId::of(merchant) == tree)
    }

    /// Reads everything up to where it ends now.
    async fn journal(&mut self) -> anyhow::Result<()> {
        let filter = self.scope.only.map_or(Follow::Everything, Follow::Merchant);
        // In this order: what is written meanwhile is newer than the end.
        let end = match filter {
            Follow::Everything => self.journal.last_position().await?,
            Follow::Merchant(_) | Follow::Room(_) => 0,
        };
        let newest = self.newest(filter).await?;
        let mut reading = Reading::start(self.journal.clone(), filter, newest);
        let mut told = Instant::now();
        while let Some(chunk) = reading.next().await? {
            let commits = chunk.iter().filter_map(|arrived| match arrived {
                Arrived::Commit(commit) => Some(Arc::clone(commit)),
                Arrived::Unreadable(_) | Arrived::Gap { .. } => None,
            });
            self.derive(commits.collect()).await?;
            for arrived in &chunk {
                match arrived {
                    Arrived::Commit(commit) => self.commit(commit).await?,
                    Arrived::Unreadable(poison) => self.unreadable(poison).await?,
                    Arrived::Gap { from, to } => self.gap(*from, *to).await?,
                }
            }
            if told.elapsed() >= TOLD_EVERY {
                told = Instant::now();
                eprintln!("verified {} commits, up to {newest}", self.report.commits);
            }
        }
        if end > newest {
            self.gap(newest + 1, end).await?;
        }
        self.removed_up_to(u64::MAX).await.map(drop)
    }

    /// Where reading ends: at the newest message that can be read.
    async fn newest(&mut self, filter: Follow) -> anyhow::Result<u64> {
        let is_known = filter == Follow::Everything || self.leaves.peek(self.db).await?.is_some();
        Ok(match is_known {
            true => self.journal.newest_position(filter).await?,
            // Of somebody of whom nothing is on record nothing is missing: the log is not searched for it.
            false => self.journal.last_position_of(filter).await?,
        })
    }

    async fn commit(&mut self, commit: &Positioned) -> anyhow::Result<()> {
        self.report.commits += 1;
        self.removed_up_to(commit.position - 1).await?;
        let tree = TreeId::of(commit.subject.merchant);
        match self.leaves.take_up_to(commit.position, self.db).await? {
            Some(leaf) => {
                if leaf.tree != tree || leaf_hash(commit, leaf.index) != leaf.hash {
                    let detail = format!("not the commit that became leaf {} of its tree", leaf.index);
                    self.find(Fault::Changed, commit.position, leaf.tree, detail);
                }
                self.push(leaf);
            }
            None => {
                let size = self.trees.tree(tree).size();
                self.trees.tree(tree).push(leaf_hash(commit, size), Some(commit.position));
                if commit.position > self.in_trees {
                    self.report.not_in_trees_yet += 1;
                } else {
                    self.find(Fault::Added, commit.position, tree, "no tree has this commit".to_owned());
                }
            }
        }
        if commit.subject.context == Room::Installation && commit.position <= self.in_trees {
            let adopts = |event: &StoredEvent| event.name == "installation.log_adopted";
            self.adoptions += u32::from(commit.commit.events.iter().any(adopts));
        }
        Ok(())
    }

    async fn derive(&mut self, commits: Vec<Arc<Positioned>>) -> anyhow::Result<()> {
        let Some(models) = &self.models else { return Ok(()) };
        match models.take_in(commits).await {
            Ok(()) => Ok(()),
            Err(error) => Err(match self.models.take() {
                Some(models) => models.failure().await,
                None => error,
            }),
        }
    }

    async fn unreadable(&mut self, poison: &PoisonCommit) -> anyhow::Result<()> {
        self.report.commits += 1;
        self.removed_up_to(poison.position - 1).await?;
        let leaf = self.leaves.take_up_to(poison.position, self.db).await?;
        let merchant = leaf.map(|leaf| MerchantId(leaf.tree.0));
        let detail = poison.cause.to_string();
        self.report.find(Finding { fault: Fault::Unreadable, position: Some(poison.position), merchant, detail });
        leaf.into_iter().for_each(|leaf| self.push(leaf));
        Ok(())
    }

    /// These positions are not in the stream.
    async fn gap(&mut self, from: u64, to: u64) -> anyhow::Result<()> {
        let known = self.removed_up_to(to).await?;
        let unknown = (to - from + 1).saturating_sub(known);
        if unknown > 0 {
            let detail = format!("{unknown} messages from here to {to} are gone, and no tree has them");
            self.report.find(Finding { fault: Fault::Removed, position: Some(from), merchant: None, detail });
        }
        Ok(())
    }

    /// Leaves whose commits should have come by now. Gives how many.
    async fn removed_up_to(&mut self, position: u64) -> anyhow::Result<u64> {
        let mut removed = 0;
        while let Some(leaf) = self.leaves.take_up_to(position, self.db).await? {
            let detail = format!("the commit that became leaf {} of its tree is gone", leaf.index);
            self.find(Fault::Removed, leaf.position, leaf.tree, detail);
            self.push(leaf);
            removed += 1;
        }
        Ok(removed)
    }

    /// Grows the tree by what is stored: if that is wrong it has been said, and what follows is to be judged by itself.
    fn push(&mut self, leaf: StoredLeaf) {
        let size = self.trees.tree(leaf.tree).size();
        if leaf.index != size {
            let detail = format!("stored as leaf {} where leaf {size} belongs", leaf.index);
            self.find(Fault::Tree, leaf.position, leaf.tree, detail);
        }
        self.trees.tree(leaf.tree).push(leaf.hash, Some(leaf.position));
    }

    fn find(&mut self, fault: Fault, position: u64, tree: TreeId, detail: String) {
        let merchant = Some(MerchantId(tree.0));
        self.report.find(Finding { fault, position: Some(position), merchant, detail });
    }

    async fn finish(mut self) -> anyhow::Result<Report> {
        if let Some(models) = &mut self.models {
            models.no_more();
        }
        if self.scope.only.is_none() && Names::new(self.scope.public, self.adoptions) != self.names {
            let detail =
                format!("{} adoptions are on record, and the stored trees know another number", self.adoptions);
            self.report.find(Finding { fault: Fault::Tree, position: None, merchant: None, detail });
        }
        if self.scope.only.is_none() {
            signatures::entries(self.db, &self.names, &mut self.trees, &mut self.report).await?;
        }
        self.stored_trees().await?;
        let signed = self.scope.only.map_or(TreeId::TOP, TreeId::of);
        signatures::of_tree(self.db, signed, &self.names, &self.trees, &mut self.report).await?;
        for given in &self.given {
            given.compare(self.trees.0.entry(given.tree()).or_default(), &mut self.report);
        }
        if let Some(models) = self.models.take() {
            let derived = models.finish().await?;
            for (position, merchant, detail) in derived.unreadable {
                self.find(Fault::Unreadable, position, TreeId::of(merchant), detail);
            }
            derived.deviations.iter().for_each(|deviation| self.report.find(about(deviation)));
            self.report.read_models = Rederivation::NAMES.to_vec();
        }
        Ok(self.report)
    }

    /// Trees and tiles as stored, against the trees as computed.
    async fn stored_trees(&mut self) -> anyhow::Result<()> {
        for stored in transparency::trees(&mut *self.db).await? {
            if !self.is_wanted(stored.tree) {
                continue;
            }
            self.report.trees += 1;
            let merchant = Some(stored.tree).filter(|tree| *tree != TreeId::TOP).map(|tree| MerchantId(tree.0));
            let mut find = |detail: String| {
                self.report.find(Finding { fault: Fault::Tree, position: None, merchant, detail });
            };
            let computed = self.trees.0.entry(stored.tree).or_default();
            if computed.root_at(stored.size) != Some(stored.root) {
                find(format!("the stored tree of {} leaves is not the one that its leaves give", stored.size));
            }
            let upper = transparency::upper_hashes(&mut *self.db, stored.tree).await?;
            if upper.len() != computed.upper_within(stored.size) {
                find("hashes above the leaves are missing, or there are too many".to_owned());
            }
            for (level, number, hash) in upper {
                if computed.upper.get(&(level, number)) != Some(&hash) {
                    find(format!("hash {number} of level {level} is not the one that its leaves give"));
                }
            }
        }
        Ok(())
    }
}

fn about(deviation: &Deviation) -> Finding {
    let customer = aggregates::id::CustomerId(deviation.customer);
    let read_model = deviation.read_model;
    let detail = match deviation.difference {
        Difference::Missing => format!("{read_model}: {customer} has no row for it"),
        Difference::Invented => format!("{read_model}: {customer} has a row of which the log does not tell"),
        Difference::Unreadable => format!("{read_model}: of {customer} the log cannot be read here"),
        Difference::Differs(column) => format!("{read_model}: {column} of {customer} is not what the log says"),
    };
    let (position, merchant) = (Some(deviation.position), Some(deviation.merchant));
    Finding { fault: Fault::ReadModel, position, merchant, detail }
}
