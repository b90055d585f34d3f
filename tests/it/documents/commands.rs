//! Every command that a page tells somebody to type is given to the program's own parser: its words exist, its flags exist, and
//! nothing that it needs is missing. Every variable that a page names is one that somebody reads.

mod page;

use std::{collections::BTreeSet, path::Path};

use clap::{
    ArgMatches, Command, CommandFactory,
    error::{ContextKind, ContextValue, ErrorKind},
};
use loyalnest::args::Args;

use self::page::{Call, calls, is_placeholder};

const OPERATIONS: &str = "docs/operations.md";
const UUID: &str = "0190a000-0000-7000-8000-000000000000";
/// What a placeholder may stand for, where its own letters are not taken.
const SAMPLES: [&str; 14] = [
    "7",
    "read",
    "2026-11-01",
    "2026-11-01T00:00:00Z",
    "bash",
    "127.0.0.1:8080",
    UUID,
    "mer_0190a000-0000-7000-8000-000000000000",
    "cus_0190a000-0000-7000-8000-000000000000",
    "tsk_0190a000-0000-7000-8000-000000000000",
    "imp_0190a000-0000-7000-8000-000000000000",
    "gdr_0190a000-0000-7000-8000-000000000000",
    "key_0190a00000007000",
    "own",
];

/// Pages, by their place in the repository.
fn pages() -> Vec<String> {
    fn collect(folder: &Path, pages: &mut Vec<String>) {
        for entry in std::fs::read_dir(super::repository("").join(folder)).expect("a folder of pages") {
            let path = folder.join(entry.expect("an entry").file_name());
            if super::repository("").join(&path).is_dir() {
                collect(&path, pages);
            } else if path.extension().is_some_and(|extension| extension == "md") {
                pages.push(path.display().to_string());
            }
        }
    }
    let mut pages = vec!["README.md".to_owned()];
    collect(Path::new("docs"), &mut pages);
    pages
}

/// What the parser makes of a call, with something in the place of each placeholder.
fn parsed(call: &Call) -> Result<Option<ArgMatches>, String> {
    let mut words = call.words.clone();
    let mut tried = vec![0; words.len()];
    loop {
        let error = match Args::command().try_get_matches_from(&words) {
            Ok(matches) => return Ok(Some(matches)),
            Err(error) => error,
        };
        if !call.is_complete && speaks_of_something_missing(&error) {
            return Ok(None);
        }
        let refused = match (error.kind(), error.get(ContextKind::InvalidValue)) {
            (ErrorKind::ValueValidation | ErrorKind::InvalidValue, Some(ContextValue::String(value))) => value.clone(),
            _ => return Err(error.to_string()),
        };
        // A list is refused by that of its parts which is wrong.
        let stands_there =
            |place: &usize| is_placeholder(&call.words[*place]) && words[*place].split(',').any(|part| part == refused);
        // The last of them: those before it were taken, else they would have been refused first.
        let Some(place) = (0..words.len()).rev().find(stands_there) else { return Err(error.to_string()) };
        let Some(sample) = SAMPLES.get(tried[place]) else { return Err(error.to_string()) };
        words[place] = (*sample).to_owned();
        tried[place] += 1;
    }
}

fn speaks_of_something_missing(error: &clap::Error) -> bool {
    let value = error.get(ContextKind::InvalidValue);
    matches!(
        error.kind(),
        ErrorKind::MissingRequiredArgument
            | ErrorKind::MissingSubcommand
            | ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand
    ) || matches!(value, Some(ContextValue::String(value)) if value.is_empty())
}

#[test]
fn every_command_on_a_page_can_be_typed() {
    let mut faults = Vec::new();
    let mut seen = 0;
    for page in pages() {
        for call in calls(&super::read(&page)) {
            seen += 1;
            if let Err(fault) = parsed(&call) {
                faults.push(format!("{page}:{}: {}\n{fault}", call.line, call.words.join(" ")));
            }
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
    assert!(seen >= 120, "pages have {seen} commands");
}

/// Names of subcommands down to the last.
fn path_of(matches: &ArgMatches) -> String {
    match matches.subcommand() {
        Some((name, below)) => format!("{name} {}", path_of(below)).trim_end().to_owned(),
        None => String::new(),
    }
}

/// Whatever can be asked for, but for what is not for operators.
fn leaves(command: &Command, above: &str) -> Vec<String> {
    let below: Vec<&Command> = command.get_subcommands().filter(|command| !command.is_hide_set()).collect();
    let named = |command: &Command| format!("{above} {}", command.get_name()).trim_start().to_owned();
    let mut leaves: Vec<String> = below.iter().flat_map(|command| leaves(command, &named(command))).collect();
    if below.is_empty() {
        leaves.push(above.to_owned());
    }
    leaves
}

#[test]
fn the_page_for_operators_has_every_command_there_is() {
    let calls = calls(&super::read(OPERATIONS));
    let told: BTreeSet<String> =
        calls.iter().filter_map(|call| parsed(call).ok()?).map(|call| path_of(&call)).collect();
    let missing: Vec<String> = leaves(&Args::command(), "").into_iter().filter(|leaf| !told.contains(leaf)).collect();
    assert!(missing.is_empty(), "{OPERATIONS} does not have {missing:?}");
}

/// Names of variables in a text.
fn variables(text: &str) -> BTreeSet<String> {
    let is_of_a_name = |letter: char| letter.is_ascii_uppercase() || letter.is_ascii_digit() || letter == '_';
    let words = text.split(|letter| !is_of_a_name(letter)).map(|word| word.trim_end_matches('_'));
    words.filter(|word| word.starts_with("LOYALNEST_") || word.starts_with("OTEL_")).map(str::to_owned).collect()
}

/// Everything that runs, as text.
fn sources(folder: &Path, text: &mut String) {
    for entry in std::fs::read_dir(folder).expect("a folder of sources") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            sources(&path, text);
        } else if path.extension().is_some_and(|extension| extension == "rs" || extension == "sh") {
            text.push_str(&std::fs::read_to_string(&path).expect("sources are text"));
        }
    }
}

#[test]
fn every_variable_on_a_page_is_read_and_every_one_that_is_read_is_on_the_page() {
    let mut code = String::new();
    for room in ["cli/src", "gateway/src", "tests/it", "setup"] {
        sources(&super::repository(room), &mut code);
    }
    let known = variables(&code);
    for page in pages() {
        let unknown: Vec<String> = variables(&super::read(&page)).difference(&known).cloned().collect();
        assert!(unknown.is_empty(), "{page} names {unknown:?}, which nobody reads");
    }
    let read = ["cli/src/composition/config.rs", "cli/src/telemetry.rs"].map(super::read).concat();
    let untold: Vec<String> = variables(&read).difference(&variables(&super::read(OPERATIONS))).cloned().collect();
    assert!(untold.is_empty(), "{OPERATIONS} does not have {untold:?}");
}
