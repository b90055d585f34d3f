//! What is measured: `loyalnest bench …`.

use clap::{Args as Group, Subcommand, ValueEnum};

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
    /// The log verified.
    #[value(alias = "g")]
    Verify,
    /// People forgotten.
    #[value(alias = "h")]
    Erase,
    /// The daily window of a shop's segments.
    Rfm,
    /// Read models made anew.
    #[value(alias = "i")]
    Rebuild,
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
