//! The tier at an instant. Everything that counts comes and goes at known instants; between them the measured sum stands
//! still. The walk goes from one such instant to the next and asks each time: is this enough for a higher tier, or too
//! little for this one?
//!
//! What somebody was given is a floor under what the rules say, and the rules know nothing of it.

use super::{
    fact::Fact,
    given::{Floor, Given},
};
use crate::{
    program::tiers::{Downgrade, Tier, TierSettings},
    rfm::{Calendar, TimeZoneName, calendar::UnknownTimeZone},
    time::Timestamp,
};

/// Tiers, and the calendar by which their windows end.
#[derive(Debug, Clone)]
pub struct Ladder {
    pub settings: TierSettings,
    calendar: Calendar,
}

/// Where somebody stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Standing {
    /// Place among the settings' tiers; none for somebody who is in none.
    pub tier: Option<usize>,
    /// When they came into it, up or down; the beginning of time for somebody who never was in any.
    pub since: Timestamp,
    /// What is measured, inside the window.
    pub measured: i64,
    /// There is too little for this tier, and this is when it ends unless more comes.
    pub falls_at: Option<Timestamp>,
}

/// A standing, and what time alone will make of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Way {
    pub standing: Standing,
    /// Until when the tier is safe, if nothing more comes and nothing goes back; for ever, if none.
    pub safe_until: Option<Timestamp>,
    /// When to look again, because the tier will be another, or a fact that lies ahead will count.
    pub look_again_at: Option<Timestamp>,
}

impl Ladder {
    /// # Errors
    /// [`UnknownTimeZone`]; settings were checked for it when they were saved.
    pub fn of(settings: &TierSettings, time_zone: &TimeZoneName) -> Result<Self, UnknownTimeZone> {
        Ok(Ladder { settings: settings.clone(), calendar: Calendar::of(time_zone)? })
    }

    pub fn tier(&self, standing: &Standing) -> Option<&Tier> {
        self.settings.tiers.get(standing.tier?)
    }

    /// How things stand at `instant` by these facts and gifts, in whatever order they are.
    pub fn stand(&self, facts: &[Fact], given: &[Given], instant: Timestamp) -> Standing {
        let floors = self.floors(given);
        let mut walk = Walk::new(self, &floors);
        walk.go(&self.changes(facts, &floors), instant);
        walk.standing
    }

    /// How things stood just before each of these instants: what somebody was when they ordered, without the order itself.
    pub fn stood_before(&self, facts: &[Fact], given: &[Given], instants: &[Timestamp]) -> Vec<Standing> {
        let floors = self.floors(given);
        let changes = self.changes(facts, &floors);
        let mut places: Vec<usize> = (0..instants.len()).collect();
        places.sort_unstable_by_key(|place| instants[*place]);
        let mut stood = vec![Standing::default(); instants.len()];
        let (mut walk, mut done) = (Walk::new(self, &floors), 0);
        for place in places {
            done += walk.go(&changes[done..], Timestamp(instants[place].0.saturating_sub(1)));
            stood[place] = walk.standing;
        }
        stood
    }

    /// How things stand at `now`, and what time will do.
    pub fn way(&self, facts: &[Fact], given: &[Given], now: Timestamp) -> Way {
        let floors = self.floors(given);
        let changes = self.changes(facts, &floors);
        let mut walk = Walk::new(self, &floors);
        let done = walk.go(&changes, now);
        let standing = walk.standing;
        let ahead = facts.iter().map(|fact| fact.at).filter(|at| *at > now).min();
        let (differs_at, safe_until) = walk.go_on(&changes[done..]);
        let look_again_at = [differs_at, ahead].into_iter().flatten().min();
        Way { standing, safe_until, look_again_at }
    }

    /// What is added to the measured sum, and taken from it, and when; ordered by instant. Where a floor begins or ends
    /// nothing is added, and it is looked all the same.
    fn changes(&self, facts: &[Fact], floors: &[Floor]) -> Vec<(Timestamp, i64)> {
        let mut changes = Vec::with_capacity(2 * (facts.len() + floors.len()));
        for fact in facts {
            let amount = fact.amount(self.settings.measure);
            if amount != 0 {
                changes.push((fact.at, amount));
                let end = self.settings.window.end_of(fact.at, &self.calendar);
                changes.extend(end.map(|end| (end, -amount)));
            }
        }
        for floor in floors {
            changes.push((floor.from, 0));
            changes.extend(floor.end.map(|end| (end, 0)));
        }
        // Of one instant only the sum is looked at, so that their order among each other is of no account.
        changes.sort_unstable();
        changes
    }

    /// When a tier is over that was reached at `from`, if nothing more is bought; never, if none.
    pub(super) fn end_without_more(&self, from: Timestamp) -> Option<Timestamp> {
        self.settings.window.end_of(from, &self.calendar).map(|end| self.end_of_grace(end))
    }

    /// When too little, noticed at `from`, ends a tier.
    fn end_of_grace(&self, from: Timestamp) -> Timestamp {
        let grace_over = from.plus_days(self.settings.grace_days);
        match self.settings.downgrade {
            Downgrade::AtOnce => grace_over,
            Downgrade::AtPeriodEnd => self.calendar.next_year(grace_over),
        }
    }

    fn reached(&self, measured: i64) -> Option<usize> {
        self.settings.tiers.iter().rposition(|tier| tier.entry <= measured)
    }

    /// The highest tier below `from` that this is enough to stay in: whoever was higher up was there, too.
    fn lands_on(&self, from: usize, measured: i64) -> Option<usize> {
        self.settings.tiers[..from].iter().rposition(|tier| tier.retention <= measured)
    }
}

struct Walk<'a> {
    ladder: &'a Ladder,
    floors: &'a [Floor],
    /// By the rules alone.
    by_rules: Standing,
    standing: Standing,
}

impl<'a> Walk<'a> {
    fn new(ladder: &'a Ladder, floors: &'a [Floor]) -> Self {
        Walk { ladder, floors, by_rules: Standing::default(), standing: Standing::default() }
    }

    /// Up to and with `until`; gives how many of the changes that were.
    fn go(&mut self, changes: &[(Timestamp, i64)], until: Timestamp) -> usize {
        let mut done = 0;
        while let Some(&(at, _)) = changes.get(done).filter(|(at, _)| *at <= until) {
            self.pass(at);
            done += self.take(&changes[done..], at);
        }
        // An end that is `until` itself is reached with what has come by then.
        self.pass(until);
        self.look(until);
        done
    }

    /// All changes of one instant.
    fn take(&mut self, changes: &[(Timestamp, i64)], at: Timestamp) -> usize {
        let of_instant = changes.iter().take_while(|(of, _)| *of == at);
        let count = of_instant.clone().count();
        let sum = of_instant.fold(0_i64, |sum, (_, amount)| sum.saturating_add(*amount));
        self.by_rules.measured = self.by_rules.measured.saturating_add(sum);
        self.look(at);
        count
    }

    /// Time before `at` in which nothing comes or goes: a grace may end in it.
    fn pass(&mut self, at: Timestamp) {
        if let Some(end) = self.by_rules.falls_at.filter(|end| *end < at) {
            self.look(end);
        }
    }

    fn look(&mut self, at: Timestamp) {
        self.look_by_rules(at);
        self.stand_on_floor(at);
    }

    fn look_by_rules(&mut self, at: Timestamp) {
        let Standing { tier, measured, .. } = self.by_rules;
        let reached = self.ladder.reached(measured);
        if reached > tier {
            self.by_rules = Standing { tier: reached, since: at, falls_at: None, measured };
            return;
        }
        let Some(current) = tier.filter(|tier| measured < self.ladder.settings.tiers[*tier].retention) else {
            self.by_rules.falls_at = None;
            return;
        };
        let end = self.by_rules.falls_at.unwrap_or_else(|| self.ladder.end_of_grace(at));
        if end > at {
            self.by_rules.falls_at = Some(end);
        } else {
            let lower = self.ladder.lands_on(current, measured);
            self.by_rules = Standing { tier: lower, since: at, falls_at: None, measured };
        }
    }

    /// Nobody is below the highest floor that holds; and nothing threatens a tier that a floor holds.
    fn stand_on_floor(&mut self, at: Timestamp) {
        let floor = self.floors.iter().filter(|floor| floor.holds_at(at)).map(|floor| floor.tier).max();
        let tier = self.by_rules.tier.max(floor);
        let since = if tier == self.standing.tier { self.standing.since } else { at };
        let falls_at = self.by_rules.falls_at.filter(|_| floor < tier);
        self.standing = Standing { tier, since, measured: self.by_rules.measured, falls_at };
    }

    /// When the tier will be another, and when it will be lost, if only what is known already comes and goes.
    fn go_on(&mut self, mut changes: &[(Timestamp, i64)]) -> (Option<Timestamp>, Option<Timestamp>) {
        let held = self.standing.tier;
        let mut differs_at = None;
        loop {
            let next = changes.first().map(|(at, _)| *at);
            if let Some(end) = self.by_rules.falls_at.filter(|end| next.is_none_or(|next| *end < next)) {
                self.look(end);
            } else {
                let Some(at) = next else { return (differs_at, None) };
                let taken = self.take(changes, at);
                changes = &changes[taken..];
            }
            if self.standing.tier != held {
                differs_at = differs_at.or(Some(self.standing.since));
            }
            if self.standing.tier < held {
                return (differs_at, Some(self.standing.since));
            }
        }
    }
}
