//! Arguments about API keys.

use aggregates::{
    id::MerchantId,
    merchant::{ApiKeyId, Scope},
};
use clap::Subcommand;

#[derive(Debug, Subcommand)]
pub enum ApiKeysCommand {
    /// Makes a key; prints it this once.
    Create {
        #[arg(long, value_name = "ID")]
        merchant: MerchantId,
        /// What the merchant calls it, such as who uses it. Kept sealed.
        #[arg(long)]
        name: String,
        /// What it may be used for: read, personal_data, write, settings, privacy, audit, operations, keys. Everything, unless
        /// said.
        #[arg(long = "scope", value_name = "SCOPE", value_delimiter = ',', value_parser = parse_scope)]
        scopes: Vec<Scope>,
    },
    /// Keys that are in use, the oldest first.
    List {
        #[arg(long, value_name = "ID")]
        merchant: MerchantId,
    },
    /// Revokes a key. When this ends, no gateway accepts it any more.
    Revoke {
        id: ApiKeyId,
        #[arg(long, value_name = "ID")]
        merchant: MerchantId,
        /// Confirms.
        #[arg(long)]
        yes: bool,
    },
}

fn parse_scope(word: &str) -> Result<Scope, String> {
    let known = || Scope::ALL.map(Scope::as_str).join(", ");
    Scope::parse(word).ok_or_else(|| format!("one of {}", known()))
}
