//! What a page has its reader do.

use serde_json::Value;

/// A fence of a box in a page.
const FENCE: &str = "```";
const PROGRAM: &str = "loyalnest ";

/// As it is printed.
#[derive(Debug, Clone, PartialEq)]
pub enum Step {
    /// A line for a shell.
    Command(String),
    Call {
        method: String,
        path: String,
        body: Option<Value>,
    },
}

impl Step {
    pub fn text(&self) -> &str {
        match self {
            Step::Command(text) => text,
            Step::Call { path, .. } => path,
        }
    }
}

/// Every line of every box, and whatever else of the text is a command or a call as a whole; in the page's order.
///
/// # Panics
/// If a box has a line that is neither.
pub fn steps(page: &str) -> Vec<Step> {
    let mut steps = Vec::new();
    for (number, part) in page.split(FENCE).enumerate() {
        if number % 2 == 1 {
            let lines = part.lines().skip(1).filter(|line| !line.trim().is_empty());
            steps.extend(lines.map(|line| step(line).unwrap_or_else(|| panic!("nobody can do this: {line}"))));
        } else {
            // A phrase may go on in the next line.
            let text = part.replace('\n', " ");
            steps.extend(text.split('`').skip(1).step_by(2).filter_map(step));
        }
    }
    steps
}

fn step(text: &str) -> Option<Step> {
    if text.starts_with(PROGRAM) {
        return Some(Step::Command(text.to_owned()));
    }
    let (method, rest) = text.split_once(' ')?;
    let is_call = ["GET", "POST"].contains(&method) && rest.starts_with('/');
    let (path, body) = rest.split_once(' ').unwrap_or((rest, ""));
    let body = if body.is_empty() { None } else { Some(serde_json::from_str(body).ok()?) };
    is_call.then(|| Step::Call { method: method.to_owned(), path: path.to_owned(), body })
}

#[test]
fn boxes_and_phrases_are_steps_and_other_words_are_not() {
    let page =
        "Do `loyalnest log\nverify`, see `GET /v1/x` and `x`:\n\n```\nloyalnest a  # why\nPOST /v1/y {\"z\": 1}\n```\n";
    let call = |method: &str, path: &str, body| Step::Call { method: method.to_owned(), path: path.to_owned(), body };
    let expected = [
        Step::Command("loyalnest log verify".to_owned()),
        call("GET", "/v1/x", None),
        Step::Command("loyalnest a  # why".to_owned()),
        call("POST", "/v1/y", Some(serde_json::json!({ "z": 1 }))),
    ];
    assert_eq!(steps(page), expected);
}

#[test]
#[should_panic(expected = "nobody can do this")]
fn a_line_of_a_box_that_nobody_can_do_is_a_fault_of_the_page() {
    steps("```\nlog verify\n```\n");
}
