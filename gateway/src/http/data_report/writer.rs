//! A report on its way out: sections of rows, piece by piece, as one JSON document or one page of HTML.

use std::{fmt::Write, io};

use bytes::Bytes;
use serde::Serialize;
use serde_json::Value;
use tokio::sync::mpsc;

/// A piece of the answer. An error ends it in a way that its reader notices.
pub type Piece = Result<Bytes, io::Error>;

/// The reader went away.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ReaderGone;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    Json,
    Html,
}

impl Form {
    pub const fn content_type(self) -> &'static str {
        match self {
            Form::Json => "application/json",
            Form::Html => "text/html; charset=utf-8",
        }
    }
}

pub struct Writer {
    form: Form,
    pieces: mpsc::Sender<Piece>,
    /// Rows of the present section.
    rows: u64,
}

impl Writer {
    pub fn new(form: Form, pieces: mpsc::Sender<Piece>) -> Self {
        Writer { form, pieces, rows: 0 }
    }

    /// What stands before all sections.
    pub async fn begin(&mut self, about: &impl Serialize) -> Result<(), ReaderGone> {
        let about = plain(about);
        let text = match self.form {
            Form::Json => format!("{{\"about\":{about}"),
            Form::Html => {
                let mut page = String::from(
                    "<!doctype html><html lang=en><meta charset=utf-8><title>Data report</title>\
                     <style>body{font-family:sans-serif;max-width:60em;margin:2em auto}\
                     dl{border-left:3px solid #ccc;padding-left:1em}dt{font-weight:bold}</style>\
                     <h1>Everything held on this person</h1>",
                );
                render(&about, &mut page);
                page
            }
        };
        self.send(text).await
    }

    pub async fn section(&mut self, name: &str, title: &str) -> Result<(), ReaderGone> {
        self.rows = 0;
        self.send(match self.form {
            Form::Json => format!(",\"{name}\":["),
            Form::Html => format!("<h2>{title}</h2>\n"),
        })
        .await
    }

    pub async fn row(&mut self, row: &impl Serialize) -> Result<(), ReaderGone> {
        let row = plain(row);
        let text = match self.form {
            Form::Json if self.rows > 0 => format!(",\n{row}"),
            Form::Json => row.to_string(),
            Form::Html => {
                let mut html = String::new();
                render(&row, &mut html);
                html
            }
        };
        self.rows += 1;
        self.send(text).await
    }

    pub async fn end_section(&mut self) -> Result<(), ReaderGone> {
        self.send(match self.form {
            Form::Json => "]".to_owned(),
            Form::Html if self.rows == 0 => "<p>Nothing.</p>\n".to_owned(),
            Form::Html => "\n".to_owned(),
        })
        .await
    }

    pub async fn end(&mut self) -> Result<(), ReaderGone> {
        self.send(match self.form {
            Form::Json => "}\n".to_owned(),
            Form::Html => "</html>\n".to_owned(),
        })
        .await
    }

    /// The report cannot be completed: its reader must not take what has come for all of it.
    pub async fn break_off(&mut self) {
        let broken = io::Error::other("the report was broken off");
        // A reader who has gone notices nothing any more.
        let _ = self.pieces.send(Err(broken)).await;
    }

    async fn send(&mut self, text: String) -> Result<(), ReaderGone> {
        self.pieces.send(Ok(Bytes::from(text))).await.map_err(|_| ReaderGone)
    }
}

fn plain(document: &impl Serialize) -> Value {
    serde_json::to_value(document).expect("documents are plain values: encoding cannot fail")
}

fn render(value: &Value, html: &mut String) {
    match value {
        Value::Object(fields) => {
            html.push_str("<dl>");
            for (name, field) in fields {
                let _ = write!(html, "<dt>{}</dt><dd>", escaped(&name.replace('_', " ")));
                render(field, html);
                html.push_str("</dd>");
            }
            html.push_str("</dl>\n");
        }
        Value::Array(items) => {
            html.push_str("<ul>");
            for item in items {
                html.push_str("<li>");
                render(item, html);
                html.push_str("</li>");
            }
            html.push_str("</ul>");
        }
        Value::Null => html.push('–'),
        Value::String(text) => html.push_str(&escaped(text)),
        other => html.push_str(&other.to_string()),
    }
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    async fn written(form: Form) -> String {
        let (pieces, mut sent) = mpsc::channel(64);
        let mut writer = Writer::new(form, pieces);
        writer.begin(&json!({ "customer_id": "cus_1" })).await.unwrap();
        writer.section("profile", "Profile").await.unwrap();
        writer.row(&json!({ "first_name": "<Ada> & \"Bea\"", "tags": ["x", 1, null] })).await.unwrap();
        writer.row(&json!({})).await.unwrap();
        writer.end_section().await.unwrap();
        writer.section("orders", "Orders").await.unwrap();
        writer.end_section().await.unwrap();
        writer.end().await.unwrap();
        drop(writer);
        let mut text = String::new();
        while let Some(piece) = sent.recv().await {
            text.push_str(std::str::from_utf8(&piece.unwrap()).unwrap());
        }
        text
    }

    #[tokio::test]
    async fn json_is_one_document() {
        let document: Value = serde_json::from_str(&written(Form::Json).await).unwrap();
        assert_eq!(document["profile"].as_array().map(Vec::len), Some(2));
        assert_eq!(document["orders"], json!([]));
    }

    #[tokio::test]
    async fn nothing_in_a_page_is_taken_for_html() {
        let page = written(Form::Html).await;
        assert!(page.contains("&lt;Ada&gt; &amp; &quot;Bea&quot;"), "{page}");
        assert!(!page.contains("<Ada>"));
    }
}
