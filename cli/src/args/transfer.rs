//! Arguments of what brings customers along, and of what lets a merchant take everything away.

use std::path::PathBuf;

use aggregates::{
    id::{ImportId, MerchantId},
    import::{DateOrder, Existing, Source},
};
use clap::{Args as Group, Subcommand};
use gateway::{exports::Form, imports::TextEncoding};

#[derive(Debug, Subcommand)]
pub enum ImportCommand {
    /// Customers with their points. The file is sealed first and then carried out; whatever interrupts it, the same command
    /// goes on where it was, and nothing is doubled.
    Customers(ImportCustomersArgs),
    /// Imports of a merchant, newest first.
    List {
        #[arg(long, value_name = "ID")]
        merchant: MerchantId,
    },
    /// Rows of an import that were turned away.
    Rejections {
        #[arg(long, value_name = "ID")]
        merchant: MerchantId,
        import: ImportId,
    },
}

#[derive(Debug, Group)]
pub struct ImportCustomersArgs {
    /// CSV, with a header.
    pub file: PathBuf,
    #[arg(long, value_name = "ID")]
    pub merchant: MerchantId,
    /// Whose export it is: own, smile, loyaltylion or yotpo.
    #[arg(long, default_value = "own", value_parser = parse_source)]
    pub format: Source,
    /// Only says what would happen.
    #[arg(long)]
    pub dry_run: bool,
    /// What becomes of rows about customers who are there already: update or reject.
    #[arg(long, default_value = "update", value_parser = parse_existing)]
    pub existing: Existing,
    /// utf-8 or windows-1252; a byte order mark is believed.
    #[arg(long, default_value = "utf-8", value_parser = parse_encoding)]
    pub encoding: TextEncoding,
    /// Which comes first in 03/04/2026: dmy or mdy. Without it such dates are turned away.
    #[arg(long, value_parser = parse_date_order)]
    pub date_order: Option<DateOrder>,
}

fn parse_source(word: &str) -> Result<Source, String> {
    Source::parse(word).ok_or_else(|| "one of own, smile, loyaltylion, yotpo".to_owned())
}

fn parse_existing(word: &str) -> Result<Existing, String> {
    Existing::parse(word).ok_or_else(|| "update or reject".to_owned())
}

fn parse_encoding(word: &str) -> Result<TextEncoding, String> {
    TextEncoding::parse(word).ok_or_else(|| "utf-8 or windows-1252".to_owned())
}

fn parse_date_order(word: &str) -> Result<DateOrder, String> {
    DateOrder::parse(word).ok_or_else(|| "dmy or mdy".to_owned())
}

#[derive(Debug, Group)]
pub struct ExportTablesArgs {
    #[arg(long, value_name = "ID")]
    pub merchant: MerchantId,
    /// Where the files go: they hold people's data in clear. Made if it is not there.
    #[arg(long, value_name = "DIR")]
    pub to: PathBuf,
    /// csv or jsonl.
    #[arg(long, default_value = "csv", value_parser = parse_form)]
    pub format: Form,
}

fn parse_form(word: &str) -> Result<Form, String> {
    Form::parse(word).ok_or_else(|| "csv or jsonl".to_owned())
}
