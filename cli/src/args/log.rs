//! What is said of the log: `loyalnest log …`.

use std::path::PathBuf;

use aggregates::id::{CustomerId, MerchantId};
use clap::{Args as Group, Subcommand};
use projections::replay::Moment;

#[derive(Debug, Subcommand)]
pub enum LogCommand {
    /// One commit, decoded. What is sealed stays sealed.
    Show { position: u64 },
    /// The newest commits, and with --follow those to come.
    Tail {
        /// Only this merchant's.
        #[arg(long)]
        merchant: Option<MerchantId>,
        /// How many of the newest.
        #[arg(short = 'n', long, default_value_t = 20)]
        last: usize,
        /// Goes on with those that follow, until it is interrupted.
        #[arg(long)]
        follow: bool,
    },
    /// What was the case at an instant, from the log alone: standing, balances and lots of one customer, or of all.
    Replay {
        #[arg(long)]
        merchant: MerchantId,
        #[arg(long)]
        customer: Option<CustomerId>,
        /// An RFC 3339 time or a position of the log; now, if not said.
        #[arg(long)]
        as_of: Option<Moment>,
    },
    /// Checks that nothing was changed, removed, added or moved since it was signed, and that the read models say what the
    /// log says. The exit code is 6 if anything is wrong.
    Verify(VerifyArgs),
    /// Signs what has not been signed yet, and prints the newest checkpoint: keep it, and have the log verified against it.
    Checkpoint,
    /// Writes the history to a file that anybody can read and check, signed as it is now. What is sealed stays sealed, and
    /// keys are not in it, unless they are asked for.
    Export(ExportArgs),
    /// Makes a pair of keys for `export --keys-to` and `import --keys-from`: writes the private one to a new file, prints the
    /// public one. `openssl genpkey -algorithm X25519` does the same.
    Recipient {
        #[arg(value_name = "PRIVATE_KEY_FILE")]
        to: PathBuf,
    },
    /// Takes over the history of merchants that this installation does not have. Without their keys nobody's profile opens
    /// here; balances, lots and proofs are the same. One that was cut short goes on where it ended.
    Import(ImportArgs),
}

#[derive(Debug, Group)]
pub struct ExportArgs {
    /// Only this merchant's history.
    #[arg(long)]
    pub merchant: Option<MerchantId>,
    /// Replaced if it is there, once the new one is complete.
    #[arg(long, value_name = "FILE")]
    pub to: PathBuf,
    /// Also takes the keys along, closed for whoever has the private half of this X25519 key (PEM). Goes on record.
    #[arg(long, value_name = "PUBLIC_KEY_FILE")]
    pub keys_to: Option<PathBuf>,
}

#[derive(Debug, Group)]
pub struct ImportArgs {
    #[arg(long, value_name = "FILE")]
    pub from: PathBuf,
    /// What its signatures are checked with; the file's own key unless said.
    #[arg(long)]
    pub key: Option<String>,
    /// Takes over the keys in the file as well, which were closed for this X25519 key (PEM).
    #[arg(long, value_name = "PRIVATE_KEY_FILE")]
    pub keys_from: Option<PathBuf>,
}

#[derive(Debug, Group)]
pub struct VerifyArgs {
    /// A file of `log export`, instead of this installation. Nothing else is needed.
    #[arg(long, value_name = "FILE", conflicts_with = "merchant")]
    pub export: Option<PathBuf>,
    /// Only this merchant's history.
    #[arg(long)]
    pub merchant: Option<MerchantId>,
    /// A checkpoint that you have kept; several may be given.
    #[arg(long, value_name = "FILE")]
    pub checkpoint: Vec<PathBuf>,
    /// What signatures are checked with, such as `loyalnest/1a2b…+3c4d5e6f+AbCd…`; the installation's own key unless said.
    #[arg(long)]
    pub key: Option<String>,
    /// Leaves the read models aside.
    #[arg(long)]
    pub no_read_models: bool,
}
