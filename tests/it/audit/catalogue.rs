//! The catalogue of personal data is held against the code that seals, the tables that keep, and the document that tells.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
};

use aggregates::catalogue::{COLUMNS, SEALED};
use loyalnest::commands::privacy::rows;
use serde_json::Value;
use sqlx::PgPool;

use crate::support::Installation;

/// Set it to write the table in `docs/privacy.md` anew instead of comparing.
const WRITE: &str = "LOYALNEST_WRITE_PRIVACY";
const BEGIN: &str = "<!-- the catalogue: made from the code, see tests/it/audit/catalogue.rs -->";
const END: &str = "<!-- end of the catalogue -->";

fn repository(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(path)
}

/// The text of every source file below.
fn sources(folder: &Path) -> Vec<String> {
    let mut texts = Vec::new();
    for entry in fs::read_dir(folder).expect("a folder of sources") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            texts.extend(sources(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            texts.push(fs::read_to_string(path).expect("a source file"));
        }
    }
    texts
}

/// Types that stand in `Sealed<…>` of an event. `Vec<T>` is about its `T`.
fn sealed_types(texts: &[String]) -> BTreeSet<String> {
    let mut types = BTreeSet::new();
    for text in texts {
        for after in text.split("Sealed<").skip(1) {
            let inner = after.split(['>', ',']).next().unwrap_or_default().trim_start_matches("Vec<");
            if inner.len() > 1 && inner.starts_with(char::is_uppercase) && inner.chars().all(char::is_alphanumeric) {
                types.insert(inner.to_owned());
            }
        }
    }
    types
}

/// Fields of a struct, or variants of an enum, by its declaration in the sources.
fn parts_of(name: &str, texts: &[String]) -> BTreeSet<String> {
    let declared = texts.iter().find_map(|text| {
        let start = [format!("pub struct {name} {{"), format!("pub enum {name} {{")]
            .iter()
            .find_map(|head| text.find(head.as_str()).map(|at| at + head.len()))?;
        text[start..].split("\n}").next()
    });
    let body = declared.unwrap_or_else(|| panic!("{name} is not declared where events are"));
    let part = |line: &str| {
        let line = line.trim().trim_start_matches("pub ");
        let word: String = line.chars().take_while(|letter| letter.is_alphanumeric() || *letter == '_').collect();
        let follows = line[word.len()..].trim_start();
        let is_part = !word.is_empty() && [":", "(", " {", "{", ","].iter().any(|mark| follows.starts_with(mark));
        is_part.then_some(word)
    };
    body.lines().filter(|line| line.starts_with("    ") && !line.starts_with("     ")).filter_map(part).collect()
}

#[test]
fn every_field_that_is_ever_sealed_is_in_the_catalogue() {
    let texts = sources(&repository("aggregates/src"));
    let mut known: BTreeMap<&str, BTreeSet<String>> = BTreeMap::new();
    for field in SEALED {
        known.entry(field.content).or_default().insert(field.field.to_owned());
    }
    let types = sealed_types(&texts);
    assert_eq!(
        types.iter().map(String::as_str).collect::<Vec<_>>(),
        known.keys().copied().collect::<Vec<_>>(),
        "types that are sealed, and those in aggregates/src/catalogue/events.rs"
    );
    for (name, fields) in known {
        // Key bytes have no fields.
        if name != "LinkSecret" {
            assert_eq!(parts_of(name, &texts), fields, "fields of {name}, and those in the catalogue");
        }
    }
}

/// Columns by which a row leads to a person.
const LEADS_TO_A_PERSON: [&str; 7] = ["person", "customer", "subject", "account", "merged_into", "advocate", "lookup"];

#[tokio::test]
async fn every_column_with_sealed_bytes_or_a_person_is_in_the_catalogue() {
    let db = PgPool::connect(&Installation::shared().config.database_url).await.unwrap();
    let columns: Vec<(String, String, String)> = sqlx::query_as(
        "select table_schema || '.' || table_name, column_name::text, data_type::text
           from information_schema.columns where table_schema in ('vault', 'read') order by 1, 2",
    )
    .fetch_all(&db)
    .await
    .unwrap();
    let personal =
        |(_, column, kind): &&(String, String, String)| kind == "bytea" || LEADS_TO_A_PERSON.contains(&column.as_str());
    let found: BTreeSet<(&str, &str)> =
        columns.iter().filter(personal).map(|(table, column, _)| (table.as_str(), column.as_str())).collect();
    let known: BTreeSet<(&str, &str)> = COLUMNS.iter().map(|column| (column.table, column.column)).collect();
    assert_eq!(found, known, "columns of the tables, and those in aggregates/src/catalogue/tables.rs");
}

#[test]
fn the_document_tells_what_the_catalogue_says() {
    let path = repository("docs/privacy.md");
    let text = fs::read_to_string(&path).expect("docs/privacy.md");
    let (before, rest) = text.split_once(BEGIN).expect("the catalogue begins");
    let (_, after) = rest.split_once(END).expect("the catalogue ends");
    let made = format!("{before}{BEGIN}\n\n{}\n{END}{after}", table());
    if std::env::var_os(WRITE).is_some() {
        fs::write(&path, &made).expect("docs can be written");
    }
    assert!(
        fs::read_to_string(&path).expect("docs/privacy.md") == made,
        "docs/privacy.md is not what the code says: look at the change, then run the test with {WRITE}=1"
    );
}

fn table() -> String {
    let word = |row: &Value, name: &str| row[name].as_str().unwrap_or_default().replace('_', " ");
    let mut table = String::from("| where | what | protected by | on erasure | purpose |\n|---|---|---|---|---|\n");
    for row in rows() {
        let name = row["name"].as_str().unwrap_or_default();
        let (what, protection) = (row["what"].as_str().unwrap_or_default(), word(&row, "protection"));
        let (erasure, purpose) = (word(&row, "erasure"), word(&row, "purpose"));
        table.push_str(&format!("| `{name}` | {what} | {protection} | {erasure} | {purpose} |\n"));
    }
    table
}
