//! Where in a JSON text a position stands, in the text's own words: `line_items[3].price_set`. Only asked about bodies
//! that failed, and only about places inside the shapes read here, so the words are names of fields and never data.

enum Step<'a> {
    /// Inside an object, at the field named last.
    Field(Option<&'a str>),
    /// Inside a list, at this element.
    Element(usize),
}

/// What the outermost value is called.
pub(super) const WHOLE: &str = "the body";

/// The path to the place that serde_json calls `line` and `column`, both counted from 1; [`WHOLE`] for the outermost
/// value.
pub(super) fn path_at(text: &str, line: usize, column: usize) -> String {
    let start_of_line: usize = text.split_inclusive('\n').take(line.saturating_sub(1)).map(str::len).sum();
    let path = printed(&steps_to(text, start_of_line + column));
    if path.is_empty() { WHOLE.to_owned() } else { path }
}

/// What is open at `offset` bytes of a sound JSON text.
fn steps_to(text: &str, offset: usize) -> Vec<Step<'_>> {
    let bytes = text.as_bytes();
    let mut open = Vec::new();
    let mut at = 0;
    while at < offset.min(bytes.len()) {
        match bytes[at] {
            b'"' => {
                let end = end_of_string(bytes, at + 1);
                if let Some(Step::Field(name @ None)) = open.last_mut() {
                    *name = Some(&text[at + 1..end]);
                }
                at = end;
            }
            b'{' => open.push(Step::Field(None)),
            b'[' => open.push(Step::Element(0)),
            b'}' | b']' => {
                open.pop();
            }
            b',' => match open.last_mut() {
                Some(Step::Field(name)) => *name = None,
                Some(Step::Element(index)) => *index += 1,
                None => {}
            },
            _ => {}
        }
        at += 1;
    }
    open
}

/// Where the quote stands that closes the string beginning at `at`.
fn end_of_string(bytes: &[u8], mut at: usize) -> usize {
    while at < bytes.len() && bytes[at] != b'"' {
        at += if bytes[at] == b'\\' { 2 } else { 1 };
    }
    at.min(bytes.len())
}

fn printed(steps: &[Step<'_>]) -> String {
    let mut path = String::new();
    for step in steps {
        match step {
            Step::Field(Some(name)) if path.is_empty() => path.push_str(name),
            Step::Field(Some(name)) => path.extend([".", name]),
            Step::Field(None) => {}
            Step::Element(index) => path.push_str(&format!("[{index}]")),
        }
    }
    path
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_position_is_named_by_the_fields_around_it() {
        let text = "{\"a \\\" b\": [1, {\"x\": \"},]\"}],\n \"lines\": [{}, {\"price\": 7}]}";
        let column_of = |line: usize, needle: &str| text.lines().nth(line - 1).and_then(|line| line.find(needle));
        let path = |line, needle| path_at(text, line, column_of(line, needle).expect("the needle is there") + 1);
        assert_eq!(path(1, "1"), "a \\\" b[0]");
        assert_eq!(path(1, "},]"), "a \\\" b[1].x");
        assert_eq!(path(2, "7"), "lines[1].price");
        assert_eq!(path_at(text, 1, 1), WHOLE);
        assert_eq!(path_at("7", 9, 9), WHOLE);
    }
}
