//! `loyalnest log …`: what an auditor does with the log. What is sealed in it stays sealed here.

mod replay;
mod show;
mod tail;

use std::process::ExitCode;

pub use replay::person_row;

use crate::{
    args::{LogCommand, Output},
    composition::Config,
};

/// `config` is asked for by what needs servers.
pub async fn run(
    command: LogCommand,
    config: impl FnOnce() -> anyhow::Result<Config>,
    output: Output,
) -> anyhow::Result<ExitCode> {
    match command {
        LogCommand::Show { position } => show::show(&config()?.journal().await?, position, output).await?,
        LogCommand::Tail { merchant, last, follow } => {
            tail::tail(&config()?.journal().await?, merchant, last, follow, output).await?;
        }
        LogCommand::Replay { merchant, customer, as_of } => {
            let journal = config()?.journal().await?;
            match customer {
                Some(customer) => replay::one(&journal, merchant, customer, as_of, output).await?,
                None => replay::all(&journal, merchant, as_of, output).await?,
            }
        }
    }
    Ok(ExitCode::SUCCESS)
}
