//! The list of tables from which forgetting deletes is held against the schema: a column that somebody adds and does not put
//! on the list would outlive its person.

use std::collections::BTreeSet;

use projections::erasure::TABLES;

use crate::support::{Installation, on_shared_runtime};

async fn columns(condition: &'static str) -> BTreeSet<(String, String)> {
    let db = Installation::shared().gateway.db.clone();
    on_shared_runtime(async move {
        let columns = format!(
            "select table_schema || '.' || table_name, column_name::text from information_schema.columns
              where table_schema = 'read' and {condition}"
        );
        let rows: Vec<(String, String)> = sqlx::query_as(sqlx::AssertSqlSafe(columns)).fetch_all(&db).await.unwrap();
        rows.into_iter().collect()
    })
    .await
}

#[tokio::test]
async fn every_column_of_bytes_is_on_the_list() {
    let listed: BTreeSet<(String, String)> = TABLES
        .iter()
        .flat_map(|table| {
            let bytes = table.sealed.iter().chain(table.plain_bytes);
            bytes.map(|column| (table.name.to_owned(), (*column).to_owned()))
        })
        .collect();
    // The hash of a commit at which a projection stands is nobody's.
    let ours = columns("data_type = 'bytea' and table_name <> 'checkpoint'").await;
    assert_eq!(listed, ours);
}

#[tokio::test]
async fn every_table_that_names_a_merchant_or_a_person_is_on_the_list() {
    let listed: BTreeSet<String> = TABLES.iter().map(|table| table.name.to_owned()).collect();
    let ours: BTreeSet<String> =
        columns("column_name = 'merchant'").await.into_iter().map(|(table, _)| table).collect();
    assert_eq!(listed, ours);
    let people: BTreeSet<(String, String)> =
        TABLES.iter().filter_map(|table| Some((table.name.to_owned(), table.person?.to_owned()))).collect();
    assert_eq!(people, columns("column_name = 'customer'").await);
}
