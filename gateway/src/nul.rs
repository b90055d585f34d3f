//! U+0000, the one character that no text of the database can have. It is kept out at the doors: callers are told, and what a
//! shop says is taken without it, since a shop would only say it again.

use std::borrow::Cow;

/// As JSON writes it: inside a string it cannot stand as it is.
const ESCAPE: &[u8] = b"\\u0000";
/// The character for what is no character, as long.
const REPLACEMENT: &[u8] = b"\\ufffd";

/// Whether a text of this JSON document has it.
pub fn is_in_json(document: &[u8]) -> bool {
    escapes(document).next().is_some()
}

/// The document with U+FFFD in its place.
pub fn replaced_in_json(document: &[u8]) -> Cow<'_, [u8]> {
    let mut replaced = Cow::Borrowed(document);
    for at in escapes(document) {
        replaced.to_mut()[at..at + REPLACEMENT.len()].copy_from_slice(REPLACEMENT);
    }
    replaced
}

/// Whether a part of a URL has it, written as URLs do.
pub fn is_in_url(part: &str) -> bool {
    part.contains("%00")
}

/// Where it is escaped: behind an even number of backslashes, for two of them are a backslash and no escape.
fn escapes(document: &[u8]) -> impl Iterator<Item = usize> + '_ {
    let backslashes = |at: usize| document[..at].iter().rev().take_while(|byte| **byte == b'\\').count();
    memchr::memmem::find_iter(document, ESCAPE).filter(move |at| backslashes(*at) % 2 == 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_found_where_it_is_escaped_and_nowhere_else() {
        for (document, is_in, replaced) in [
            (r#"{"a": "x\u0000y"}"#, true, r#"{"a": "x\ufffdy"}"#),
            (r#"{"a": "\\\u0000\u0000"}"#, true, r#"{"a": "\\\ufffd\ufffd"}"#),
            (r#"{"a": "\\u0000"}"#, false, r#"{"a": "\\u0000"}"#),
            (r#"{"a": "\u00001"}"#, true, r#"{"a": "\ufffd1"}"#),
            (r#"{"a": "u0000"}"#, false, r#"{"a": "u0000"}"#),
        ] {
            assert_eq!(is_in_json(document.as_bytes()), is_in, "{document}");
            assert_eq!(replaced_in_json(document.as_bytes()), replaced.as_bytes(), "{document}");
            let text = |document: &[u8]| serde_json::from_slice::<serde_json::Value>(document).unwrap()["a"].clone();
            assert_eq!(text(document.as_bytes()).as_str().unwrap().contains('\0'), is_in, "{document}");
        }
        assert!(is_in_url("/v1/products/%00/collections") && !is_in_url("/v1/products/1"));
    }
}
