//! The command line. What is said here is `--help`.

mod api_keys;
mod bench;
mod log;
mod projections;
mod transfer;

use std::{net::SocketAddr, path::PathBuf};

use ::projections::{books::Day, replay::Moment};
use aggregates::id::{CustomerId, MerchantId, TaskId};
use clap::{Args as Group, Parser, Subcommand, ValueEnum};
use clap_complete::Shell;

pub use self::api_keys::ApiKeysCommand;
pub use self::bench::*;
pub use self::log::*;
pub use self::projections::*;
pub use self::transfer::{ExportTablesArgs, ImportCommand, ImportCustomersArgs};

/// A self-hosted loyalty platform for online shops.
#[derive(Debug, Parser)]
#[command(name = "loyalnest", version)]
pub struct Args {
    /// Reads KEY=VALUE lines as environment, such as the `env` file that `loyalnest dev` writes. What they leave open is taken from
    /// the environment.
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
    /// What a shell completes commands from: `source <(loyalnest completions bash)`.
    Completions { shell: Shell },
    /// Merchants.
    #[command(subcommand)]
    Merchant(MerchantCommand),
    /// API keys of merchants, and what each may be used for.
    #[command(subcommand)]
    ApiKeys(ApiKeysCommand),
    /// Streams of the log, as declared in streams.toml.
    #[command(subcommand)]
    Streams(StreamsCommand),
    /// Read models.
    #[command(subcommand)]
    Projections(ProjectionsCommand),
    /// Questions of monitors: one line, and an exit code as their plugins have it.
    #[command(subcommand)]
    Check(CheckCommand),
    /// After the log was restored from a copy, or replaced.
    #[command(subcommand)]
    Restore(RestoreCommand),
    /// The log: what was recorded, what was the case at any instant, and that nobody has changed it.
    #[command(subcommand)]
    Log(LogCommand),
    /// Customers.
    #[command(subcommand)]
    Customer(CustomerCommand),
    /// Customers from a file, of another programme or of another installation.
    #[command(subcommand)]
    Import(ImportCommand),
    /// Everything a merchant has here, as files.
    Export(ExportTablesArgs),
    /// The books of a merchant: what came and went, period by period.
    #[command(subcommand)]
    Books(BooksCommand),
    /// What another programme would have made of a merchant's real history. Reads the log, and writes nothing.
    #[command(name = "whatif")]
    WhatIf(WhatIfArgs),
    /// What is held on people, and where.
    #[command(subcommand)]
    Privacy(PrivacyCommand),
    /// Webhooks that were signed well and not understood.
    #[command(subcommand)]
    Parked(ParkedCommand),
    /// The task queue: what is to be done outside or later, and what was given up.
    #[command(subcommand)]
    Tasks(TasksCommand),
    /// Privacy requests: people and shops that are to be forgotten, or want their data.
    #[command(subcommand)]
    Gdpr(GdprCommand),
    /// What is wrong with this installation, and what to do about it. The exit code is 1 if anything is.
    Doctor(DoctorArgs),
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
    /// What keys there are, what is still to be forgotten, and where the deletion journal stands. Prints no key.
    Status,
    /// Moves to new keys and forgets the old ones, while everything runs; without an argument, only finishes what was cut
    /// short. It can be repeated after any interruption.
    Rotate(RotateArgs),
}

#[derive(Debug, Group)]
#[group(multiple = false)]
pub struct RotateArgs {
    /// The key of one bucket, under which up to 1,024 people's keys are.
    #[arg(long, value_name = "UUID")]
    pub bucket: Option<uuid::Uuid>,
    /// A merchant's own key, and all its buckets. Takes a minute longer: processes have to hear of the new key first.
    #[arg(long, value_name = "ID")]
    pub merchant: Option<String>,
    /// The root key.
    #[arg(long)]
    pub root: bool,
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
        /// What the shop's Admin API is used with, so that rewards can be made there; may also be given later.
        #[arg(long, env = "LOYALNEST_ADMIN_TOKEN", hide_env_values = true)]
        admin_token: Option<String>,
    },
    /// Replaces what the shop signs its webhooks with. Give the new secret and the old one, let the shop change, then give the new
    /// one alone: running gateways follow within seconds.
    WebhookSecrets {
        id: MerchantId,
        /// What is accepted from now on; at most two.
        #[arg(long = "webhook-secret", required = true, env = "LOYALNEST_WEBHOOK_SECRET", hide_env_values = true)]
        webhook_secrets: Vec<String>,
    },
    /// The programme's settings: those published last, a version, or those of a past moment.
    Settings {
        id: MerchantId,
        /// An RFC 3339 time or a position of the log; now, if not said.
        #[arg(long)]
        as_of: Option<Moment>,
        /// This version, whenever it was published.
        #[arg(long)]
        version: Option<u32>,
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
    /// Copies every stream that is there into files, each as it is at one moment. Everything may go on meanwhile; what is
    /// written later is not in the copy.
    Backup {
        /// A new folder.
        #[arg(long, value_name = "DIR")]
        to: PathBuf,
    },
    /// Makes the streams of such a copy on a server that does not have them: the same messages at the same positions. One that
    /// was cut short goes on.
    Restore {
        /// The folder of the copy.
        #[arg(long, value_name = "DIR")]
        from: PathBuf,
    },
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
pub enum CustomerCommand {
    /// Standing, balance and lots. The profile stays sealed.
    Show {
        id: CustomerId,
        /// An RFC 3339 time or a position of the log; now, if not said.
        #[arg(long)]
        as_of: Option<Moment>,
    },
}

#[derive(Debug, Group)]
pub struct WhatIfArgs {
    /// The programme to be tried, as TOML: `[program_settings]` with any of its sections, and `[[campaigns]]`.
    #[arg(value_name = "PROGRAM.toml")]
    pub program: PathBuf,
    /// Whose history; not needed where there is only one merchant.
    #[arg(long)]
    pub merchant: Option<MerchantId>,
}

#[derive(Debug, Subcommand)]
pub enum BooksCommand {
    /// What came and went between two days, UTC, in points and in currency.
    Show {
        #[arg(long)]
        merchant: MerchantId,
        /// The first day, such as 2026-11-01; the beginning, if not said.
        #[arg(long)]
        from: Option<Day>,
        /// The day after the last; tomorrow, if not said.
        #[arg(long)]
        to: Option<Day>,
        /// Also lists each day or month.
        #[arg(long, value_enum)]
        by: Option<BooksStep>,
        /// Derives the figures from the log instead of reading them.
        #[arg(long)]
        from_log: bool,
    },
    /// Closed periods with what was signed for them.
    Periods {
        #[arg(long)]
        merchant: MerchantId,
    },
    /// Closes the period that ends before a day. Closed periods are never restated.
    Close {
        #[arg(long)]
        merchant: MerchantId,
        /// The first day that does not belong to it; it must have begun.
        #[arg(long)]
        until: Day,
        /// Confirms.
        #[arg(long)]
        yes: bool,
    },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum BooksStep {
    Day,
    Month,
}

#[derive(Debug, Subcommand)]
pub enum PrivacyCommand {
    /// Every field of personal data: where it lives, what seals it, what erasure does to it. A record of processing.
    Catalogue,
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

#[derive(Debug, Subcommand)]
pub enum TasksCommand {
    /// Of every merchant, the newest first.
    List {
        /// Only those in this state.
        #[arg(long, value_parser = ["open", "completed", "dead", "discarded"])]
        state: Option<String>,
    },
    /// One, with how far it has come.
    Show { id: TaskId },
    /// Has one tried at once: one that was given up, or one that waits.
    Retry { id: TaskId },
    /// Gives one up for good.
    Discard {
        id: TaskId,
        /// Goes on record, sealed.
        #[arg(long)]
        reason: String,
        /// Confirms.
        #[arg(long)]
        yes: bool,
    },
}

#[derive(Debug, Subcommand)]
pub enum GdprCommand {
    /// Of every merchant, open ones first, the most urgent before the others.
    List,
    /// One, with the steps that were done.
    Show { id: String },
    /// Executes one without waiting for the end of its rest, and stays until it is done.
    Execute {
        id: String,
        /// Why it does not wait; goes on record, sealed.
        #[arg(long)]
        reason: String,
        /// Confirms.
        #[arg(long)]
        yes: bool,
    },
    /// What was done about a completed one, as a document.
    Certificate { id: String },
    /// Puts a legal hold on one, and on the keys of whom it is about.
    Hold {
        id: String,
        #[arg(long)]
        reason: String,
    },
    /// Lifts the hold.
    Release { id: String },
    /// Closes one without following it.
    Refuse {
        id: String,
        #[arg(long)]
        reason: String,
        /// Confirms.
        #[arg(long)]
        yes: bool,
    },
    /// Customers who have done nothing for so many months. Only says who they are, unless told to execute.
    Inactive {
        /// Whose customers.
        #[arg(long)]
        merchant: String,
        #[arg(long)]
        months: u32,
        /// Asks to have them forgotten.
        #[arg(long)]
        execute: bool,
    },
}

#[derive(Debug, Group)]
pub struct DoctorArgs {
    /// Reads every store from end to end, for what was sealed for people who were forgotten. The exit code is 6 if there is any.
    #[arg(long)]
    pub scan: bool,
    /// With --scan: a file with a value in each line that should be nowhere in the clear.
    #[arg(long, value_name = "FILE", requires = "scan")]
    pub planted: Option<PathBuf>,
}
