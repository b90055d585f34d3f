//! `loyalnest keys …`: the root key store, what keys there are, and moving to new ones.

mod rotate;
mod status;

use crate::{
    args::{KeysCommand, Output},
    composition::{self, Config},
};

pub async fn run(command: KeysCommand, config: &Config, output: Output) -> anyhow::Result<()> {
    match command {
        KeysCommand::Init => composition::init_keys(config).await,
        KeysCommand::Status => status::status(config, output).await,
        KeysCommand::Rotate(what) => rotate::rotate(what, config, output).await,
    }
}
