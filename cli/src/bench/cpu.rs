//! Processor time by party: the bench itself, the gateway where it is a process of its own, the log, the database.

use std::{fs, time::Duration};

use anyhow::Context;

/// Clock ticks in `/proc` are hundredths of a second on every Linux.
const TICK: Duration = Duration::from_millis(10);

/// Whose time is counted, by process id.
#[derive(Debug, Clone)]
pub struct Parties {
    pub gateway: Option<u32>,
    pub nats: i32,
    pub postgres: i32,
}

/// Processor time of each party.
#[derive(Debug, Clone, Copy, Default)]
pub struct Spent {
    /// Load generator, and whatever of the product runs in its process.
    pub bench: Duration,
    pub gateway: Duration,
    pub nats: Duration,
    pub postgres: Duration,
}

impl Parties {
    pub fn spent(&self) -> anyhow::Result<Spent> {
        Ok(Spent {
            bench: Times::of("self")?.own,
            gateway: self.gateway.map(|pid| Times::of(&pid.to_string())).transpose()?.unwrap_or_default().own,
            nats: Times::of(&self.nats.to_string())?.own,
            postgres: with_children(self.postgres)?,
        })
    }
}

impl Spent {
    pub fn since(self, before: Spent) -> Spent {
        Spent {
            bench: self.bench.saturating_sub(before.bench),
            gateway: self.gateway.saturating_sub(before.gateway),
            nats: self.nats.saturating_sub(before.nats),
            postgres: self.postgres.saturating_sub(before.postgres),
        }
    }

    /// Microseconds of each party for one of so many operations, such as `gateway 31 + log 12 + database 7 µs`.
    pub fn per_operation(self, operations: u64) -> String {
        let micros = |name: &str, spent: Duration| {
            let each = spent.as_micros() / u128::from(operations.max(1));
            (each > 0).then(|| format!("{name} {each}"))
        };
        let parts = [
            micros("bench", self.bench),
            micros("gateway", self.gateway),
            micros("log", self.nats),
            micros("database", self.postgres),
        ];
        let parts: Vec<String> = parts.into_iter().flatten().collect();
        if parts.is_empty() { String::new() } else { format!("{} µs", parts.join(" + ")) }
    }
}

/// What the kernel says of one process.
#[derive(Debug, Clone, Copy, Default)]
struct Times {
    parent: i32,
    own: Duration,
    /// Of children that have ended.
    children: Duration,
}

impl Times {
    fn of(process: &str) -> anyhow::Result<Times> {
        let path = format!("/proc/{process}/stat");
        let text = fs::read_to_string(&path).with_context(|| format!("cannot read {path}"))?;
        Times::parse(&text).with_context(|| format!("{path} is not as expected"))
    }

    /// The program's name may hold anything, also blanks; after its bracket come the state, the parent and numbers.
    fn parse(stat: &str) -> Option<Times> {
        let fields: Vec<&str> = stat.rsplit_once(')')?.1.split_whitespace().collect();
        let ticks = |index: usize| fields.get(index)?.parse::<u32>().ok().map(|ticks| TICK * ticks);
        Some(Times {
            parent: fields.get(1)?.parse().ok()?,
            own: ticks(11)? + ticks(12)?,
            children: ticks(13)? + ticks(14)?,
        })
    }
}

/// A server that has a process for each connection.
fn with_children(pid: i32) -> anyhow::Result<Duration> {
    let server = Times::of(&pid.to_string())?;
    let processes = fs::read_dir("/proc").context("cannot read /proc")?.flatten();
    let alive = processes
        .filter_map(|entry| Times::of(entry.file_name().to_str()?).ok())
        .filter(|times| times.parent == pid)
        .map(|times| times.own)
        .sum::<Duration>();
    Ok(server.own + server.children + alive)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_with_blanks_and_brackets_does_not_shift_the_fields() {
        let stat = "4711 (a (b) c) S 17 4711 4711 0 -1 4194560 1 2 3 4 250 50 700 300 20 0 1 0 5";
        let times = Times::parse(stat).expect("a sound line");
        assert_eq!(times.parent, 17);
        assert_eq!(times.own, Duration::from_secs(3));
        assert_eq!(times.children, Duration::from_secs(10));
    }
}
