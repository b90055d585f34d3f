//! A programme to be tried, and what it pays for an order.

use std::collections::BTreeMap;

use rust_decimal::Decimal;

use super::{
    acting::Acting,
    past::{Move, Past, PastOrder, Segment},
};
use crate::{
    campaign::{CampaignVersion, Who, boosts_at},
    id::RewardId,
    money::Currency,
    program::{
        Boost, BoostSource, EarningRule, Exclusions, Inclusions, Program, ProgramSettings, TaxBase, Tier, factor_of,
        kept_of,
    },
    rfm::{Calendar, calendar::UnknownTimeZone},
    tier::{Fact, Given, Ladder},
    time::Timestamp,
};

/// A programme to be tried over a past.
#[derive(Debug, Clone)]
pub struct Proposal {
    pub settings: ProgramSettings,
    /// None for those that there are: then orders keep the campaigns' multipliers that they had, and actions their points.
    pub campaigns: Option<Vec<CampaignVersion>>,
    /// Rewards that would have been offered otherwise.
    pub rewards: BTreeMap<RewardId, Offer>,
    /// Of the shop: spending in others does not count towards tiers.
    pub currency: Option<Currency>,
    ladder: Ladder,
    calendar: Calendar,
}

/// How a reward would have been offered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Offer {
    /// For so many points.
    Costs(i64),
    Not,
}

/// What the proposal pays.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Paid {
    /// For each order, in the order of [`Past::in_order`]: what it keeps.
    pub kept: Vec<i64>,
    /// Everything else that would have moved points.
    pub moves: Vec<Move>,
    /// Orders whose base is not known exactly: a rule counts something that no rule of their time did.
    pub approximated: u64,
    /// Orders and actions that a campaign for segments might have been for, from before any segments were worked out.
    pub without_segment: u64,
}

impl Proposal {
    /// # Errors
    /// [`UnknownTimeZone`]; settings that were validated have a known one.
    pub fn new(
        settings: ProgramSettings,
        campaigns: Option<Vec<CampaignVersion>>,
        rewards: BTreeMap<RewardId, Offer>,
        currency: Option<Currency>,
    ) -> Result<Self, UnknownTimeZone> {
        let ladder = Ladder::of(&settings.tiers, &settings.rfm.time_zone)?;
        let calendar = Calendar::of(&settings.rfm.time_zone)?;
        Ok(Proposal { settings, campaigns, rewards, currency, ladder, calendar })
    }

    pub fn ladder(&self) -> &Ladder {
        &self.ladder
    }

    /// What each order keeps by this programme, and what everything else brings or takes. Orders and actions are judged one
    /// after the other, as points of earlier ones may count towards the tier that a later one is made in.
    pub fn pay(&self, past: &Past, program: &Program) -> Paid {
        let mut paid = Paid { moves: self.moves(past), ..Paid::default() };
        let mut facts: Vec<Fact> = paid.moves.iter().filter_map(Move::fact).collect();
        let mut acting = Acting::new(self, past);
        for order in past.in_order() {
            acting.until(order.at, &mut facts, &mut paid);
            let boosts = self.boosts(order, program, &facts, &past.given);
            let (kept, is_exact) = self.kept(order, program, &boosts);
            paid.kept.push(kept);
            paid.approximated += u64::from(!is_exact);
            paid.without_segment += u64::from(self.misses_segment(&order.segment, order.at));
            facts.push(order.fact(kept, self.currency));
        }
        acting.until(Timestamp(i64::MAX), &mut facts, &mut paid);
        paid
    }

    /// A campaign of the proposal is for segments, and somebody's was not worked out yet.
    pub(super) fn misses_segment(&self, segment: &Segment, at: Timestamp) -> bool {
        let wants =
            |defined: &CampaignVersion| !defined.campaign.audience.segments.is_empty() && defined.campaign.runs_at(at);
        *segment == Segment::NotKnown && self.campaigns.iter().flatten().any(wants)
    }

    /// Who somebody was at a moment, as far as campaigns ask.
    pub(super) fn who(&self, facts: &[Fact], given: &[Given], segment: &Segment, at: Timestamp) -> Who {
        let segment = match segment {
            Segment::NotKnown => None,
            Segment::Known(segment) => segment.clone(),
        };
        Who { tier: self.held(facts, given, at).map(|tier| tier.id.clone()), segment }
    }

    /// The tier that somebody was in just before a moment.
    fn held(&self, facts: &[Fact], given: &[Given], at: Timestamp) -> Option<&Tier> {
        if self.settings.tiers.tiers.is_empty() {
            return None;
        }
        let standing = self.ladder.stood_before(facts, given, &[at]);
        standing.first().and_then(|standing| self.ladder.tier(standing))
    }

    pub(super) fn calendar(&self) -> &Calendar {
        &self.calendar
    }

    /// What multiplies the order. Where tiers and campaigns are those that it was judged by, what it was multiplied by then:
    /// it depended on what was known at that moment.
    fn boosts(&self, order: &PastOrder, program: &Program, facts: &[Fact], given: &[Given]) -> Vec<Boost> {
        let judged_by = program.version(order.program_version).map(|version| &version.settings);
        let same_tiers = judged_by.is_some_and(|judged| {
            judged.tiers == self.settings.tiers && judged.rfm.time_zone == self.settings.rfm.time_zone
        });
        let of_then = |is_wanted: fn(&BoostSource) -> bool| {
            order.boosts.iter().filter(move |boost| is_wanted(&boost.source)).cloned()
        };
        let mut boosts: Vec<Boost> = if same_tiers {
            of_then(|source| matches!(source, BoostSource::Tier(_))).collect()
        } else {
            let multiplying = self.held(facts, given, order.at).filter(|tier| tier.multiplier != Decimal::ONE);
            let boost =
                multiplying.map(|tier| Boost { source: BoostSource::Tier(tier.id.clone()), factor: tier.multiplier });
            boost.into_iter().collect()
        };
        match &self.campaigns {
            None => boosts.extend(of_then(|source| matches!(source, BoostSource::Campaign(_)))),
            Some(campaigns) => {
                boosts.extend(boosts_at(campaigns, order.at, &self.who(facts, given, &order.segment, order.at)));
            }
        }
        boosts
    }

    /// What the order keeps, and whether all bases are known exactly.
    fn kept(&self, order: &PastOrder, program: &Program, boosts: &[Boost]) -> (i64, bool) {
        let (Some(currency), Some(boost)) = (order.currency, factor_of(boosts)) else { return (0, true) };
        if order.off || order.test {
            return (0, true);
        }
        let judged_by = program.version(order.program_version).map(|version| version.settings.earning_rules.as_slice());
        let (mut kept, mut is_exact) = (0_i64, true);
        for rule in &self.settings.earning_rules {
            let base = Base::of(rule, order, judged_by.unwrap_or_default());
            is_exact &= base.is_exact;
            if base.minor < rule.minimum_minor {
                continue;
            }
            let points = rule.points_for(currency, base.minor, order.at, boost).unwrap_or(0);
            kept = kept.saturating_add(kept_of(points, base.minor, base.refunded_minor));
        }
        (kept, is_exact)
    }
}

/// What counts of an order by one rule.
struct Base {
    minor: i64,
    refunded_minor: i64,
    is_exact: bool,
}

impl Base {
    /// The log has no lines in the clear, but what each rule of the order's time counted of them. A rule that counts the same
    /// finds it there; the usual one is always known; any other is taken for the usual one.
    fn of(rule: &EarningRule, order: &PastOrder, rules: &[EarningRule]) -> Base {
        let counts = |rule: &EarningRule| (rule.include, rule.exclude.clone(), rule.only.clone());
        let wanted = counts(rule);
        let counts_the_same = |known: &EarningRule| counts(known) == wanted;
        if let Some(place) = rules.iter().position(counts_the_same)
            && let Some(minor) = order.bases.get(place).copied()
        {
            let of_refund = |sum: i64, minor: i64| sum.saturating_add(minor);
            let shares = order.refunds.iter().map(|refund| refund.by_rule_minor.get(place).copied().unwrap_or(0));
            return Base { minor, refunded_minor: shares.fold(0, of_refund), is_exact: true };
        }
        let usual = Inclusions { tax: TaxBase::AsPriced, shipping: false };
        let only_gift_cards = Exclusions { gift_cards: true, ..Exclusions::default() };
        Base {
            minor: order.base_minor,
            refunded_minor: order.refunded_minor(),
            is_exact: wanted == (usual, only_gift_cards, None),
        }
    }
}
