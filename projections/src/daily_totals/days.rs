//! Days of one merchant: commits in, totals out. Pure.

use aggregates::{
    books::{Flow, Rate},
    money::Currency,
    points::PointsEvent,
    program::ProgramEvent,
};
use journal::Positioned;

use crate::books::Day;

/// What points are worth: so many buy so many minor units.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Worth {
    pub points: i64,
    pub amount_minor: i64,
    /// As the shop's orders state it; none before the first order.
    pub currency: Option<Currency>,
}

impl Default for Worth {
    /// Before there are settings, nothing.
    fn default() -> Self {
        Worth { points: 1, amount_minor: 0, currency: None }
    }
}

/// A day, and how it stands at its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Standing {
    pub day: Day,
    pub flow: Flow,
    /// Points that customers hold, less what they owe.
    pub outstanding: i64,
    pub worth: Worth,
    pub position: u64,
}

impl Standing {
    /// What is outstanding, in minor units, rounded towards zero.
    pub fn liability_minor(&self) -> i64 {
        let Worth { points, amount_minor, currency } = self.worth;
        Rate { program_version: 0, points, amount_minor, currency }.value_of(self.outstanding)
    }
}

/// Days in a batch, on top of the newest that is known.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Days {
    over: Vec<Standing>,
    newest: Option<Standing>,
    has_changed: bool,
}

impl Days {
    pub fn going_on_at(newest: Standing) -> Self {
        Days { over: Vec::new(), newest: Some(newest), has_changed: false }
    }

    /// Days with something new, the oldest first.
    pub fn changed(&self) -> impl Iterator<Item = &Standing> {
        self.over.iter().chain(self.newest.as_ref().filter(|_| self.has_changed))
    }

    pub fn points(&mut self, commit: &Positioned, events: &[PointsEvent]) {
        let flow: Flow = events.iter().map(Flow::of).sum();
        let currency = events.iter().rev().find_map(|event| match event {
            PointsEvent::OrderAssessed(event) => event.body.as_ref().map(|body| body.currency),
            _ => None,
        });
        if flow == Flow::default() && currency.is_none_or(|currency| self.currency() == Some(currency)) {
            return;
        }
        let today = self.today(commit);
        today.flow += flow;
        today.outstanding += flow.net();
        today.worth.currency = currency.or(today.worth.currency);
    }

    pub fn settings(&mut self, commit: &Positioned, events: &[ProgramEvent]) {
        for ProgramEvent::SettingsPublished(version) in events {
            let today = self.today(commit);
            let rate = version.settings.redemption;
            (today.worth.points, today.worth.amount_minor) = (rate.points, rate.amount_minor);
        }
    }

    fn currency(&self) -> Option<Currency> {
        self.newest.and_then(|newest| newest.worth.currency)
    }

    /// The day of a commit: a new one begins as the last one ended.
    fn today(&mut self, commit: &Positioned) -> &mut Standing {
        let day = Day::of(commit.commit.recorded_at);
        let begun = match self.newest {
            Some(newest) if newest.day >= day => newest,
            Some(newest) => {
                self.over.extend(self.has_changed.then_some(newest));
                Standing { day, flow: Flow::default(), ..newest }
            }
            None => Standing { day, flow: Flow::default(), outstanding: 0, worth: Worth::default(), position: 0 },
        };
        self.has_changed = true;
        self.newest.insert(Standing { position: commit.position, ..begun })
    }
}

#[cfg(test)]
mod tests {
    use aggregates::{
        program::{ProgramSettings, ProgramVersion, RedemptionRate},
        time::Timestamp,
    };

    use super::*;
    use crate::sample;

    fn on_day(day: i64, position: u64) -> Positioned {
        let mut commit = sample::commit(position);
        commit.commit.recorded_at = Day(day).start();
        commit
    }

    fn published(points: i64, amount_minor: i64) -> Vec<ProgramEvent> {
        let settings = ProgramSettings {
            redemption: RedemptionRate { points, amount_minor },
            ..ProgramSettings::default_of_a_new_merchant()
        };
        vec![ProgramEvent::SettingsPublished(ProgramVersion { version: 1, effective_from: Timestamp(0), settings })]
    }

    fn totals(days: &Days) -> Vec<(i64, i64, i64)> {
        days.changed().map(|standing| (standing.day.0, standing.outstanding, standing.liability_minor())).collect()
    }

    fn with_outstanding(points: i64) -> Days {
        let mut days = Days::default();
        days.settings(&on_day(1, 1), &published(100, 500));
        let standing = days.newest.expect("a day has begun");
        Days::going_on_at(Standing { outstanding: points, ..standing })
    }

    #[test]
    fn a_new_rate_opens_its_day_with_what_was_outstanding() {
        let mut days = with_outstanding(250);
        assert_eq!(totals(&days), [], "nothing is new yet");
        days.settings(&on_day(3, 2), &published(100, 1_000));
        assert_eq!(totals(&days), [(3, 250, 2_500)]);
    }

    #[test]
    fn what_a_clock_that_is_behind_records_counts_for_the_newest_day() {
        let mut days = with_outstanding(250);
        days.settings(&on_day(9, 2), &published(100, 1_000));
        days.settings(&on_day(4, 3), &published(100, 500));
        assert_eq!(totals(&days), [(9, 250, 1_250)]);
    }

    #[test]
    fn every_day_that_something_happened_on_is_told() {
        let mut days = Days::default();
        for day in [1, 2, 5] {
            days.settings(&on_day(day, 1), &published(100, 500));
        }
        assert_eq!(totals(&days), [(1, 0, 0), (2, 0, 0), (5, 0, 0)]);
    }
}
