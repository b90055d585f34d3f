//! One walk along a page, step by step.

use std::{
    env,
    process::{Output, Stdio},
    time::Duration,
};

use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};
use reqwest::{Client, Method, StatusCode};
use serde_json::Value;
use tokio::{
    io::{AsyncBufReadExt, BufReader},
    process::Command,
    time::timeout,
};

use super::{history::History, page::Step};
use crate::{installation::program::loyalnest, support};

/// For the first line of a command that goes on until it is interrupted.
const FIRST_LINE_WITHIN: Duration = Duration::from_secs(60);
/// Needs nothing but a file, or nothing at all: is run without any installation.
const ALONE: [&str; 2] = ["log verify --export", "log recipient"];
/// Happens where a history is taken to.
const ELSEWHERE: &str = "log import";
/// Cannot be done twice with the same files.
const ONCE: [&str; 2] = ["log recipient", ELSEWHERE];
/// Shows names, which an auditor's key does not.
const FOR_THE_MERCHANT: &str = "/data_report";

pub struct Walk<'a> {
    history: &'a History,
    /// Another installation, whose workers are stopped; there as long as the walk.
    _elsewhere: support::Installation,
    http: Client,
    /// Of the auditor's own key, made as `docs/audit.md` says.
    auditor: String,
    /// Leaves under the newest checkpoint of the merchant's tree, and of the top log.
    sizes: (u64, u64),
}

impl<'a> Walk<'a> {
    pub async fn begin(history: &'a History) -> Walk<'a> {
        let made =
            ["api-keys", "create", "--merchant", &history.shop.merchant_id, "--name", "x", "--scope", "audit,read"];
        let made = history.installation.command(&[&["-o", "json"], &made[..]].concat()).await.unwrap();
        let made: Value = serde_json::from_slice(&made.stdout).unwrap();
        let elsewhere = support::Installation::own_without_policies().await;
        let variables = elsewhere.config.variables();
        let lines: String = variables.iter().map(|(name, value)| format!("{name}={value}\n")).collect();
        std::fs::write(history.desk.path().join("elsewhere.env"), lines).unwrap();
        let auditor = made["api_key"].as_str().unwrap().to_owned();
        let mut walk = Walk { history, _elsewhere: elsewhere, http: Client::new(), auditor, sizes: (0, 0) };
        walk.sizes = (walk.size("/v1/audit/checkpoint").await, walk.size("/audit/checkpoint").await);
        walk
    }

    /// The second line of a checkpoint.
    async fn size(&self, path: &str) -> u64 {
        let note = self.call("GET", path, None).await;
        note.lines().nth(1).and_then(|size| size.parse().ok()).expect("a checkpoint")
    }

    pub async fn take(&mut self, step: &Step) {
        match step {
            Step::Command(line) => self.run(line).await,
            Step::Call { method, path, body } => {
                let body = body.as_ref().map(|body| self.filled_in(&body.to_string()));
                let text = self.call(method, &self.path(path), body).await;
                let document = serde_json::from_str(&text).unwrap_or(Value::String(text));
                let list = document.get("data").unwrap_or(&document);
                assert!(says_something(list), "{method} {path}: {document}");
            }
        }
    }

    async fn call(&self, method: &str, path: &str, body: Option<String>) -> String {
        let is_for_auditors = method == "GET" && !path.ends_with(FOR_THE_MERCHANT);
        let key = if is_for_auditors { &self.auditor } else { &self.history.shop.api_key };
        let url = format!("{}{path}", self.history.installation.url());
        let method: Method = method.parse().unwrap();
        let asked = self.http.request(method, url).bearer_auth(key).header("content-type", "application/json");
        let answer = asked.body(body.unwrap_or_default()).send().await.unwrap();
        let (status, bytes) = (answer.status(), answer.bytes().await.unwrap());
        let text = String::from_utf8(bytes.to_vec()).unwrap_or_else(|_| hex::encode(&bytes));
        assert!([StatusCode::OK, StatusCode::CREATED].contains(&status), "{path}: {status} {text}");
        text
    }

    /// The path of a call, with what may be left out left out.
    fn path(&self, path: &str) -> String {
        let (merchant, top) = self.sizes;
        let size = if path.starts_with("/audit/") { top } else { merchant };
        let path = path.replace("LEVEL/INDEX[.p/WIDTH]", &format!("0/000.p/{size}"));
        let path = path.split('[').next().unwrap_or_default();
        let path = path.replace("=N", &format!("={}", self.history.position)).replace("=SIZE", "=1");
        self.filled_in(&path)
    }

    /// What a page can only hint at.
    fn filled_in(&self, text: &str) -> String {
        let History { shop, customer, position, first_month, second_month, key, .. } = self.history;
        // Ids and keys last: they may look like anything.
        text.replace("4711", &position.to_string())
            .replace("2026-11-01T", &format!("{second_month}T"))
            .replace("2026-11-01", &first_month.to_string())
            .replace("2026-12-01", &second_month.to_string())
            .replace("loyalnest/…+…+…", key)
            .replace("mer_…", &shop.merchant_id)
            .replace("cus_…", customer)
            .replace("{id}", customer)
    }

    /// As it is printed, and once more for programs.
    async fn run(&self, line: &str) {
        let filled = self.filled_in(line);
        assert!(!filled.replace("--env-file …", "").contains('…'), "nobody knows what to fill in: {line}");
        let command = self.addressed(&filled);
        let is_for_programs = command.contains("-o json");
        let printed = self.printed(&command).await;
        if is_for_programs {
            return is_data(line, &printed);
        }
        // What goes to a file is looked at by the command that takes it from there.
        assert!(command.contains("> ") || !printed.trim().is_empty(), "{line} says nothing");
        if !ONCE.iter().any(|once| line.contains(once)) {
            let command = command.replacen("loyalnest", "loyalnest -o json", 1);
            is_data(line, &self.printed(&command).await);
        }
    }

    /// With the environment file of the installation that is meant.
    fn addressed(&self, line: &str) -> String {
        if ALONE.iter().any(|alone| line.contains(alone)) {
            return line.to_owned();
        }
        let here = self.history.installation.env_file().display().to_string();
        let file = if line.contains(ELSEWHERE) { "elsewhere.env" } else { &here };
        let line = line.replacen("loyalnest --env-file …", "loyalnest", 1);
        line.replacen("loyalnest", &format!("loyalnest --env-file {file}"), 1)
    }

    /// What a command that ends well says on its standard output.
    async fn printed(&self, command: &str) -> String {
        if command.contains("--follow") {
            return self.first_line(command).await;
        }
        let Output { status, stdout, stderr } = self.shell(command).output().await.unwrap();
        let (said, error) = (String::from_utf8(stdout).unwrap(), String::from_utf8_lossy(&stderr));
        assert_eq!(status.code(), Some(0), "{command}\n{said}{error}");
        said
    }

    /// Of a command that goes on until it is interrupted.
    async fn first_line(&self, command: &str) -> String {
        let mut child = self.shell(&format!("exec {command}")).spawn().unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let line = timeout(FIRST_LINE_WITHIN, lines.next_line()).await.expect("it prints soon").unwrap();
        let pid = child.id().expect("it goes on");
        kill(Pid::from_raw(pid.try_into().unwrap()), Signal::SIGINT).unwrap();
        child.wait().await.unwrap();
        line.unwrap_or_else(|| panic!("{command} ended"))
    }

    /// The auditor's shell: at the desk, with the program and nothing of this process's environment.
    fn shell(&self, command: &str) -> Command {
        let program = loyalnest().parent().expect("the program lies in a folder");
        let path = format!("{}:{}", program.display(), env::var("PATH").unwrap_or_default());
        let mut shell = Command::new("sh");
        shell.args(["-c", command]).current_dir(self.history.desk.path()).env_clear().env("PATH", path);
        shell.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
        shell
    }
}

fn is_data(line: &str, printed: &str) {
    let data: Value = serde_json::from_str(printed).unwrap_or_else(|error| panic!("{line}: {error}: {printed}"));
    assert!(says_something(&data), "{line}: {data}");
}

fn says_something(data: &Value) -> bool {
    match data {
        Value::Null => false,
        Value::Array(rows) => !rows.is_empty(),
        Value::Object(fields) => !fields.is_empty(),
        Value::String(text) => !text.is_empty(),
        Value::Bool(_) | Value::Number(_) => true,
    }
}
