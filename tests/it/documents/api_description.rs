use super::{read, repository};

/// Set it to write `docs/openapi.json` anew instead of comparing.
const WRITE: &str = "LOYALNEST_WRITE_OPENAPI";

#[test]
fn the_committed_description_is_the_one_the_code_serves() {
    let mut served = serde_json::to_string_pretty(&gateway::router::description()).expect("a description is JSON");
    served.push('\n');
    if std::env::var_os(WRITE).is_some() {
        std::fs::write(repository("docs/openapi.json"), &served).expect("docs can be written");
    }
    assert!(
        read("docs/openapi.json") == served,
        "docs/openapi.json is not what the code serves: look at the change, then run the test with {WRITE}=1"
    );
}

#[test]
fn every_code_of_a_problem_is_explained() {
    let explained = read("docs/errors.md");
    for code in gateway::problem::Code::ALL {
        let heading = format!("### {}\n", code.as_str());
        assert!(explained.contains(&heading), "docs/errors.md does not explain `{}`", code.as_str());
        let status = format!("{} ", code.status().as_u16());
        let section = explained.split(&heading).nth(1).unwrap_or_default();
        assert!(section.trim_start().starts_with(&status), "{} is {status}", code.as_str());
    }
}
