//! The kill drill: a whole installation under traffic, whose gateway, log and database are killed (SIGKILL) at random
//! moments, and then the books. What a shop was told is done must be done, and done once.
//!
//! | file | its idea |
//! |---|---|
//! | [`installation`] | `loyalnest dev` as a process of its own: started, killed, started again, removed |
//! | [`shop`] | somebody who repeats every request until it is answered, as shops do |
//! | [`traffic`] | orders, refunds, redemptions and merges whose outcome is known beforehand |
//! | [`books`] | what must be true afterwards |
//! | [`dice`] | chance that can be repeated |

pub mod books;
pub mod dice;
pub mod installation;
pub mod shop;
pub mod traffic;

use std::{sync::Arc, time::Duration};

use anyhow::Context;
use nix::sys::signal::Signal;
use tokio::{task::JoinSet, time};
use tokio_util::sync::CancellationToken;

use self::{
    books::Books,
    dice::Dice,
    installation::{Installation, Part},
    shop::Shop,
    traffic::Traffic,
};

/// Each once in every three kills, in any order.
const PARTS: [Part; 3] = [Part::Gateway, Part::Nats, Part::Postgres];
/// Between two kills: long enough for some answers, too short for everything to have come back.
const LULL_MS: std::ops::Range<u64> = 50..900;
/// A killed gateway stays away for a moment, while its servers run on.
const ABSENCE_MS: std::ops::Range<u64> = 0..300;
/// How long a server that was killed may take to be there again for the next kill.
const BACK_WITHIN: Duration = Duration::from_secs(60);
const LOOK_EVERY: Duration = Duration::from_millis(20);
/// A gateway that starts while a server is being killed may fail, as it should; whoever runs it starts it again.
const START_ATTEMPTS: usize = 10;

/// How much of it.
#[derive(Debug, Clone, Copy)]
pub struct Drill {
    pub kills: u32,
    /// The same seed gives the same kills and the same orders; not the same instants.
    pub seed: u64,
    /// Parts of the shop that send at the same time.
    pub senders: u64,
}

/// What happened.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Report {
    pub gateway_kills: u32,
    pub log_kills: u32,
    pub database_kills: u32,
    /// Requests that were answered in the end.
    pub answered: u64,
    /// Times a request got no answer, or one that says "later", and was repeated.
    pub repeated: u64,
    /// Points accounts whose books were checked.
    pub accounts: usize,
    pub commits: usize,
}

/// Kills parts of a running installation while `shop` sends, waits for everything to be answered, and checks the books.
///
/// # Errors
/// The first thing that is not as it must be, in words.
pub async fn kills(installation: &mut Installation, shop: Shop, drill: &Drill) -> anyhow::Result<Report> {
    let mut report = Report::default();
    let traffic = Arc::new(Traffic::new(shop));
    let enough = CancellationToken::new();
    let mut senders = JoinSet::new();
    for sender in 0..drill.senders {
        let (traffic, enough) = (Arc::clone(&traffic), enough.clone());
        let dice = Dice::of(drill.seed.wrapping_add(sender + 1));
        senders.spawn(async move { traffic.send_until(&enough, sender, dice).await });
    }
    let mut dice = Dice::of(drill.seed);
    let mut next = Vec::new();
    for _ in 0..drill.kills {
        if next.is_empty() {
            next = dice.shuffled(PARTS);
        }
        time::sleep(dice.millis(LULL_MS)).await;
        let part = next.pop().unwrap_or(Part::Gateway);
        kill_one(part, installation, &mut dice, &mut report).await?;
    }
    enough.cancel();
    while let Some(sent) = senders.join_next().await {
        sent.context("a sender failed")??;
    }
    traffic.ask_again().await.context("everything was sent once more")?;
    let books = Books::of(&installation.env_file(), &traffic).await?;
    books.check().await.context("the books do not balance")?;
    report.answered = traffic.shop().answered();
    report.repeated = traffic.shop().repeated();
    (report.accounts, report.commits) = (books.accounts(), books.commits());
    Ok(report)
}

async fn kill_one(
    part: Part,
    installation: &mut Installation,
    dice: &mut Dice,
    report: &mut Report,
) -> anyhow::Result<()> {
    match part {
        Part::Gateway => {
            report.gateway_kills += 1;
            installation.kill_gateway().await?;
            time::sleep(dice.millis(ABSENCE_MS)).await;
            start_again(installation).await
        }
        Part::Nats => {
            report.log_kills += 1;
            kill_server(installation, part).await
        }
        Part::Postgres => {
            report.database_kills += 1;
            kill_server(installation, part).await
        }
    }
}

async fn start_again(installation: &mut Installation) -> anyhow::Result<()> {
    for _ in 1..START_ATTEMPTS {
        match installation.start_again().await {
            Ok(()) => return Ok(()),
            Err(error) => tracing::info!(%error, "the gateway did not start, once more"),
        }
    }
    installation.start_again().await
}

async fn kill_server(installation: &Installation, part: Part) -> anyhow::Result<()> {
    let killed = async {
        let mut look = time::interval(LOOK_EVERY);
        while !installation.signal(part, Signal::SIGKILL) {
            look.tick().await;
        }
    };
    time::timeout(BACK_WITHIN, killed).await.with_context(|| format!("{part:?} did not come back after a kill"))
}
