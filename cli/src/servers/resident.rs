//! Finding processes by what they are: their name and the directory they work in.

use std::fs;
use std::path::Path;

use nix::unistd::Pid;

/// A live process. The start time tells it from a later one under the same number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Resident {
    pub(super) pid: Pid,
    started: u64,
}

impl Resident {
    /// Every live process called `program` whose working directory is `directory`. Processes of other users cannot be
    /// looked into and are left out.
    pub(super) fn all(program: &str, directory: &Path) -> Vec<Resident> {
        let Ok(entries) = fs::read_dir("/proc") else { return Vec::new() };
        entries
            .flatten()
            .filter_map(|entry| entry.file_name().to_str()?.parse().ok())
            .filter_map(|pid| Self::at(Pid::from_raw(pid), program, directory))
            .collect()
    }

    /// The process under this number, if it is called `program` and works in `directory`.
    pub(super) fn at(pid: Pid, program: &str, directory: &Path) -> Option<Resident> {
        let stat = Stat::of(pid)?;
        let works_there = fs::read_link(format!("/proc/{pid}/cwd")).is_ok_and(|cwd| cwd == directory);
        (stat.name == program && works_there).then_some(Resident { pid, started: stat.started })
    }

    /// Whether something called `program` runs under this number that cannot be looked into.
    pub(super) fn is_hidden(pid: Pid, program: &str) -> bool {
        Stat::of(pid).is_some_and(|stat| stat.name == program) && fs::read_link(format!("/proc/{pid}/cwd")).is_err()
    }

    pub(super) fn is_alive(&self) -> bool {
        Stat::of(self.pid).is_some_and(|stat| stat.started == self.started)
    }
}

struct Stat {
    name: String,
    /// Clock ticks between the machine's start and this process's.
    started: u64,
}

impl Stat {
    /// `None` when there is no such process, or only what is left of it until its parent takes note (a zombie):
    /// signal 0 would call that alive.
    fn of(pid: Pid) -> Option<Stat> {
        Self::parse(&fs::read_to_string(format!("/proc/{pid}/stat")).ok()?)
    }

    /// `PID (NAME) STATE …`; the name may itself contain blanks and parentheses, so the last one ends it.
    fn parse(text: &str) -> Option<Stat> {
        const STARTED_AFTER_STATE: usize = 19;
        let (_, rest) = text.split_once('(')?;
        let (name, rest) = rest.rsplit_once(')')?;
        let mut fields = rest.split_ascii_whitespace();
        let state = fields.next()?;
        let started = fields.nth(STARTED_AFTER_STATE - 1)?.parse().ok()?;
        (!matches!(state, "Z" | "X")).then(|| Stat { name: name.to_owned(), started })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_process_finds_itself_by_name_and_directory() {
        let own = Pid::this();
        let name = fs::read_to_string("/proc/self/comm").unwrap();
        let here = std::env::current_dir().unwrap();
        let found = Resident::at(own, name.trim_end(), &here).unwrap();
        assert!(found.is_alive());
        assert_eq!(Resident::at(own, name.trim_end(), Path::new("/nowhere")), None);
        assert_eq!(Resident::at(own, "postgres", &here), None);
        assert!(!Resident { started: found.started + 1, ..found }.is_alive(), "a later process under this number");
    }

    #[test]
    fn names_with_blanks_and_parentheses_are_read_whole_and_zombies_are_dead() {
        let line = |state: &str| format!("7 (a) b (c)) {state} 1 7 7 0 -1 0 0 0 0 0 0 0 0 0 20 0 1 0 4242 0 0");
        let stat = Stat::parse(&line("S")).unwrap();
        assert_eq!((stat.name.as_str(), stat.started), ("a) b (c)", 4242));
        assert!(Stat::parse(&line("Z")).is_none());
    }
}
