//! `loyalnest log …`: what an auditor does with the log. What is sealed in it stays sealed here.

mod checkpoint;
mod export;
mod format;
mod import;
mod replay;
mod seal;
mod show;
mod tail;
pub mod verify;

pub use replay::person_row;

use std::process::ExitCode;

use aggregates::id::MerchantId;
use anyhow::Context;
use journal::{Journal, Subject};
use projections::replay::{Moment, as_of};

use crate::{
    args::{LogCommand, Output},
    composition::Config,
};

/// Something was verified and is not as it should be.
pub const VERIFICATION_FAILED: u8 = 6;

/// `config` is asked for by what needs servers: an export is verified without any.
pub async fn run(
    command: LogCommand,
    config: impl FnOnce() -> anyhow::Result<Config>,
    output: Output,
) -> anyhow::Result<ExitCode> {
    match command {
        LogCommand::Verify(args) => verify::run(args, config, output).await,
        LogCommand::Checkpoint => checkpoint::run(&config()?, output).await,
        LogCommand::Export(args) => export::run(args, &config()?, output).await,
        LogCommand::Import(args) => import::run(args, &config()?, output).await,
        LogCommand::Show { position } => {
            show::show(&config()?.journal().await?, position, output).await?;
            Ok(ExitCode::SUCCESS)
        }
        LogCommand::Tail { merchant, last, follow } => {
            let merchant = merchant.as_deref().map(merchant_id).transpose()?;
            tail::tail(&config()?.journal().await?, merchant, last, follow, output).await?;
            Ok(ExitCode::SUCCESS)
        }
        LogCommand::Replay { merchant, customer, as_of } => {
            let (merchant, moment) = (merchant_id(&merchant)?, moment(as_of.as_deref())?);
            let journal = config()?.journal().await?;
            match customer {
                Some(customer) => replay::one(&journal, merchant, customer.parse()?, moment, output).await?,
                None => replay::all(&journal, merchant, moment, output).await?,
            }
            Ok(ExitCode::SUCCESS)
        }
    }
}

pub fn merchant_id(text: &str) -> anyhow::Result<MerchantId> {
    text.parse().with_context(|| format!("{text} names no merchant"))
}

/// The moment asked about; the end of all positions, which is now, if none is.
pub fn moment(text: Option<&str>) -> anyhow::Result<Moment> {
    let moment = text.map(str::parse).transpose().context("--as-of takes an RFC 3339 time or a position")?;
    Ok(moment.unwrap_or(Moment::Position(u64::MAX)))
}

/// The instant of a moment, by the merchant's own clock.
async fn instant(
    journal: &Journal,
    merchant: MerchantId,
    moment: Moment,
) -> anyhow::Result<aggregates::time::Timestamp> {
    use aggregates::time::Clock;
    let now = as_of::<aggregates::merchant::Merchant>(journal, Subject::merchant(merchant), moment).await?;
    let now = now.state.now(gateway::clock::SystemClock.now());
    moment.instant(journal, merchant, now).await?.context("the log has no such position")
}
