//! `loyalnest check …`: what monitors ask, answered as their plugins do: one line with figures behind a bar, and an exit code
//! of 0 for ok, 1 for a warning, 2 for critical, 3 if it is not known.

use std::process::ExitCode;

use aggregates::time::Clock;
use anyhow::ensure;
use gateway::clock::SystemClock;
use projections::lag::{self, Behind};

use crate::{
    args::{CheckCommand, LagArgs},
    composition::Config,
};

/// How bad it is, in the order of badness.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Verdict {
    Ok,
    Warning,
    Critical,
}

impl Verdict {
    fn of(lag: u64, args: &LagArgs) -> Verdict {
        match lag {
            lag if lag >= args.critical => Verdict::Critical,
            lag if lag >= args.warn => Verdict::Warning,
            _ => Verdict::Ok,
        }
    }

    const fn word(self) -> &'static str {
        match self {
            Verdict::Ok => "OK",
            Verdict::Warning => "WARNING",
            Verdict::Critical => "CRITICAL",
        }
    }
}

/// An installation that cannot be asked is not known to be well.
const UNKNOWN: u8 = 3;

pub async fn run(command: CheckCommand, config: impl FnOnce() -> anyhow::Result<Config>) -> ExitCode {
    let CheckCommand::Lag(args) = command;
    let answer = async { lags(&config()?, &args).await };
    match answer.await {
        Ok((verdict, line)) => {
            println!("{line}");
            ExitCode::from(verdict as u8)
        }
        Err(error) => {
            println!("UNKNOWN - {error:#}");
            ExitCode::from(UNKNOWN)
        }
    }
}

async fn lags(config: &Config, args: &LagArgs) -> anyhow::Result<(Verdict, String)> {
    ensure!(args.warn <= args.critical, "--warn is above --critical");
    let (journal, db) = (config.journal().await?, config.database().await?);
    let all = lag::of_all(&journal, &db, SystemClock.now()).await?;
    let asked = |behind: &&Behind| {
        let checkpoint = &behind.checkpoint;
        let named = args.projection.as_ref().is_none_or(|name| *name == checkpoint.projection);
        checkpoint.generation.live && named
    };
    let lags: Vec<(String, u64)> = all
        .iter()
        .filter(asked)
        .map(|behind| {
            let lag = if args.seconds { behind.seconds } else { behind.events };
            (behind.checkpoint.projection.clone(), lag)
        })
        .collect();
    ensure!(!lags.is_empty(), "no such read model has ever run");
    Ok(judged(&lags, args))
}

fn judged(lags: &[(String, u64)], args: &LagArgs) -> (Verdict, String) {
    let (unit, suffix) = if args.seconds { ("seconds", "s") } else { ("events", "") };
    let (worst, lag) = lags.iter().max_by_key(|(_, lag)| *lag).map_or(("-", 0), |(name, lag)| (name.as_str(), *lag));
    let verdict = Verdict::of(lag, args);
    let figures = lags.iter().map(|(name, lag)| format!("{name}={lag}{suffix};{};{}", args.warn, args.critical));
    let figures = figures.collect::<Vec<_>>().join(" ");
    (verdict, format!("{} - {worst} is {lag} {unit} behind | {figures}", verdict.word()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(lags: &[(&str, u64)], seconds: bool) -> (Verdict, String) {
        let args = LagArgs { warn: 10, critical: 100, seconds, projection: None };
        let lags: Vec<_> = lags.iter().map(|(name, lag)| ((*name).to_owned(), *lag)).collect();
        judged(&lags, &args)
    }

    #[test]
    fn the_worst_decides_and_every_figure_is_told() {
        let (verdict, line) = asked(&[("balances", 3), ("books", 12)], false);
        assert_eq!(verdict, Verdict::Warning);
        assert_eq!(line, "WARNING - books is 12 events behind | balances=3;10;100 books=12;10;100");
    }

    #[test]
    fn thresholds_belong_to_what_is_worse() {
        let verdict = |lag| asked(&[("balances", lag)], true).0;
        assert_eq!([9, 10, 99, 100].map(verdict), {
            use Verdict::{Critical, Ok, Warning};
            [Ok, Warning, Warning, Critical]
        });
    }
}
