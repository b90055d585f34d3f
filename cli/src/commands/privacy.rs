//! `loyalnest privacy …`: what is held on people, as data, for a record of processing.

use aggregates::catalogue::{COLUMNS, SEALED, Told, told};
use serde_json::{Value, json};

use crate::{
    args::{Output, PrivacyCommand},
    output,
};

const PRINTED: [&str; 6] = ["name", "what", "protection", "erasure", "purpose", "lives_in"];

pub fn run(command: PrivacyCommand, output: Output) -> anyhow::Result<()> {
    let PrivacyCommand::Catalogue = command;
    output::list(output, &PRINTED, &rows())
}

/// One row for each field of personal data.
pub fn rows() -> Vec<Value> {
    let sealed = SEALED.iter().map(|field| {
        let name = if field.field.is_empty() {
            field.content.to_owned()
        } else {
            format!("{}.{}", field.content, field.field)
        };
        json!({
            "name": name,
            "lives_in": "the log, and read models made from it",
            "what": field.what,
            "protection": field.protection,
            "erasure": field.erasure,
            "purpose": field.purpose,
            "told": words_of(field.content),
        })
    });
    let columns = COLUMNS.iter().map(|column| {
        json!({
            "name": format!("{}.{}", column.table, column.column),
            "lives_in": "PostgreSQL",
            "what": column.what,
            "protection": column.protection,
            "erasure": column.erasure,
            "purpose": column.purpose,
            "told": words_of(column.table),
        })
    });
    sealed.chain(columns).collect()
}

/// The sections of a person's report where it stands, or why it stands in none; nothing if that was forgotten.
fn words_of(held: &str) -> Option<String> {
    told(held).map(|told| match told {
        Told::In(sections) => sections.join(", "),
        Told::Not(why) => format!("not told: {why}"),
    })
}
