//! `loyalnest log verify`: whether the log is still the one whose checkpoints were signed.
//!
//! Online it reads the journal from its beginning, computes every leaf and every tree anew, and holds them against what is
//! stored, against every checkpoint that was signed, against those that the caller has kept, and the read models against
//! what the log says they should be. Offline it does the same with an export, but for the read models, which an export does
//! not have. Whatever does not fit is named by its position; one such thing makes the exit code 6.
//!
//! | file | its idea |
//! |---|---|
//! | [`finding`] | what can be wrong, and how it is told |
//! | [`trees`] | the trees as the commits give them |
//! | [`given`] | checkpoints that the caller has kept |
//! | [`online`] | the journal, from beginning to end |
//! | [`offline`] | an export, from beginning to end |
//! | [`reading`], [`deriving`] | reading ahead of it, and the read models beside it |
//! | [`leaves`] | the stored leaves beside it |
//! | [`signatures`] | what was signed, against what the trees give |

mod deriving;
mod finding;
mod given;
mod leaves;
pub mod offline;
mod online;
mod reading;
mod signatures;
mod trees;

use std::process::ExitCode;

use super::VERIFICATION_FAILED;
use crate::{
    args::{Output, VerifyArgs},
    composition::Config,
};

pub use finding::{Fault, Finding, Report};
pub use online::{Scope, verify};

pub async fn run(
    args: VerifyArgs,
    config: impl FnOnce() -> anyhow::Result<Config>,
    output: Output,
) -> anyhow::Result<ExitCode> {
    let report = match &args.export {
        Some(file) => offline::verify(file, args.key.as_deref(), &args.checkpoint)?,
        None => online::run(&args, &config()?).await?,
    };
    report.print(output)?;
    Ok(if report.is_sound() { ExitCode::SUCCESS } else { ExitCode::from(VERIFICATION_FAILED) })
}
