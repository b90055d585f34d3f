//! What counts towards a tier.

use crate::{
    program::tiers::{Measure, TierWindow},
    rfm::Calendar,
    time::Timestamp,
};

/// Something that counts: an order as far as it was kept, or points for anything else. A refund is no fact of its own: it
/// leaves less of its order, as of the day of the order, so that a tier that was reached with it alone was never reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Fact {
    pub at: Timestamp,
    /// Negative for points that were taken back by hand.
    pub points: i64,
    /// In the shop's currency, minor units.
    pub spend_minor: i64,
    /// 1 for an order of which anything is left.
    pub orders: i64,
}

impl Fact {
    pub const fn amount(&self, measure: Measure) -> i64 {
        match measure {
            Measure::PointsEarned => self.points,
            Measure::Spend => self.spend_minor,
            Measure::Orders => self.orders,
        }
    }
}

impl TierWindow {
    /// When something that happened at `at` no longer counts; never, if it always does.
    pub fn end_of(self, at: Timestamp, calendar: &Calendar) -> Option<Timestamp> {
        match self {
            TierWindow::Lifetime => None,
            TierWindow::CalendarYear => Some(calendar.next_year(at)),
            TierWindow::RollingDays(days) => Some(at.plus_days(days)),
            TierWindow::RollingMonths(months) => Some(calendar.months_later(at, months)),
        }
    }
}
