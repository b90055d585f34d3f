//! The operator's commands, one file each.

pub mod books;
pub mod customer;
pub mod log;
pub mod merchant;
pub mod parked;
pub mod privacy;
pub mod projections;
pub mod restore;
pub mod streams;

use std::{path::Path, process::ExitCode};

use anyhow::Context;

use crate::{
    args::{Args, Command, KeysCommand},
    bench,
    composition::{self, Config},
    dev, serve,
};

/// Does what was asked. The exit code is 0, or what the command means by another; an error is 1.
pub async fn run(args: Args) -> anyhow::Result<ExitCode> {
    let from_file = args.env_file.as_deref().map(read_env_file).transpose()?;
    let config = || from_file.clone().map_or_else(Config::from_env, Ok);
    match args.command {
        Command::Dev(dev) => dev::dev(dev).await?,
        Command::Serve(serve) => serve::serve(serve, config()?).await?,
        Command::Work(work) => serve::work(work, config()?).await?,
        Command::Keys(KeysCommand::Init) => composition::init_keys(&config()?).await?,
        Command::Migrate => composition::migrate(&config()?.database().await?).await?,
        Command::Merchant(command) => merchant::run(command, &config()?, args.output).await?,
        Command::Streams(command) => streams::run(command, &config()?, args.output).await?,
        Command::Projections(command) => projections::run(command, &config()?, args.output).await?,
        Command::Restore(command) => restore::run(command, &config()?, args.output).await?,
        Command::Log(command) => return log::run(command, config, args.output).await,
        Command::Customer(command) => customer::run(command, &config()?, args.output).await?,
        Command::Books(command) => books::run(command, &config()?, args.output).await?,
        Command::Privacy(command) => privacy::run(command, args.output)?,
        Command::Parked(command) => parked::run(command, &config()?, args.output).await?,
        Command::Bench(bench) => bench::run(bench, args.output).await?,
    }
    Ok(ExitCode::SUCCESS)
}

/// KEY=VALUE lines; what is not ours is passed over.
pub(crate) fn read_env_file(path: &Path) -> anyhow::Result<Config> {
    let text = std::fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
    let read = |name: &str| {
        let mut lines = text.lines().filter_map(|line| line.split_once('='));
        let found = lines.find(|(key, _)| key.trim() == name).map(|(_, value)| value.trim().to_owned());
        found.with_context(|| format!("{} does not say {name}", path.display()))
    };
    Ok(Config {
        nats_url: read("LOYALNEST_NATS_URL")?,
        database_url: read("LOYALNEST_DATABASE_URL")?,
        root_keys: read("LOYALNEST_ROOT_KEYS")?.into(),
    })
}
