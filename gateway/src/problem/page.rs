//! `GET /docs/errors`: where the `type` of every problem leads. The page is `docs/errors.md` of this very version.

use axum::response::Html;

const TEXT: &str = include_str!("../../../docs/errors.md");

/// The explanations, each under its code.
pub async fn errors() -> Html<String> {
    Html(page(TEXT))
}

/// Headings get the anchors that problems name; everything else is shown as it is written.
fn page(text: &str) -> String {
    let mut body = String::new();
    for paragraph in text.split("\n\n").map(str::trim) {
        let paragraph = paragraph.replace('&', "&amp;").replace('<', "&lt;");
        let part = match paragraph.split_once(' ') {
            Some(("#", title)) => format!("<h1>{title}</h1>\n"),
            Some(("###", code)) => format!("<h3 id=\"{code}\">{code}</h3>\n"),
            _ => format!("<p>{paragraph}</p>\n"),
        };
        body.push_str(&part);
    }
    format!("<!doctype html><html lang=en><meta charset=utf-8><title>LoyalNest problems</title>{body}</html>")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::problem::Code;

    #[test]
    fn every_code_has_its_anchor() {
        let page = page(TEXT);
        for code in Code::ALL {
            assert!(page.contains(&format!("<h3 id=\"{}\">", code.as_str())), "{}", code.as_str());
        }
    }

    #[test]
    fn nothing_in_the_text_becomes_markup() {
        assert!(page("### a_code\n\n4 < 5 & <b>").contains("<p>4 &lt; 5 &amp; &lt;b></p>"));
    }
}
