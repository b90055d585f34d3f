//! `loyalnest doctor`: what is wrong with this installation, and what to do about it. With `--scan` it also reads every store
//! from end to end, looking for what should no longer be there: slow, and the one way to know.

mod checks;
mod scan;

use std::process::ExitCode;

use serde_json::{Value, json};

use crate::{
    args::{DoctorArgs, Output},
    commands::log::VERIFICATION_FAILED,
    composition::Config,
    output,
};

const COLUMNS: [&str; 4] = ["name", "state", "found", "advice"];

/// How bad it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum State {
    Ok,
    /// Nothing is lost or wrong yet.
    Warning,
    Error,
}

/// One thing that was looked at.
struct Finding {
    name: String,
    state: State,
    found: String,
    /// What to do about it; empty if nothing has to be done.
    advice: &'static str,
}

impl Finding {
    fn new(name: impl Into<String>, state: State, found: impl Into<String>, advice: &'static str) -> Self {
        let advice = if state == State::Ok { "" } else { advice };
        Finding { name: name.into(), state, found: found.into(), advice }
    }

    fn row(&self) -> Value {
        let state = match self.state {
            State::Ok => "ok",
            State::Warning => "warning",
            State::Error => "error",
        };
        json!({ "name": self.name, "state": state, "found": self.found, "advice": self.advice })
    }
}

/// Exit code 1 if something is wrong, 6 if the scan has found something.
pub async fn run(args: DoctorArgs, config: &Config, output: Output) -> anyhow::Result<ExitCode> {
    let checked = checks::all(config).await;
    let scanned = if args.scan { scan::stores(config, args.planted.as_deref()).await? } else { Vec::new() };
    let rows: Vec<Value> = checked.iter().chain(&scanned).map(Finding::row).collect();
    output::list(output, &COLUMNS, &rows)?;
    let is_wrong = |findings: &[Finding]| findings.iter().any(|finding| finding.state == State::Error);
    Ok(match (is_wrong(&scanned), is_wrong(&checked)) {
        (true, _) => ExitCode::from(VERIFICATION_FAILED),
        (false, true) => ExitCode::FAILURE,
        (false, false) => ExitCode::SUCCESS,
    })
}
