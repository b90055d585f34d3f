//! Documents and queries that do not fit: said in our words, with the place of what is wrong, and never with what was submitted.

use serde::de::DeserializeOwned;
use serde_path_to_error::{Path, Segment};

use crate::{
    nul,
    problem::{Code, Problem},
};

/// How the reader of documents begins where it ends in what it expected.
const TOLD: [&str; 6] =
    ["invalid type", "invalid value", "invalid length", "unknown variant", "unknown field", "duplicate field"];

const NUL: &str = "a text has the character U+0000, which cannot be stored";

/// Reads a document.
pub fn read<T: DeserializeOwned>(raw: &[u8]) -> Result<T, Problem> {
    if nul::is_in_json(raw) {
        return Err(Problem::saying(Code::Invalid, NUL));
    }
    let mut json = serde_json::Deserializer::from_slice(raw);
    let read = serde_path_to_error::deserialize(&mut json).map_err(|error| match error.inner().classify() {
        serde_json::error::Category::Data => misfit(error.path(), &error.inner().to_string()),
        _ => Problem::of(Code::MalformedJson),
    })?;
    json.end().map_err(|_| Problem::of(Code::MalformedJson))?;
    Ok(read)
}

/// Reads what stands behind the `?`.
pub fn read_query<T: DeserializeOwned>(query: &str) -> Result<T, Problem> {
    if nul::is_in_url(query) {
        return Err(Problem::saying(Code::MalformedRequest, NUL));
    }
    let parameters = serde_urlencoded::Deserializer::new(form_urlencoded::parse(query.as_bytes()));
    serde_path_to_error::deserialize(parameters).map_err(|error| {
        let name = match error.path().iter().next() {
            Some(Segment::Map { key }) => format!("the query parameter `{key}`"),
            _ => "a query parameter".to_owned(),
        };
        Problem::saying(Code::MalformedRequest, format!("{name} {}", expectation(&error.inner().to_string())))
    })
}

/// A name that is not one of ours is not repeated: the place is then that of the document which has it.
fn misfit(path: &Path, sentence: &str) -> Problem {
    let mut pointer = pointer(path);
    if sentence.starts_with("unknown field") {
        pointer.truncate(pointer.rfind('/').unwrap_or_default());
    }
    Problem::at(pointer, expectation(sentence))
}

/// In the words of RFC 6901.
fn pointer(path: &Path) -> String {
    let name = |segment: &Segment| match segment {
        Segment::Seq { index } => index.to_string(),
        Segment::Map { key } | Segment::Enum { variant: key } => key.replace('~', "~0").replace('/', "~1"),
        Segment::Unknown => String::new(),
    };
    path.iter().map(|segment| format!("/{}", name(segment))).collect()
}

/// What would have fitted. Of the library's sentence only the end, which is ours: before it stands what was submitted.
fn expectation(sentence: &str) -> String {
    let sentence = sentence.rsplit_once(" at line ").map_or(sentence, |(sentence, _)| sentence);
    let expected = sentence.rsplit_once(", expected ").filter(|_| TOLD.iter().any(|told| sentence.starts_with(told)));
    match expected {
        Some((_, expected)) if sentence.starts_with("unknown field") => {
            format!("has an unknown name: expected is {expected}")
        }
        Some((_, expected)) => format!("does not fit: expected is {expected}"),
        None if sentence.starts_with("missing field") => format!("lacks something: {sentence}"),
        None => "does not have the expected shape".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::*;

    #[derive(Debug, Deserialize)]
    #[serde(rename_all = "snake_case")]
    enum Rounding {
        Down,
        Up,
    }

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Rule {
        #[expect(dead_code, reason = "only read")]
        rounding: Rounding,
        #[expect(dead_code, reason = "only read")]
        points: i64,
    }

    #[derive(Debug, Deserialize)]
    struct Document {
        #[expect(dead_code, reason = "only read")]
        rules: Vec<Rule>,
    }

    fn refused(document: &str) -> (String, String) {
        let problem = read::<Document>(document.as_bytes()).unwrap_err();
        (problem.pointer.unwrap_or_default(), problem.detail.unwrap_or_default())
    }

    #[test]
    fn what_does_not_fit_is_named_by_its_place_and_never_repeated() {
        for (document, pointer, detail) in [
            (r#"{"rules": 7}"#, "/rules", "does not fit: expected is a sequence"),
            (
                r#"{"rules": [{"rounding": "sideways", "points": 1}]}"#,
                "/rules/0/rounding",
                "does not fit: expected is `down` or `up`",
            ),
            (
                r#"{"rules": [{"rounding": "up", "points": "Ida, expected Ida"}]}"#,
                "/rules/0/points",
                "does not fit: expected is i64",
            ),
            (r#"{"rules": [{"rounding": "up"}]}"#, "/rules/0", "lacks something: missing field `points`"),
            (
                r#"{"rules": [{"ronding": "up"}]}"#,
                "/rules/0",
                "has an unknown name: expected is `rounding` or `points`",
            ),
        ] {
            assert_eq!(refused(document), (pointer.to_owned(), detail.to_owned()), "{document}");
        }
        assert!(matches!(read::<Document>(b"{"), Err(problem) if problem.code == Code::MalformedJson));
        assert!(matches!(read::<Document>(b"{\"rules\": []} x"), Err(problem) if problem.code == Code::MalformedJson));
    }

    #[test]
    fn a_parameter_that_cannot_be_read_is_named() {
        #[derive(Debug, Deserialize)]
        struct Paging {
            #[expect(dead_code, reason = "only read")]
            limit: Option<u32>,
        }
        let problem = read_query::<Paging>("limit=many").unwrap_err();
        assert_eq!(problem.code, Code::MalformedRequest);
        assert!(problem.detail.is_some_and(|detail| detail.starts_with("the query parameter `limit` ")));
    }
}
