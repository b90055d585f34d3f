//! Rows as text.

use serde_json::{Map, Value};

use super::{CURSOR, ExportRow, Resource};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// Comma, quotes, CR LF, as RFC 4180 has it; the first line names the columns.
    Csv,
    /// One JSON object in each line.
    Jsonl,
}

impl Form {
    pub fn parse(word: &str) -> Option<Self> {
        match word {
            "csv" => Some(Form::Csv),
            "jsonl" => Some(Form::Jsonl),
            _ => None,
        }
    }

    pub const fn extension(self) -> &'static str {
        match self {
            Form::Csv => "csv",
            Form::Jsonl => "jsonl",
        }
    }

    pub const fn content_type(self) -> &'static str {
        match self {
            Form::Csv => "text/csv; charset=utf-8",
            Form::Jsonl => "application/x-ndjson",
        }
    }

    /// What stands before the first row.
    pub fn head(self, resource: Resource) -> String {
        match self {
            Form::Csv => resource.columns().join(",") + "," + CURSOR + "\r\n",
            Form::Jsonl => String::new(),
        }
    }

    pub fn row(self, resource: Resource, row: &ExportRow) -> String {
        match self {
            Form::Csv => {
                let fields = row.values.iter().map(field).chain([row.cursor.clone()]);
                fields.collect::<Vec<_>>().join(",") + "\r\n"
            }
            Form::Jsonl => {
                let names = resource.columns().iter().map(|name| (*name).to_owned());
                let mut object: Map<String, Value> = names.zip(row.values.iter().cloned()).collect();
                object.insert(CURSOR.to_owned(), Value::String(row.cursor.clone()));
                Value::Object(object).to_string() + "\n"
            }
        }
    }
}

/// Text that would begin a formula in a spreadsheet is shown as text there.
const FORMULA_BEGINS: [char; 6] = ['=', '+', '@', '\t', '\r', '-'];

fn field(value: &Value) -> String {
    let text = match value {
        Value::Null => return String::new(),
        Value::String(text) if text.starts_with(FORMULA_BEGINS) => format!("'{text}"),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    if text.contains([',', '"', '\n', '\r']) { format!("\"{}\"", text.replace('"', "\"\"")) } else { text }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_field_survives_a_spreadsheet() {
        assert_eq!(field(&json!("Ada, \"the first\"")), "\"Ada, \"\"the first\"\"\"");
        assert_eq!(field(&json!("=1+1")), "'=1+1");
        assert_eq!(field(&json!(-5)), "-5");
        assert_eq!(field(&Value::Null), "");
    }
}
