//! The command line. What is said here is `--help`.

use std::{net::SocketAddr, path::PathBuf};

use clap::{Args as Group, Parser, Subcommand, ValueEnum};

/// A self-hosted loyalty platform for online shops.
#[derive(Debug, Parser)]
#[command(name = "loyalnest", version)]
pub struct Args {
    /// Reads KEY=VALUE lines as environment, such as the `env` file that `loyalnest dev` writes.
    #[arg(long, global = true, value_name = "FILE")]
    pub env_file: Option<PathBuf>,

    /// How to print what was asked for.
    #[arg(short, long, global = true, value_enum, default_value_t)]
    pub output: Output,

    #[command(subcommand)]
    pub command: Command,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub enum Output {
    #[default]
    Table,
    Json,
    Jsonl,
}

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Everything on this machine: starts its own servers under a directory, migrates, serves.
    Dev(DevArgs),
    /// The gateway: webhooks and API.
    Serve(ServeArgs),
    /// The workers: projections and sweeps.
    Work(WorkArgs),
    /// The root key store.
    #[command(subcommand)]
    Keys(KeysCommand),
    /// Brings the database to this version's schema.
    Migrate,
    /// Merchants.
    #[command(subcommand)]
    Merchant(MerchantCommand),
    /// Streams of the log, as declared in streams.toml.
    #[command(subcommand)]
    Streams(StreamsCommand),
    /// Read models.
    #[command(subcommand)]
    Projections(ProjectionsCommand),
    /// After the log was restored from a copy, or replaced.
    #[command(subcommand)]
    Restore(RestoreCommand),
    /// Webhooks that were signed well and not understood.
    #[command(subcommand)]
    Parked(ParkedCommand),
    /// Measures this machine: every figure beside its own ceiling, in one run, on servers of its own.
    Bench(BenchArgs),
}

#[derive(Debug, Group)]
pub struct DevArgs {
    /// Everything this installation writes is below it.
    #[arg(long, default_value = ".data")]
    pub data_dir: PathBuf,
    #[arg(long, default_value = "127.0.0.1:8080")]
    pub listen: SocketAddr,
    /// Makes a demo merchant and prints how to send it an order.
    #[arg(long)]
    pub demo: bool,
    /// Offers `POST /v1/test_clock`.
    #[arg(long)]
    pub test_clock: bool,
    /// The `nats-server` program.
    #[arg(long)]
    pub nats_server: Option<PathBuf>,
    /// The folder with `postgres` and `initdb`.
    #[arg(long)]
    pub postgres_bin: Option<PathBuf>,
}

#[derive(Debug, Group)]
pub struct ServeArgs {
    #[arg(long, env = "LOYALNEST_LISTEN", default_value = "127.0.0.1:8080")]
    pub listen: SocketAddr,
    /// Offers `POST /v1/test_clock`. Never on a production installation.
    #[arg(long)]
    pub test_clock: bool,
}

#[derive(Debug, Group)]
pub struct WorkArgs {
    /// Where health and metrics are to be had.
    #[arg(long, env = "LOYALNEST_LISTEN", default_value = "127.0.0.1:8081")]
    pub listen: SocketAddr,
}

#[derive(Debug, Subcommand)]
pub enum KeysCommand {
    /// Makes the root key store of a new installation; leaves one that is there as it is.
    Init,
}

#[derive(Debug, Subcommand)]
pub enum MerchantCommand {
    /// Makes a merchant; prints its id and, this once, its API key.
    Create {
        /// The shop's own domain, such as demo.myshopify.com.
        #[arg(long)]
        shop: String,
        /// What the shop signs its webhooks with; twice while it rotates.
        #[arg(long = "webhook-secret", required = true, env = "LOYALNEST_WEBHOOK_SECRET", hide_env_values = true)]
        webhook_secrets: Vec<String>,
    },
}

#[derive(Debug, Subcommand)]
pub enum StreamsCommand {
    /// What would change on the server.
    Plan,
    /// Changes it.
    Apply {
        /// Also what could lose data.
        #[arg(long)]
        allow_destructive: bool,
        /// Confirms a destructive change.
        #[arg(long)]
        yes: bool,
    },
}

#[derive(Debug, Subcommand)]
pub enum ProjectionsCommand {
    /// Names of the read models.
    List,
    /// Where each stands.
    Status,
    /// Stops one at its checkpoint.
    Pause { name: String },
    /// Lets it go on.
    Resume { name: String },
}

#[derive(Debug, Subcommand)]
pub enum RestoreCommand {
    /// Makes the log as it is now the truth, and puts that on record: a new epoch begins. Read models that were made from
    /// the log before are emptied and begin again. Without --yes, only says what would be done.
    Adopt {
        /// Why; goes on record, sealed.
        #[arg(long)]
        reason: String,
        /// Confirms.
        #[arg(long)]
        yes: bool,
    },
    /// Adoptions on record, the oldest first.
    List,
}

#[derive(Debug, Subcommand)]
pub enum ParkedCommand {
    /// The newest first.
    List,
    /// One, with its body opened. Prints personal data.
    Show { id: String },
    /// Tries it again, as if it had just arrived.
    Retry { id: String },
    /// Gives it up.
    Discard {
        id: String,
        #[arg(long)]
        reason: String,
        /// Confirms.
        #[arg(long)]
        yes: bool,
    },
}

#[derive(Debug, Group)]
pub struct BenchArgs {
    /// Only these; everything unless said.
    #[arg(long, value_enum, value_delimiter = ',')]
    pub only: Vec<BenchPart>,
    /// Smaller and shorter: to try things out, not to quote.
    #[arg(long)]
    pub quick: bool,
    #[command(subcommand)]
    pub command: Option<BenchCommand>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum BenchPart {
    /// Commands that award points.
    #[value(alias = "a")]
    Award,
    /// A command on an account that is not in memory.
    #[value(alias = "b")]
    Cold,
    /// Signed orders over HTTP.
    #[value(alias = "c")]
    Webhook,
    /// Balances over HTTP.
    #[value(alias = "d")]
    Read,
    /// From the answer to the visible balance.
    #[value(alias = "e")]
    Visible,
    /// What hot accounts weigh.
    #[value(alias = "f")]
    Memory,
    /// The daily window of a shop's segments.
    Rfm,
}

#[derive(Debug, Subcommand)]
pub enum BenchCommand {
    /// Kills gateway, log and database of an installation at random moments under traffic, then checks the books.
    Kills(KillsArgs),
    /// The gateway that is measured.
    #[command(hide = true)]
    Stand,
    /// A gateway with hot accounts, that is weighed.
    #[command(hide = true)]
    Hot { accounts: u64, orders: u64 },
}

#[derive(Debug, Group)]
pub struct KillsArgs {
    #[arg(long, default_value_t = 1_000)]
    pub kills: u32,
    /// The same seed gives the same kills and the same orders.
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
    /// Parts of the shop that send at the same time.
    #[arg(long, default_value_t = 4)]
    pub senders: u64,
}
