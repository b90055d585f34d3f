//! `log tail`: the newest commits, and those that follow.

use std::{collections::VecDeque, io::Write};

use aggregates::id::MerchantId;
use anyhow::Context;
use futures::StreamExt;
use journal::{Follow, Journal, Positioned};

use super::show::{document, lines};
use crate::args::Output;

pub async fn tail(
    journal: &Journal,
    merchant: Option<MerchantId>,
    last: usize,
    follow: bool,
    output: Output,
) -> anyhow::Result<()> {
    let filter = merchant.map_or(Follow::Everything, Follow::Merchant);
    // Of one merchant the log knows the newest; of all, what is broken at its end would be waited for without end.
    let end = match filter {
        Follow::Everything => journal.newest_position(filter).await?,
        Follow::Merchant(_) | Follow::Room(_) => journal.last_position_of(filter).await?,
    };
    let newest = newest(journal, filter, end, last).await?;
    if output == Output::Json && !follow {
        let documents = newest.iter().map(document).collect::<anyhow::Result<Vec<_>>>()?;
        return crate::output::list(output, &[], &documents);
    }
    newest.iter().try_for_each(|commit| print(commit, output))?;
    if !follow {
        return Ok(());
    }
    let mut following = journal.follow(end, filter).await?;
    while let Some(commit) = following.next().await {
        print(&commit?, output)?;
    }
    Ok(())
}

/// The newest `wanted` commits that a filter lets through. A merchant's may be far apart: the search goes back in
/// strides that double.
async fn newest(journal: &Journal, filter: Follow, end: u64, wanted: usize) -> anyhow::Result<VecDeque<Positioned>> {
    let mut stride = u64::try_from(wanted).unwrap_or(u64::MAX);
    loop {
        let start = end.saturating_sub(stride);
        let found = newest_after(journal, filter, start, end, wanted).await?;
        if found.len() >= wanted || start == 0 {
            return Ok(found);
        }
        stride = stride.saturating_mul(2);
    }
}

/// No more than are wanted are kept.
async fn newest_after(
    journal: &Journal,
    filter: Follow,
    start: u64,
    end: u64,
    wanted: usize,
) -> anyhow::Result<VecDeque<Positioned>> {
    let mut following = journal.follow(start, filter).await?;
    let mut found = VecDeque::new();
    while following.reached() < end {
        found.push_back(following.next().await.context("the log ended early")??);
        if found.len() > wanted {
            found.pop_front();
        }
    }
    Ok(found)
}

/// Without headings, because nobody knows how many lines will follow.
fn print(commit: &Positioned, output: Output) -> anyhow::Result<()> {
    let mut out = std::io::stdout().lock();
    match output {
        Output::Json | Output::Jsonl => writeln!(out, "{}", document(commit)?)?,
        Output::Table => {
            for line in lines(commit)? {
                let word = |name: &str| line[name].as_str().unwrap_or_default().to_owned();
                let (at, actor, target, what) = (word("recorded_at"), word("actor"), word("target"), word("type"));
                writeln!(out, "{:>10}  {at}  {actor:<28}  {target:<44}  {what}", commit.position)?;
            }
        }
    }
    Ok(())
}
