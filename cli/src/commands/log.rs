//! `loyalnest log …`: the log itself, for auditors. What is sealed in it stays sealed here.

mod replay;
mod show;
mod tail;

pub use replay::person_row;

use aggregates::id::MerchantId;
use anyhow::Context;
use journal::{Journal, Subject};
use projections::replay::{Moment, as_of};

use crate::{
    args::{LogCommand, Output},
    composition::Config,
};

pub async fn run(command: LogCommand, config: &Config, output: Output) -> anyhow::Result<()> {
    let journal = config.journal().await?;
    match command {
        LogCommand::Show { position } => show::show(&journal, position, output).await,
        LogCommand::Tail { merchant, last, follow } => {
            tail::tail(&journal, merchant.as_deref().map(merchant_id).transpose()?, last, follow, output).await
        }
        LogCommand::Replay { merchant, customer, as_of } => {
            let merchant = merchant_id(&merchant)?;
            let moment = moment(as_of.as_deref())?;
            match customer {
                Some(customer) => replay::one(&journal, merchant, customer.parse()?, moment, output).await,
                None => replay::all(&journal, merchant, moment, output).await,
            }
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
