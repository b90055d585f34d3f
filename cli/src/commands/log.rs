//! `loyalnest log …`: what an auditor does with the log.

mod checkpoint;
mod export;
mod format;
mod import;
mod seal;
pub mod verify;

use std::process::ExitCode;

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
    }
}
