//! Which badges somebody's deeds earn.

use std::collections::BTreeMap;

use super::{
    achievements::{Achievements, Deeds},
    definition::{BadgeDefinition, BadgeRule, BadgeSettings, Repeats},
    period::{Month, Period},
};

/// A badge that is due, whether or not it was awarded already.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Earned<'a> {
    pub badge: &'a BadgeDefinition,
    pub period: Period,
}

/// All that these deeds earn, in the order of the definitions, and of the calendar within one.
pub fn earned<'a>(settings: &'a BadgeSettings, achievements: &Achievements) -> Vec<Earned<'a>> {
    let mut all = Vec::new();
    for badge in &settings.badges {
        for (period, deeds) in by_period(badge, achievements) {
            if is_met(badge.rule, &deeds) {
                all.push(Earned { badge, period });
            }
        }
    }
    all
}

type Months<'a> = Vec<(Month, &'a Deeds)>;

fn by_period<'a>(badge: &BadgeDefinition, achievements: &'a Achievements) -> BTreeMap<Period, Months<'a>> {
    let mut periods: BTreeMap<Period, Months<'a>> = BTreeMap::new();
    for (month, deeds) in achievements.since(badge.counts_from) {
        let period = match badge.repeats {
            Repeats::Once => Period::Ever,
            Repeats::Monthly => Period::Month(month),
            Repeats::Yearly => Period::Year(month.year()),
        };
        periods.entry(period).or_default().push((month, deeds));
    }
    periods
}

fn is_met(rule: BadgeRule, months: &Months<'_>) -> bool {
    match rule {
        BadgeRule::ByHand => false,
        BadgeRule::Orders { count } => {
            let orders = months.iter().fold(0_u32, |sum, (_, deeds)| sum.saturating_add(deeds.orders));
            orders >= count
        }
        BadgeRule::Spend { amount_minor, currency } => {
            let spent = months.iter().filter_map(|(_, deeds)| deeds.spend_minor.get(&currency));
            spent.fold(0_i64, |sum, minor| sum.saturating_add(*minor)) >= amount_minor
        }
        BadgeRule::Streak { months: asked } => longest_streak(months) >= asked,
        BadgeRule::Referrals { count } => {
            let brought = months.iter().fold(0_u32, |sum, (_, deeds)| sum.saturating_add(deeds.referrals));
            brought >= count
        }
        BadgeRule::Birthday => months.iter().any(|(_, deeds)| deeds.has_birthday),
    }
}

/// Months with an order, one directly after the other.
fn longest_streak(months: &Months<'_>) -> u32 {
    let (mut longest, mut current, mut last) = (0, 0, None::<Month>);
    for (month, _) in months.iter().filter(|(_, deeds)| deeds.orders > 0) {
        current = if last.is_some_and(|last| last.next() == *month) { current + 1 } else { 1 };
        longest = longest.max(current);
        last = Some(*month);
    }
    longest
}
