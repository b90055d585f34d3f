//! `loyalnest log export`: the history in a file that anybody can read and check.

use std::{
    collections::{BTreeMap, BTreeSet},
    io::{BufWriter, Write},
    path::Path,
    process::ExitCode,
    time::Duration,
};

use aggregates::id::MerchantId;
use anyhow::{Context, ensure};
use base64::{Engine, engine::general_purpose::STANDARD};
use futures::StreamExt;
use gateway::{Gateway, Options, clock::new_id};
use journal::{Follow, Positioned};
use projections::transparency::{
    self, Names, SignedCheckpoint, TreeId, adoptions, inclusion, latest, leaf_hash, trees,
};
use proofs::{Checkpoint, Frontier};
use serde_json::json;
use tempfile::NamedTempFile;
use tokio::time::Instant;
use uuid::Uuid;
use vault::{Recipient, SigningKey};

use super::{
    format::{
        Begin, COMMIT_CONTENT, CommitLine, Document, End, FORMAT, JSON_CONTENT, KeysEnd, Line, SPECVERSION, TreeEnd,
    },
    parcels,
    seal::seal,
};
use crate::{
    args::{ExportArgs, Output},
    composition::{self, Config},
    output,
};

/// How often progress is told.
const TOLD_EVERY: Duration = Duration::from_secs(2);

pub async fn run(args: ExportArgs, config: &Config, output: Output) -> anyhow::Result<ExitCode> {
    let recipient = args.keys_to.as_deref().map(parcels::recipient).transpose()?;
    let gateway = composition::assemble(config, Options::default()).await?;
    let keys = match recipient {
        None => None,
        Some(recipient) => Some(Keys { of: parcels::on_record(&gateway, args.merchant, &recipient).await?, recipient }),
    };
    let top = seal(&gateway, config).await?;
    let signer = composition::checkpoint_signer(&gateway, config)?;
    let names = Names::new(signer.key.public(), adoptions(&gateway.db).await?);
    let signed = signed_trees(&gateway, &names, args.merchant).await?;
    let time = gateway.clock.now().to_rfc3339();
    let mut export = Export { names, time, signed, top, keys, signer: signer.key, people: 0 };
    let commits = export.write(&gateway, args.merchant, &args.to).await?;
    let row = json!({
        "file": args.to,
        "commits": commits,
        "merchants": export.signed.len(),
        "keys_included": export.keys.is_some(),
        "people": export.people,
    });
    output::one(output, &["file", "commits", "merchants", "keys_included", "people"], &row)?;
    eprintln!("{}", if export.keys.is_some() { WITH_KEYS } else { WITHOUT_KEYS });
    Ok(ExitCode::SUCCESS)
}

const WITH_KEYS: &str = "the keys in the file open for whoever has the recipient's private key, also those of people who are forgotten here \
                         later: destroy the file once it was imported";
const WITHOUT_KEYS: &str = "profiles are sealed, and the keys are not in the file: they open in this installation only";

/// The newest signed checkpoint of every tree that is wanted.
async fn signed_trees(
    gateway: &Gateway,
    names: &Names,
    only: Option<MerchantId>,
) -> anyhow::Result<BTreeMap<Uuid, SignedCheckpoint>> {
    let mut signed = BTreeMap::new();
    for stored in trees(&gateway.db).await? {
        let wanted = only.is_none_or(|merchant| TreeId::of(merchant) == stored.tree);
        if wanted && stored.tree != TreeId::TOP {
            let newest = latest(&gateway.db, stored.tree, &names.origin(stored.tree)).await?;
            signed.insert(stored.tree.0, newest.context("a tree is not signed")?);
        }
    }
    ensure!(only.is_none() || !signed.is_empty(), "the log knows no such merchant");
    Ok(signed)
}

struct Export {
    names: Names,
    time: String,
    /// By merchant: the checkpoint that the file ends with.
    signed: BTreeMap<Uuid, SignedCheckpoint>,
    top: Option<String>,
    /// Whose keys go along, and for whom.
    keys: Option<Keys>,
    signer: SigningKey,
    /// Whose keys were written.
    people: u64,
}

struct Keys {
    of: Vec<MerchantId>,
    recipient: Recipient,
}

impl Export {
    /// Writes the file beside its place and puts it there when it is complete. Gives the number of commits.
    async fn write(&mut self, gateway: &Gateway, only: Option<MerchantId>, to: &Path) -> anyhow::Result<u64> {
        let folder = to.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let unfinished = NamedTempFile::new_in(folder).with_context(|| format!("cannot write {}", to.display()))?;
        let mut file = BufWriter::with_capacity(1024 * 1024, unfinished);
        self.line(&mut file, &Line::Begin(Box::new(self.begin())))?;
        // Before the commits, and after what is signed: the keys of everybody whom a commit in the file names are made by now.
        let keys = self.keys(gateway, &mut file).await?;
        let grown = self.commits(gateway, only, &mut file).await?;
        let commits = grown.values().map(Frontier::size).sum();
        let end = End { commits, trees: self.trees(gateway, &grown).await?, checkpoint: self.top.clone(), keys };
        self.line(&mut file, &Line::End(Box::new(self.document(end))))?;
        let unfinished = file.into_inner().context("the file could not be written")?;
        unfinished.as_file().sync_all()?;
        unfinished.persist(to).with_context(|| format!("cannot write {}", to.display()))?;
        Ok(commits)
    }

    fn line(&self, file: &mut impl Write, line: &Line) -> anyhow::Result<()> {
        serde_json::to_writer(&mut *file, line)?;
        Ok(file.write_all(b"\n")?)
    }

    fn document<T>(&self, data: T) -> Document<T> {
        Document {
            specversion: SPECVERSION.to_owned(),
            id: new_id(),
            source: self.names.origin(TreeId::TOP),
            time: self.time.clone(),
            datacontenttype: JSON_CONTENT.to_owned(),
            data,
        }
    }

    fn begin(&self) -> Document<Begin> {
        self.document(Begin {
            format: FORMAT,
            merchants: self.signed.keys().copied().collect(),
            epoch: self.names.epoch(),
            key: self.names.key().to_string(),
            keys_included: self.keys.is_some(),
        })
    }

    /// Every key that goes along, as parcels.
    async fn keys(&mut self, gateway: &Gateway, file: &mut impl Write) -> anyhow::Result<Option<KeysEnd>> {
        let Some(keys) = &self.keys else { return Ok(None) };
        let header = parcels::header(self.names.origin(TreeId::TOP), self.time.clone());
        let mut written = parcels::Written::default();
        for merchant in &keys.of {
            let write = |parcel| self.line(file, &Line::Keys(Box::new(parcel)));
            written.merchant(gateway, (*merchant, &keys.recipient), &header, write).await?;
        }
        self.people = written.people;
        Ok(Some(written.end(&self.names, &transparency::Key(&self.signer))))
    }

    /// Every commit that is under a signature, in the journal's order; and the trees that they make.
    async fn commits(
        &self,
        gateway: &Gateway,
        only: Option<MerchantId>,
        file: &mut impl Write,
    ) -> anyhow::Result<BTreeMap<Uuid, Frontier>> {
        let mut grown: BTreeMap<Uuid, Frontier> =
            self.signed.keys().map(|merchant| (*merchant, Frontier::default())).collect();
        let mut growing: BTreeSet<Uuid> = grown.keys().copied().collect();
        let mut commits = gateway.journal.follow(0, only.map_or(Follow::Everything, Follow::Merchant)).await?;
        let mut told = Instant::now();
        while !growing.is_empty() {
            let commit = commits.next().await.context("the log ended early")??;
            let merchant = commit.subject.merchant.0;
            if !growing.contains(&merchant) {
                continue;
            }
            let tree = grown.entry(merchant).or_default();
            let line = self.commit(&commit, tree);
            self.line(file, &line)?;
            if tree.size() == self.signed[&merchant].size {
                growing.remove(&merchant);
            }
            if told.elapsed() >= TOLD_EVERY {
                told = Instant::now();
                eprintln!("exported up to position {}", commit.position);
            }
        }
        Ok(grown)
    }

    fn commit(&self, commit: &Positioned, tree: &mut Frontier) -> Line {
        let index = tree.size();
        let leaf = leaf_hash(commit, index);
        tree.push(leaf, |_, _| {});
        let events: Vec<String> =
            commit.commit.events.iter().map(|event| format!("{}/{}", event.name, event.version)).collect();
        Line::Commit(Box::new(CommitLine {
            specversion: SPECVERSION.to_owned(),
            id: commit.commit.commit_id.0,
            source: self.names.origin(TreeId::TOP),
            subject: commit.subject.to_string(),
            time: commit.commit.recorded_at.to_rfc3339(),
            datacontenttype: COMMIT_CONTENT.to_owned(),
            position: commit.position.to_string(),
            leafindex: index.to_string(),
            leafhash: leaf.to_string(),
            events: events.join(","),
            data_base64: STANDARD.encode(&commit.payload),
        }))
    }

    /// What was signed about the trees that were written; not if it was about others.
    async fn trees(&self, gateway: &Gateway, grown: &BTreeMap<Uuid, Frontier>) -> anyhow::Result<Vec<TreeEnd>> {
        let top = self.top.as_deref().and_then(Checkpoint::parse);
        let mut ends = Vec::new();
        for (merchant, signed) in &self.signed {
            let root = grown[merchant].root();
            let stated = Checkpoint::parse(&signed.note).context("a stored checkpoint cannot be read")?;
            ensure!(
                (stated.size, stated.root) == (signed.size, root),
                "the log is not what was signed: `loyalnest log verify` names the place"
            );
            let entry = signed.entry.context("a checkpoint is in no top log")?;
            let size = top.as_ref().context("the top log is not signed")?.size;
            let proof = inclusion(&gateway.db, TreeId::TOP, entry, size).await?;
            ends.push(TreeEnd {
                merchant: *merchant,
                size: signed.size,
                root: root.to_string(),
                checkpoint: signed.note.clone(),
                entry,
                inclusion: proof.iter().map(ToString::to_string).collect(),
            });
        }
        Ok(ends)
    }
}
