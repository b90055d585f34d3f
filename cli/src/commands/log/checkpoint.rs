//! `loyalnest log checkpoint`: signs now, and prints the newest checkpoint of the top log with the key to check it.

use std::process::ExitCode;

use anyhow::Context;
use gateway::Options;
use projections::transparency::Names;
use serde_json::json;

use super::seal::seal;
use crate::{
    args::Output,
    composition::{self, Config},
    output,
};

pub async fn run(config: &Config, output: Output) -> anyhow::Result<ExitCode> {
    let gateway = composition::assemble(config, Options::default()).await?;
    let note = seal(&gateway, config).await?.context("the log is empty")?;
    let key = Names::new(composition::checkpoint_signer(&gateway, config)?.key.public(), 0).key();
    match output {
        Output::Table => print!("{note}"),
        Output::Json | Output::Jsonl => {
            output::one(output, &[], &json!({ "checkpoint": note, "key": key.to_string() }))?;
        }
    }
    eprintln!("key {key}");
    Ok(ExitCode::SUCCESS)
}
