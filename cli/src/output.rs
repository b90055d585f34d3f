//! Printing: a table for people, JSON for programs. Data goes to stdout, everything else to stderr.

use std::io::Write;

use serde_json::Value;

use crate::args::Output;

/// Prints a list of objects.
pub fn list(output: Output, columns: &[&str], rows: &[Value]) -> anyhow::Result<()> {
    let mut out = std::io::stdout().lock();
    match output {
        Output::Json => writeln!(out, "{}", Value::Array(rows.to_vec()))?,
        Output::Jsonl => {
            for row in rows {
                writeln!(out, "{row}")?;
            }
        }
        Output::Table => out.write_all(table(columns, rows).as_bytes())?,
    }
    Ok(())
}

/// Prints one object.
pub fn one(output: Output, columns: &[&str], row: &Value) -> anyhow::Result<()> {
    match output {
        Output::Table => list(output, columns, std::slice::from_ref(row)),
        Output::Json | Output::Jsonl => Ok(writeln!(std::io::stdout().lock(), "{row}")?),
    }
}

fn table(columns: &[&str], rows: &[Value]) -> String {
    let cell = |row: &Value, column: &str| match &row[column] {
        Value::Null => "-".to_owned(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    let cells: Vec<Vec<String>> =
        rows.iter().map(|row| columns.iter().map(|column| cell(row, column)).collect()).collect();
    let width = |index: usize| {
        let longest = cells.iter().map(|row| row[index].chars().count()).max().unwrap_or(0);
        longest.max(columns[index].chars().count())
    };
    let mut text = String::new();
    let mut line = |row: &[String]| {
        let padded = row.iter().enumerate().map(|(index, cell)| format!("{cell:<width$}  ", width = width(index)));
        text.push_str(padded.collect::<String>().trim_end());
        text.push('\n');
    };
    line(&columns.iter().map(|column| column.to_uppercase()).collect::<Vec<_>>());
    cells.iter().for_each(|row| line(row));
    text
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn columns_are_as_wide_as_their_widest_cell_and_lines_end_without_blanks() {
        let rows = [
            json!({ "id": "prk_1", "topic": "orders/create", "position": 17, "reason": "currency is no currency" }),
            json!({ "id": "prk_22", "topic": "größer", "position": null, "reason": "" }),
        ];
        let expected = "ID      TOPIC          POSITION  REASON\n\
                        prk_1   orders/create  17        currency is no currency\n\
                        prk_22  größer         -\n";
        assert_eq!(table(&["id", "topic", "position", "reason"], &rows), expected);
    }

    #[test]
    fn every_row_has_its_line() {
        assert_eq!(table(&["name"], &[]), "NAME\n");
        assert_eq!(table(&["name"], &[json!({ "name": "" }), json!({ "name": "last" })]), "NAME\n\nlast\n");
    }
}
