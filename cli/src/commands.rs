//! The operator's commands, one file each.

pub mod api_keys;
pub mod books;
pub mod check;
pub mod customer;
pub mod doctor;
pub mod export;
pub mod gdpr;
pub mod import;
pub mod keys;
pub mod log;
pub mod merchant;
mod operator;
mod pace;
pub mod parked;
pub mod privacy;
pub mod projections;
pub mod restore;
pub mod streams;
pub mod tasks;
pub mod whatif;

use std::{io::Write, process::ExitCode};

use clap::CommandFactory;

use crate::{
    args::{Args, Command},
    bench,
    composition::{self, Config},
    dev, serve,
};

/// Does what was asked. The exit code is 0, or what the command means by another; an error is 1.
pub async fn run(args: Args) -> anyhow::Result<ExitCode> {
    let from_file = args.env_file.as_deref().map(Config::from_file).transpose()?;
    let config = || from_file.clone().map_or_else(Config::from_env, Ok);
    match args.command {
        Command::Dev(dev) => dev::dev(dev).await?,
        Command::Serve(serve) => serve::serve(serve, config()?).await?,
        Command::Work(work) => serve::work(work, config()?).await?,
        Command::Keys(command) => keys::run(command, &config()?, args.output).await?,
        Command::Completions { shell } => {
            let mut script = Vec::new();
            clap_complete::generate(shell, &mut Args::command(), "loyalnest", &mut script);
            std::io::stdout().write_all(&script)?;
        }
        Command::Migrate => composition::migrate(&config()?.database().await?).await?,
        Command::Merchant(command) => merchant::run(command, &config()?, args.output).await?,
        Command::ApiKeys(command) => api_keys::run(command, &config()?, args.output).await?,
        Command::Streams(command) => streams::run(command, &config()?, args.output).await?,
        Command::Projections(command) => return projections::run(command, &config()?, args.output).await,
        Command::Check(command) => return Ok(check::run(command, config).await),
        Command::Restore(command) => restore::run(command, &config()?, args.output).await?,
        Command::Customer(command) => customer::run(command, &config()?, args.output).await?,
        Command::Import(command) => import::run(command, &config()?, args.output).await?,
        Command::Export(export) => export::run(export, &config()?, args.output).await?,
        Command::Books(command) => books::run(command, &config()?, args.output).await?,
        Command::WhatIf(whatif) => whatif::run(whatif, &config()?, args.output).await?,
        Command::Privacy(command) => privacy::run(command, args.output)?,
        Command::Parked(command) => parked::run(command, &config()?, args.output).await?,
        Command::Tasks(command) => tasks::run(command, &config()?, args.output).await?,
        Command::Gdpr(command) => gdpr::run(command, &config()?, args.output).await?,
        Command::Log(command) => return log::run(command, config, args.output).await,
        Command::Doctor(doctor) => return doctor::run(doctor, &config()?, args.output).await,
        Command::Bench(bench) => bench::run(bench, args.output).await?,
    }
    Ok(ExitCode::SUCCESS)
}
