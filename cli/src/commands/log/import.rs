//! `loyalnest log import`: a history from elsewhere becomes part of this log.
//!
//! Commits stay as they are, bytes and order, and so do their merchants' trees; only positions are this log's own. The file
//! is verified whole before anything is written. A merchant must not have a history here, unless it is the beginning of the
//! file's: then an import that was cut short goes on. Keys are taken over before the first commit, if they are in the file and
//! the key that opens them is at hand. Whoever has none by then is put on record as somebody without keys: their profile never
//! opens here, and they never get new keys.

use std::{
    collections::{BTreeMap, HashMap, HashSet},
    path::Path,
    process::ExitCode,
    time::Duration,
};

use aggregates::{
    Context as Room,
    event::Event,
    id::{CustomerId, MerchantId},
    installation::HistoryImportBegun,
    waiting::WaitingEvent,
};
use anyhow::{Context, anyhow, bail, ensure};
use base64::{Engine, engine::general_purpose::STANDARD};
use futures::StreamExt;
use gateway::{Gateway, Options, commands::CommandError};
use journal::{Append, Commit, Follow, Subject, SubjectId};
use serde_json::json;
use tokio::time::Instant;
use uuid::Uuid;
use vault::{ItemId, RecipientSecret, Unpacked};

use super::{
    VERIFICATION_FAILED,
    format::{CommitLine, Line, Lines, merchant_of},
    parcels,
    verify::offline,
};
use crate::{
    args::{ImportArgs, Output},
    commands::operator,
    composition::{self, Config},
    output,
};

/// Commits written at once, unless a group is larger.
const COMMITS_AT_ONCE: usize = 500;
/// Bytes of commits written at once, unless one is larger.
const BYTES_AT_ONCE: usize = 4 * 1024 * 1024;
/// How often progress is told.
const TOLD_EVERY: Duration = Duration::from_secs(2);

pub async fn run(args: ImportArgs, config: &Config, output: Output) -> anyhow::Result<ExitCode> {
    let secret = args.keys_from.as_deref().map(parcels::secret).transpose()?;
    let report = offline::verify(&args.from, args.key.as_deref(), &[])?;
    if !report.is_sound() {
        report.print(output)?;
        return Ok(ExitCode::from(VERIFICATION_FAILED));
    }
    let begin = Lines::open(&args.from)?.begin()?;
    ensure!(secret.is_none() || begin.data.keys_included, "there are no keys in {}", args.from.display());
    let gateway = composition::assemble(config, Options::default()).await?;
    let present = present(&gateway, &args.from).await?;
    let merchants: Vec<MerchantId> = begin.data.merchants.iter().copied().filter_map(merchant_of).collect();
    // Of whom there is anything here, it is on record where that comes from.
    for (merchant, _) in present.iter().filter(|(_, present)| present.end == 0) {
        let (merchant, source) = (MerchantId(*merchant), begin.source.clone());
        let begun = HistoryImportBegun { merchant, source, with_keys: secret.is_some() };
        gateway.begin_history_import(begun, operator::actor()).await?;
    }
    let keys = match &secret {
        Some(secret) => take_over_keys(&gateway, &args.from, secret).await?,
        None => Unpacked::default(),
    };
    let import = Import { gateway: &gateway, present, last: HashMap::new(), people: HashSet::new(), written: 0 };
    let imported = import.write(&args.from).await?;
    for merchant in &merchants {
        gateway.finish_history_import(*merchant, operator::actor()).await?;
    }
    let elsewhere = if secret.is_some() { recognise_shops(&gateway, &merchants).await? } else { Vec::new() };
    let row = json!({
        "file": args.from,
        "commits": imported,
        "keys_included": secret.is_some(),
        "people": keys.people,
        "passed_over": keys.passed_over,
    });
    output::one(output, &["file", "commits", "keys_included", "people", "passed_over"], &row)?;
    if secret.is_none() {
        eprintln!("{}", if begin.data.keys_included { KEYS_LEFT } else { NO_KEYS });
    }
    ensure!(
        elsewhere.is_empty(),
        "{}: its shop is another merchant here, to whom its webhooks go",
        elsewhere.join(", ")
    );
    Ok(ExitCode::SUCCESS)
}

const NO_KEYS: &str = "keys were not in the file: no profile of these people opens here";
const KEYS_LEFT: &str = "the keys in the file were left there, and these people are on record here as people without: no profile of theirs opens; \
                         --keys-from takes keys over, where there is no history yet";

/// Every parcel of the file; all of them stand before the first commit.
async fn take_over_keys(gateway: &Gateway, file: &Path, secret: &RecipientSecret) -> anyhow::Result<Unpacked> {
    let mut lines = Lines::open(file)?;
    lines.begin()?;
    let mut taken = Unpacked::default();
    while let Some(Ok(Line::Keys(line))) = lines.next_line()? {
        let parcel = parcels::parcel(&line).map_err(|reason| anyhow!("line {}: {reason}", lines.number))?;
        let unpacked = gateway.vault.unpack(&parcel, secret, gateway.clock.now()).await;
        let unpacked = unpacked.with_context(|| format!("line {}", lines.number))?;
        taken.people += unpacked.people;
        taken.passed_over += unpacked.passed_over;
    }
    Ok(taken)
}

/// Has the shops' webhooks find their merchants. Gives those whose shop is somebody else here.
async fn recognise_shops(gateway: &Gateway, merchants: &[MerchantId]) -> anyhow::Result<Vec<String>> {
    let mut elsewhere = Vec::new();
    for merchant in merchants {
        match gateway.recognise_shop_of(*merchant).await {
            Ok(found) if found == *merchant => {}
            Ok(_) => elsewhere.push(merchant.to_string()),
            // A merchant that was forgotten has neither keys nor a shop.
            Err(CommandError::UnknownMerchant | CommandError::CustomerErased | CommandError::MerchantErased) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Ok(elsewhere)
}

/// How many commits of each merchant in the file are here already. Refuses a merchant whose history here is not the
/// beginning of the file's.
async fn present(gateway: &Gateway, file: &Path) -> anyhow::Result<BTreeMap<Uuid, Present>> {
    let mut lines = Lines::open(file)?;
    let begin = lines.begin()?.data;
    let mut present = BTreeMap::new();
    for merchant in begin.merchants.into_iter().filter_map(merchant_of) {
        present.insert(merchant.0, Present::find(gateway, merchant).await?);
    }
    if present.values().all(Present::is_used_up) {
        return Ok(present);
    }
    while let Some(line) = lines.next_line()? {
        let Ok(Line::Commit(line)) = line else { continue };
        let arriving = Arriving::read(&line)?;
        let Some(here) = present.get_mut(&arriving.subject.merchant.0) else { continue };
        here.compare(&arriving).await?;
    }
    for (merchant, here) in &present {
        ensure!(here.is_used_up(), "{} has a history here that goes on otherwise", MerchantId(*merchant));
    }
    Ok(present)
}

/// What a merchant has here already.
struct Present {
    commits: Option<journal::Following>,
    end: u64,
    /// How many commits are the same as the file's.
    same: u64,
    /// Where each subject ends here.
    last: HashMap<Subject, u64>,
    /// Facts that wait for their orders, and where they are here.
    waiting: Vec<(ItemId, u64)>,
}

impl Present {
    async fn find(gateway: &Gateway, merchant: MerchantId) -> anyhow::Result<Present> {
        let filter = Follow::Merchant(merchant);
        let end = gateway.journal.last_position_of(filter).await?;
        let commits = if end > 0 { Some(gateway.journal.follow(0, filter).await?) } else { None };
        Ok(Present { commits, end, same: 0, last: HashMap::new(), waiting: Vec::new() })
    }

    fn is_used_up(&self) -> bool {
        self.commits.as_ref().is_none_or(|commits| commits.reached() >= self.end)
    }

    /// The next commit of the file, beside the next one here.
    async fn compare(&mut self, arriving: &Arriving) -> anyhow::Result<()> {
        if self.is_used_up() {
            return Ok(());
        }
        let Some(commits) = &mut self.commits else { return Ok(()) };
        let here = commits.next().await.context("the log ended early")??;
        if here.subject != arriving.subject || here.payload != arriving.message {
            bail!("{} has a history here already, and another one than the file's", arriving.subject.merchant);
        }
        self.same += 1;
        self.last.insert(here.subject, here.position);
        self.waiting.extend(arriving.facts_set_aside()?.into_iter().map(|item| (item, here.position)));
        Ok(())
    }
}

/// A commit on its way in.
struct Arriving {
    subject: Subject,
    commit: Commit,
    message: Vec<u8>,
}

impl Arriving {
    fn read(line: &CommitLine) -> anyhow::Result<Arriving> {
        let message = STANDARD.decode(&line.data_base64)?;
        Ok(Arriving { subject: line.subject.parse()?, commit: Commit::decode(&message)?, message })
    }

    /// Facts that this commit sets aside until somebody claims their order. The vault says where the log has them.
    fn facts_set_aside(&self) -> anyhow::Result<Vec<ItemId>> {
        if self.subject.context != Room::Waiting {
            return Ok(Vec::new());
        }
        let events = self.commit.events.iter();
        let items = events.map(|event| {
            let WaitingEvent::FactSetAside(aside) = WaitingEvent::decode(&event.name, event.version, &event.bytes)?;
            anyhow::Ok(ItemId(aside.item))
        });
        items.collect()
    }

    fn ends_its_group(&self) -> bool {
        self.commit.group.is_none_or(|group| group.index + 1 >= group.count)
    }
}

struct Import<'a> {
    gateway: &'a Gateway,
    present: BTreeMap<Uuid, Present>,
    /// Where each subject ends, by what was written here.
    last: HashMap<Subject, u64>,
    /// Who is on record already.
    people: HashSet<Uuid>,
    written: u64,
}

impl Import<'_> {
    async fn write(mut self, file: &Path) -> anyhow::Result<u64> {
        for present in self.present.values_mut() {
            self.last.extend(present.last.drain());
            for (item, position) in present.waiting.drain(..) {
                self.gateway.vault.set_waiting_position(item, position).await?;
            }
        }
        let mut lines = Lines::open(file)?;
        lines.begin()?;
        let (mut batch, mut unit) = (Vec::new(), Vec::new());
        let mut told = Instant::now();
        while let Some(line) = lines.next_line()? {
            let Ok(Line::Commit(line)) = line else { continue };
            let arriving = Arriving::read(&line)?;
            ensure!(arriving.commit.encode() == arriving.message, "line {} has two spellings", lines.number);
            if !self.is_wanted(&arriving) {
                continue;
            }
            let ends = arriving.ends_its_group();
            unit.push(arriving);
            if !ends {
                continue;
            }
            if !fits(&batch, &unit) {
                self.append(std::mem::take(&mut batch)).await?;
            }
            batch.append(&mut unit);
            if told.elapsed() >= TOLD_EVERY {
                told = Instant::now();
                eprintln!("imported {} commits", self.written);
            }
        }
        batch.append(&mut unit);
        self.append(batch).await?;
        Ok(self.written)
    }

    /// Not what is here already, and not what the other installation has said about itself.
    fn is_wanted(&mut self, arriving: &Arriving) -> bool {
        let Some(present) = self.present.get_mut(&arriving.subject.merchant.0) else { return false };
        let here = present.same > 0;
        present.same = present.same.saturating_sub(1);
        !here
    }

    async fn append(&mut self, batch: Vec<Arriving>) -> anyhow::Result<()> {
        if batch.is_empty() {
            return Ok(());
        }
        self.register_people(&batch).await?;
        let subjects: Vec<Subject> = batch.iter().map(|arriving| arriving.subject).collect();
        let set_aside = batch.iter().map(Arriving::facts_set_aside).collect::<anyhow::Result<Vec<_>>>()?;
        let append = |arriving: Arriving| Append {
            subject: arriving.subject,
            expected: self.last.get(&arriving.subject).copied().unwrap_or(0),
            commit: arriving.commit,
            traceparent: None,
        };
        let appends = batch.into_iter().map(append).collect();
        let positions = self.gateway.journal.append_as_written(appends).await.context("the log took no more")?;
        self.written += positions.len() as u64;
        for (items, position) in set_aside.into_iter().zip(&positions) {
            for item in items {
                self.gateway.vault.set_waiting_position(item, *position).await?;
            }
        }
        self.last.extend(subjects.into_iter().zip(positions));
        Ok(())
    }

    /// Before their first commit, as always: the log must never name somebody of whom the vault has not heard.
    async fn register_people(&mut self, batch: &[Arriving]) -> anyhow::Result<()> {
        let mut people: BTreeMap<MerchantId, Vec<CustomerId>> = BTreeMap::new();
        for arriving in batch {
            if let (Room::Customer | Room::Points, SubjectId::Uuid(person)) =
                (arriving.subject.context, arriving.subject.id)
                && self.people.insert(person)
            {
                people.entry(arriving.subject.merchant).or_default().push(CustomerId(person));
            }
        }
        for (merchant, people) in people {
            self.gateway.vault.register_without_keys(merchant, &people, self.gateway.clock.now()).await?;
        }
        Ok(())
    }
}

/// Whether a unit may be written with the others: a subject has one place in a batch.
fn fits(batch: &[Arriving], unit: &[Arriving]) -> bool {
    let bytes: usize = batch.iter().chain(unit).map(|arriving| arriving.message.len()).sum();
    let subjects: HashSet<Subject> = batch.iter().map(|arriving| arriving.subject).collect();
    let last = batch.last().map(|arriving| arriving.subject);
    let continues = |index: usize, subject: Subject| index == 0 && last == Some(subject);
    let once = unit.iter().enumerate().all(|(index, arriving)| {
        let of_its_own = index > 0 && unit[index - 1].subject == arriving.subject;
        of_its_own || continues(index, arriving.subject) || !subjects.contains(&arriving.subject)
    });
    batch.is_empty() || (once && bytes <= BYTES_AT_ONCE && batch.len() + unit.len() <= COMMITS_AT_ONCE)
}
