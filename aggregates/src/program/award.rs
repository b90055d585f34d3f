//! Arithmetic of earning: from what a shop states to points, and from refunds to the part that is kept.
//! Pure functions over integers and exact decimals; each rounding is named.

use rust_decimal::{Decimal, RoundingStrategy, prelude::ToPrimitive};
use serde::{Deserialize, Serialize};

use super::{
    boost::{Boost, factor_of},
    settings::{EarningRule, Exclusions, Inclusions, ProgramSettings, Rounding, RuleId, TaxBase},
};
use crate::{
    money::Currency,
    order::{Item, OrderBody, Refund, RefundLine},
    time::Timestamp,
};

/// Points one order can earn. Far above any real order, far below where sums of a lifetime overflow.
pub const AWARD_MAX: i64 = 1_000_000_000_000;

/// The order is beyond what any rule may pay.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the award would exceed {AWARD_MAX} points")]
pub struct AwardError;

/// What one rule paid for one order, with its inputs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RuleAward {
    pub rule: RuleId,
    /// What counted, minor units.
    pub base_minor: i64,
    pub points: i64,
}

/// What the order earns by each rule, with what multiplies all of them. One entry per rule that looked at it, also when it
/// paid nothing.
///
/// # Errors
/// [`AwardError`]
pub fn award(settings: &ProgramSettings, boosts: &[Boost], order: &OrderBody) -> Result<Vec<RuleAward>, AwardError> {
    let boost = factor_of(boosts).ok_or(AwardError)?;
    settings.earning_rules.iter().map(|rule| rule.award(boost, order)).collect()
}

impl EarningRule {
    fn award(&self, boost: Decimal, order: &OrderBody) -> Result<RuleAward, AwardError> {
        let base_minor = base_minor(&self.exclude, self.include, order);
        let paid = RuleAward { rule: self.id.clone(), base_minor, points: 0 };
        if order.test || base_minor < self.minimum_minor {
            return Ok(paid);
        }
        let points = self.points_for(order.currency, base_minor, order.processed_at, boost)?;
        Ok(RuleAward { points, ..paid })
    }

    /// Points for a base that has reached the minimum, at an instant: multiplied exactly, then rounded once.
    ///
    /// # Errors
    /// [`AwardError`]
    pub fn points_for(
        &self,
        currency: Currency,
        base_minor: i64,
        at: Timestamp,
        boost: Decimal,
    ) -> Result<i64, AwardError> {
        let factor = match &self.multiplier {
            Some(multiplier) if (multiplier.from..multiplier.until).contains(&at) => multiplier.factor,
            _ => Decimal::ONE,
        };
        let exact = currency
            .whole_units(base_minor)
            .checked_mul(self.points_per_unit)
            .and_then(|points| points.checked_mul(factor))
            .and_then(|points| points.checked_mul(boost))
            .ok_or(AwardError)?;
        let strategy = match self.rounding {
            Rounding::Down => RoundingStrategy::ToZero,
            Rounding::Nearest => RoundingStrategy::MidpointAwayFromZero,
            Rounding::Up => RoundingStrategy::AwayFromZero,
        };
        let points = exact.round_dp_with_strategy(0, strategy).to_i64().filter(|points| *points <= AWARD_MAX);
        points.ok_or(AwardError)
    }
}

/// What counts of an order by default: the subtotal without gift cards, tax as priced. Shares of a redeemed discount
/// follow it, whatever the earning rules look at.
pub fn merchandise_base(order: &OrderBody) -> i64 {
    base_minor(&gift_cards_only(), as_priced(), order)
}

fn gift_cards_only() -> Exclusions {
    Exclusions { gift_cards: true, ..Exclusions::default() }
}

fn as_priced() -> Inclusions {
    Inclusions { tax: TaxBase::AsPriced, shipping: false }
}

fn base_minor(exclude: &Exclusions, include: Inclusions, order: &OrderBody) -> i64 {
    let (mut excluded_net, mut counted_tax) = (0_i64, 0_i64);
    for line in &order.lines {
        if exclude.covers(&line.item) {
            excluded_net += line.net_minor;
        } else {
            counted_tax += line.tax_minor;
        }
    }
    let tax = match (include.tax, order.taxes_included) {
        (TaxBase::Always, false) => counted_tax,
        (TaxBase::Never, true) => -counted_tax,
        _ => 0,
    };
    let shipping = if include.shipping { order.shipping_minor } else { 0 };
    (order.subtotal_minor - excluded_net + tax + shipping).max(0)
}

/// How much of a rule's base one refund takes back, minor units: the larger of the returned lines and the money paid
/// back for goods, without what the rule never counted. The caller caps the sum at the base.
///
/// Money paid back contains the tax of the lines also where prices do not; there it is taken off first, since a base
/// without tax is not reduced by a refund of tax.
fn refunded_minor(
    include: Inclusions,
    taxes_included: bool,
    refund: &Refund,
    is_excluded: &dyn Fn(&RefundLine) -> bool,
) -> i64 {
    let (mut lines, mut line_tax, mut excluded, mut excluded_tax) = (0_i64, 0_i64, 0_i64, 0_i64);
    for line in &refund.lines {
        if is_excluded(line) {
            excluded += line.subtotal_minor;
            excluded_tax += line.tax_minor;
        } else {
            lines += line.subtotal_minor;
            line_tax += line.tax_minor;
        }
    }
    let tax_on_top = if taxes_included { 0 } else { line_tax + excluded_tax };
    let for_goods = refund.paid_minor.map_or(0, |paid| paid - refund.shipping_minor - tax_on_top - excluded);
    let tax = match (include.tax, taxes_included) {
        (TaxBase::Always, false) => line_tax,
        (TaxBase::Never, true) => -line_tax,
        _ => 0,
    };
    let shipping = if include.shipping { refund.shipping_minor } else { 0 };
    (lines.max(for_goods) + tax + shipping).max(0)
}

/// Which rules leave a line out, and whether it is a gift card: what remains known of a line, so that a refund that
/// names nothing but the line is still judged right. Lines that every rule counts need no entry.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct LineExclusion {
    pub gift_card: bool,
    /// In the order of the settings' rules.
    pub by_rule: Vec<bool>,
}

/// `None` for a line that counts everywhere.
pub fn exclusion_of(settings: &ProgramSettings, item: &Item) -> Option<LineExclusion> {
    let by_rule: Vec<bool> = settings.earning_rules.iter().map(|rule| rule.exclude.covers(item)).collect();
    let counts_everywhere = !item.gift_card && by_rule.iter().all(|excluded| !excluded);
    (!counts_everywhere).then_some(LineExclusion { gift_card: item.gift_card, by_rule })
}

/// What one refund takes back, for the merchandise as such and for each rule of the settings, in their order.
/// `remembered` tells of lines that the refund names without describing them.
pub fn refunded_share(
    settings: &ProgramSettings,
    taxes_included: bool,
    refund: &Refund,
    remembered: &dyn Fn(&str) -> Option<LineExclusion>,
) -> (i64, Vec<i64>) {
    let exclusion = |line: &RefundLine| match &line.item {
        Some(item) => exclusion_of(settings, item),
        None => remembered(&line.line_id),
    };
    let merchandise = refunded_minor(as_priced(), taxes_included, refund, &|line| {
        exclusion(line).is_some_and(|exclusion| exclusion.gift_card)
    });
    let by_rule = settings.earning_rules.iter().enumerate().map(|(index, rule)| {
        refunded_minor(rule.include, taxes_included, refund, &|line| {
            exclusion(line).is_some_and(|exclusion| exclusion.by_rule.get(index).copied().unwrap_or(false))
        })
    });
    (merchandise, by_rule.collect())
}

/// Points kept of an award when `refunded_minor` of its base went back: `floor(points × (base − refunded) / base)`.
pub fn kept_of(points: i64, base_minor: i64, refunded_minor: i64) -> i64 {
    if base_minor <= 0 {
        return points;
    }
    let left = i128::from(base_minor - refunded_minor.clamp(0, base_minor));
    let kept = i128::from(points) * left / i128::from(base_minor);
    i64::try_from(kept).expect("at most `points`, because left is at most base")
}
