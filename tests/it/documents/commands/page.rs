//! Commands as pages write them: whole lines in fences, words in a sentence, and the shorthand of an overview
//! (`loyalnest … parked list · show ID · discard ID --reason R [--yes]`).

use clap::{Command, CommandFactory};
use loyalnest::args::Args;

const PROGRAM: &str = "loyalnest";
const FENCE: &str = "```";
/// Between commands of one line in an overview.
const AND: &str = " · ";

/// One command, as somebody would type it.
pub struct Call {
    pub line: usize,
    pub words: Vec<String>,
    /// A command in a sentence may leave out what everybody knows it needs.
    pub is_complete: bool,
}

/// Every command on a page.
pub fn calls(page: &str) -> Vec<Call> {
    let mut calls = Vec::new();
    let mut fenced = false;
    for (number, text) in (1..).zip(page.lines()) {
        if text.trim_start().starts_with(FENCE) {
            fenced = !fenced;
        } else if fenced {
            calls.extend(of_line(text).into_iter().map(|words| Call { line: number, words, is_complete: true }));
        } else {
            let spans = text.split('`').skip(1).step_by(2).flat_map(of_line);
            calls.extend(spans.map(|words| Call { line: number, words, is_complete: false }));
        }
    }
    calls
}

/// Whether a word stands for others.
pub fn is_placeholder(word: &str) -> bool {
    word.contains('…') || word.chars().all(|letter| letter.is_ascii_uppercase() || letter == '_')
}

fn of_line(text: &str) -> Vec<Vec<String>> {
    without_comment(text).split(" && ").flat_map(of_command).collect()
}

/// What is said of a command stands behind two spaces or a hash.
fn without_comment(text: &str) -> &str {
    let text = text.trim_start().trim_start_matches("$ ");
    let end = [text.find("  "), text.find(" #")].into_iter().flatten().min().unwrap_or(text.len());
    &text[..end]
}

/// The variants of one command, or of several that are written as one.
fn of_command(text: &str) -> Vec<Vec<String>> {
    let mut said = Vec::new();
    let mut before: Vec<String> = Vec::new();
    for (number, part) in text.split(AND).enumerate() {
        let mut words = words_of(part);
        if number == 0 {
            // Variables that are set for this command alone.
            words.drain(..words.iter().take_while(|word| is_assignment(word)).count());
            if words.first().is_none_or(|first| first != PROGRAM) {
                return Vec::new();
            }
            words.remove(0);
            if words.first().is_some_and(|word| word == "…") {
                words.remove(0);
            }
        } else {
            words = [beginning(&before, words.first()), words].concat();
        }
        before.clone_from(&words);
        said.extend(variants(&words));
    }
    said.into_iter().map(|words| [vec![PROGRAM.to_owned()], words].concat()).collect()
}

fn is_assignment(word: &str) -> bool {
    word.split_once('=').is_some_and(|(name, _)| !name.is_empty() && is_placeholder(name))
}

/// Subcommands of the command before that a shortened one begins with: as many as lead to one of this name.
fn beginning(before: &[String], first: Option<&String>) -> Vec<String> {
    let Some(first) = first else { return Vec::new() };
    let mut commands = vec![Args::command()];
    for word in before {
        let below = commands.last().and_then(|command: &Command| command.find_subcommand(word)).cloned();
        let Some(below) = below else { break };
        commands.push(below);
    }
    let depth = commands.iter().rposition(|command| command.find_subcommand(first).is_some()).unwrap_or(0);
    before[..depth].to_vec()
}

/// Words as a shell splits them, up to where the output goes. Brackets are words of their own, as are bars between choices.
fn words_of(text: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut quote = None;
    for letter in text.chars() {
        match (quote, letter) {
            (Some(open), letter) if letter == open => quote = None,
            (None, '\'' | '"') => quote = Some(letter),
            (None, ' ') => words.push(String::new()),
            (None, '[' | ']') => words.extend([letter.to_string(), String::new()]),
            (_, letter) => words.last_mut().expect("there is always one").push(letter),
        }
    }
    words.retain(|word| !word.is_empty());
    let end = words.iter().position(|word| word == ">" || word == "<" || word == "\\").unwrap_or(words.len());
    words.truncate(end);
    words
}

/// The command without what may be left out, and with each of those choices by itself; and each choice of a word.
fn variants(words: &[String]) -> Vec<Vec<String>> {
    let chosen = |words: Vec<String>| -> Vec<Vec<String>> {
        match words.iter().position(|word| word.len() > 1 && word.contains('|')) {
            Some(place) => {
                let choice = |one: &str| [&words[..place], &[one.to_owned()], &words[place + 1..]].concat();
                words[place].split('|').flat_map(|one| variants(&choice(one))).collect()
            }
            None => vec![words],
        }
    };
    let Some(open) = words.iter().position(|word| word == "[") else { return chosen(words.to_vec()) };
    let close = closing(words, open);
    let (before, inside, after) = (&words[..open], &words[open + 1..close], &words[close + 1..]);
    let mut said = variants(&[before, after].concat());
    let must = without_choices(after);
    for choice in inside.split(|word| word == "|") {
        // More of the same.
        let choice: Vec<String> = choice.iter().filter(|word| *word != "…").cloned().collect();
        said.extend(variants(&[before, &choice, &must].concat()));
    }
    said
}

/// Words that may not be left out.
fn without_choices(words: &[String]) -> Vec<String> {
    match words.iter().position(|word| word == "[") {
        Some(open) => [&words[..open], &without_choices(&words[closing(words, open) + 1..])].concat(),
        None => words.to_vec(),
    }
}

fn closing(words: &[String], open: usize) -> usize {
    let mut depth = 0;
    for (place, word) in words.iter().enumerate().skip(open) {
        match word.as_str() {
            "[" => depth += 1,
            "]" => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            return place;
        }
    }
    panic!("a bracket stays open: {}", words.join(" "))
}
