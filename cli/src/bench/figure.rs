//! What is printed: our figure, the one beside it, their ratio, and whether that is what we promise.

use std::time::Duration;

use serde_json::{Number, Value, json};

use super::run::Run;
use crate::{args::Output, output};

/// A ratio in thousandths.
pub type Permille = u64;

/// What a ratio of ours to theirs should be.
#[derive(Debug, Clone, Copy)]
pub enum Target {
    AtLeast(Permille),
    AtMost(Permille),
    /// Ours itself should not exceed the figure beside it.
    Within,
    /// Nothing is promised.
    None,
}

/// What is counted.
#[derive(Debug, Clone, Copy)]
pub enum Unit {
    PerSecond,
    Micros,
    Kibibytes,
}

/// One line of the report.
#[derive(Debug, Clone)]
pub struct Figure {
    pub name: String,
    pub ours: u64,
    pub unit: Unit,
    /// What stands beside it, and its figure.
    pub beside: Option<(String, u64)>,
    pub target: Target,
    pub cpu: String,
    pub cpu_beside: String,
}

impl Figure {
    /// Rates of two contestants.
    pub fn rates(name: &str, ours: &Run, beside: &str, theirs: &Run, at_least: Permille) -> Figure {
        Figure {
            name: name.to_owned(),
            ours: ours.per_second(),
            unit: Unit::PerSecond,
            beside: Some((beside.to_owned(), theirs.per_second())),
            target: Target::AtLeast(at_least),
            cpu: ours.cpu(),
            cpu_beside: theirs.cpu(),
        }
    }

    /// Latencies of two contestants.
    pub fn latencies(name: &str, ours: Duration, beside: &str, theirs: Duration, at_most: Permille) -> Figure {
        Figure {
            beside: Some((beside.to_owned(), micros(theirs))),
            target: Target::AtMost(at_most),
            ..Figure::latency(name, ours)
        }
    }

    /// A latency beside which nothing stands.
    pub fn latency(name: &str, ours: Duration) -> Figure {
        Figure {
            name: name.to_owned(),
            ours: micros(ours),
            unit: Unit::Micros,
            beside: None,
            target: Target::None,
            cpu: String::new(),
            cpu_beside: String::new(),
        }
    }

    fn ratio(&self) -> Option<Permille> {
        self.beside.as_ref().map(|(_, theirs)| self.ours.saturating_mul(1_000) / theirs.max(&1))
    }

    fn target(&self) -> String {
        match self.target {
            Target::AtLeast(ratio) => format!("≥ {}", decimal(ratio)),
            Target::AtMost(ratio) => format!("≤ {}", decimal(ratio)),
            Target::Within => "≤ 1".to_owned(),
            Target::None => String::new(),
        }
    }

    fn verdict(&self) -> &'static str {
        let met = match (self.target, self.ratio()) {
            (Target::None, _) | (_, None) => return "",
            (Target::AtLeast(target), Some(ratio)) => ratio >= target,
            (Target::AtMost(target), Some(ratio)) => ratio <= target,
            (Target::Within, Some(ratio)) => ratio <= 1_000,
        };
        if met { "met" } else { "missed" }
    }

    fn row(&self) -> Value {
        let unit = match self.unit {
            Unit::PerSecond => "/s",
            Unit::Micros => "µs",
            Unit::Kibibytes => "KiB",
        };
        let (beside, theirs) = self.beside.clone().unzip();
        json!({
            "name": self.name,
            "ours": self.ours,
            "unit": unit,
            "beside": beside,
            "theirs": theirs,
            "ratio": self.ratio().map(number),
            "target": self.target(),
            "verdict": self.verdict(),
            "cpu": self.cpu,
            "cpu_beside": self.cpu_beside,
        })
    }
}

fn micros(duration: Duration) -> u64 {
    u64::try_from(duration.as_micros()).unwrap_or(u64::MAX)
}

/// `0.573`
fn decimal(permille: Permille) -> String {
    let text = format!("{}.{:03}", permille / 1_000, permille % 1_000);
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

fn number(permille: Permille) -> Value {
    let parsed = decimal(permille).parse().ok().and_then(Number::from_f64);
    parsed.map_or(Value::Null, Value::Number)
}

pub fn print(output: Output, figures: &[Figure]) -> anyhow::Result<()> {
    const COLUMNS: [&str; 10] =
        ["name", "ours", "unit", "beside", "theirs", "ratio", "target", "verdict", "cpu", "cpu_beside"];
    let rows: Vec<Value> = figures.iter().map(Figure::row).collect();
    output::list(output, &COLUMNS, &rows)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ratios_are_said_in_thousandths_without_trailing_zeros() {
        assert_eq!(decimal(573), "0.573");
        assert_eq!(decimal(3_500), "3.5");
        assert_eq!(decimal(2_000), "2");
        assert_eq!(decimal(7), "0.007");
    }

    #[test]
    fn a_missed_target_is_called_missed() {
        let slow = Duration::from_millis(40);
        let fast = Duration::from_millis(10);
        assert_eq!(Figure::latencies("one", slow, "other", fast, 3_999).verdict(), "missed");
        assert_eq!(Figure::latencies("one", slow, "other", fast, 4_000).verdict(), "met");
        assert_eq!(Figure::latency("alone", slow).verdict(), "");
    }
}
