//! What must be true when everything has been answered: balances are what the traffic makes them, the ledger adds up to
//! the balance, and the tables are what the log says, no more and no less.

use std::{
    collections::{BTreeMap, HashMap, HashSet},
    path::Path,
};

use aggregates::{
    Context as Room,
    id::{CommitId, CustomerId, MerchantId},
    points::{Account, PointsEvent, Purse},
};
use anyhow::{Context, ensure};
use futures::StreamExt;
use journal::{Follow, Journal, Positioned, SubjectId};
use projections::{
    balances,
    points_transactions::{self, lines_of},
    projection::events_of,
};
use serde_json::Value;
use sqlx::PgPool;

use super::{shop::Shop, traffic::Traffic};
use crate::composition::Config;

/// Lines of one account that are read at once: all of them.
const LEDGER_LINES: i64 = 1_000_000;

/// One account as the log has it.
#[derive(Default)]
struct Folded {
    purse: Purse,
    position: u64,
    /// Position, number, kind and points of each ledger line, oldest first.
    lines: Vec<(u64, i16, &'static str, i64)>,
}

/// Everything there is to compare.
pub struct Books<'a> {
    shop: &'a Shop,
    merchant: MerchantId,
    db: PgPool,
    head: u64,
    commits: usize,
    folded: HashMap<CustomerId, Folded>,
    expected: BTreeMap<u64, i64>,
}

impl<'a> Books<'a> {
    /// Reads the whole log of the merchant, in the installation that this `env` file names.
    ///
    /// # Errors
    /// If the servers do not answer, or the log has a commit that cannot be read.
    pub async fn of(env_file: &Path, traffic: &'a Traffic) -> anyhow::Result<Self> {
        let config = Config::from_file(env_file)?;
        let merchant: MerchantId = traffic.shop().merchant_id.parse()?;
        let commits = read_all(&config.journal().await?, merchant).await?;
        ensure!(each_is_there_once(&commits), "a commit is in the log twice");
        Ok(Books {
            shop: traffic.shop(),
            merchant,
            db: config.database().await?,
            head: commits.last().map_or(0, |commit| commit.position),
            commits: commits.len(),
            folded: fold(&commits)?,
            expected: traffic.expected().await,
        })
    }

    pub fn accounts(&self) -> usize {
        self.folded.len()
    }

    pub fn commits(&self) -> usize {
        self.commits
    }

    /// # Errors
    /// Names the first account that is not as it must be.
    pub async fn check(&self) -> anyhow::Result<()> {
        for (&customer, &expected) in &self.expected {
            self.check_balance(customer, expected).await?;
        }
        for (&account, folded) in &self.folded {
            self.check_tables(account, folded).await.with_context(|| account.to_string())?;
        }
        Ok(())
    }

    /// Through the door: the balance is the expected one, and its ledger adds up to it.
    async fn check_balance(&self, customer: u64, expected: i64) -> anyhow::Result<()> {
        let head = self.head;
        let found = self.shop.get(&format!("/v1/customers?external_id=shopify:{customer}&min_position={head}")).await?;
        let id = found["data"][0]["id"].as_str().with_context(|| format!("nobody is shopify:{customer}"))?;
        let balance = self.shop.get(&format!("/v1/customers/{id}/balance?min_position={head}")).await?;
        let available = balance["available"].as_i64().context("a balance has points")?;
        ensure!(available == expected, "shopify:{customer} has {available} points and should have {expected}");
        let pending = balance["pending"].as_i64().context("a balance has pending points")?;
        let ledger = self.ledger_sum(id).await?;
        ensure!(ledger == available + pending, "the ledger of shopify:{customer} adds up to {ledger}: {balance}");
        Ok(())
    }

    async fn ledger_sum(&self, id: &str) -> anyhow::Result<i64> {
        let (mut sum, mut cursor) = (0, String::new());
        loop {
            let path = format!("/v1/customers/{id}/points_transactions?limit=250&min_position={}{cursor}", self.head);
            let page = self.shop.get(&path).await?;
            let lines = page["data"].as_array().context("a page has lines")?;
            sum += lines.iter().filter_map(|line| line["points"].as_i64()).sum::<i64>();
            match &page["next_cursor"] {
                Value::String(next) => cursor = format!("&cursor={next}"),
                _ => return Ok(sum),
            }
        }
    }

    /// Behind the door: rows are what the log says.
    async fn check_tables(&self, account: CustomerId, folded: &Folded) -> anyhow::Result<()> {
        let row = balances::find(&self.db, self.merchant, account).await?.context("the account has no row")?;
        ensure!(row.position == folded.position, "its row stands at {}, the log at {}", row.position, folded.position);
        ensure!(row.purse == folded.purse, "its row holds other lots than the log");
        let page = points_transactions::Page { limit: LEDGER_LINES, before: None };
        let rows = points_transactions::list(&self.db, self.merchant, account, page).await?;
        let rows = rows.iter().rev().map(|row| (row.position, row.line, row.kind.as_str(), row.points));
        ensure!(rows.eq(folded.lines.iter().copied()), "its ledger has other lines than the log");
        Ok(())
    }
}

async fn read_all(journal: &Journal, merchant: MerchantId) -> anyhow::Result<Vec<Positioned>> {
    let filter = Follow::Merchant(merchant);
    let end = journal.last_position_of(filter).await?;
    let mut following = journal.follow(0, filter).await?;
    let mut commits = Vec::new();
    while following.reached() < end {
        commits.push(following.next().await.context("the log ended early")??);
    }
    Ok(commits)
}

fn each_is_there_once(commits: &[Positioned]) -> bool {
    let mut seen: HashSet<CommitId> = HashSet::with_capacity(commits.len());
    commits.iter().all(|commit| seen.insert(commit.commit.commit_id))
}

fn fold(commits: &[Positioned]) -> anyhow::Result<HashMap<CustomerId, Folded>> {
    let mut accounts: HashMap<CustomerId, Folded> = HashMap::new();
    for commit in commits.iter().filter(|commit| commit.subject.context == Room::Points) {
        let SubjectId::Uuid(account) = commit.subject.id else { continue };
        let account = accounts.entry(CustomerId(account)).or_default();
        let events = events_of::<PointsEvent>(commit)?;
        for event in &events {
            Account::apply_to_purse(&mut account.purse, event, commit.commit.recorded_at);
        }
        account.position = commit.position;
        let lines = events.iter().flat_map(|event| lines_of(event, commit.commit.recorded_at));
        let numbered =
            (0_i16..).zip(lines).map(|(number, line)| (commit.position, number, line.kind.as_str(), line.points));
        account.lines.extend(numbered);
    }
    Ok(accounts)
}
