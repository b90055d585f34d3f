//! `loyalnest log …`: what an auditor does with the log. What is sealed in it stays sealed here.

mod checkpoint;
mod export;
mod format;
mod import;
mod parcels;
mod replay;
mod seal;
mod show;
mod tail;
pub mod verify;

pub use replay::person_row;

use std::{io::Write, process::ExitCode};

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
        LogCommand::Verify(args) => return verify::run(args, config, output).await,
        LogCommand::Checkpoint => return checkpoint::run(&config()?, output).await,
        LogCommand::Export(args) => return export::run(args, &config()?, output).await,
        LogCommand::Import(args) => return import::run(args, &config()?, output).await,
        LogCommand::Show { position } => show::show(&config()?.journal().await?, position, output).await?,
        LogCommand::Recipient { to } => {
            let public = parcels::make_pair(&to)?;
            write!(std::io::stdout().lock(), "{public}")?;
        }
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
