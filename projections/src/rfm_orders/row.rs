//! One order, as far as segments care.

use aggregates::{id::Token, money::Currency, points::OrderAssessed, time::Timestamp};
use journal::Positioned;
use uuid::Uuid;

/// What an account recorded about one of its orders.
pub struct Fact<'a> {
    pub commit: &'a Positioned,
    pub customer: Uuid,
    pub event: OrderAssessed,
}

#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct OrderRow {
    pub customer: Uuid,
    /// None until a body tells.
    pub currency: Option<Currency>,
    pub processed_at: Timestamp,
    pub base_minor: i64,
    /// Earned and kept.
    pub points: i64,
    pub cancelled: bool,
    pub voided: bool,
    pub test: bool,
    /// Merchandise of each refund.
    pub refunds: Vec<(Token, i64)>,
    pub position: u64,
    /// When the row was first written, by the merchant's clock.
    pub recorded_at: Timestamp,
}

impl OrderRow {
    /// Facts come in journal order; each says what is believed from then on.
    pub fn take_in(&mut self, fact: &Fact<'_>) {
        let event = &fact.event;
        if self.position == 0 {
            self.recorded_at = fact.commit.commit.recorded_at;
        }
        self.customer = fact.customer;
        self.position = fact.commit.position;
        self.points = event.kept;
        self.cancelled |= event.cancelled_at.is_some();
        if let Some(body) = &event.body {
            self.currency = Some(body.currency);
            self.processed_at = body.processed_at;
            self.base_minor = body.base_minor;
            self.voided = body.voided;
            self.test = body.test;
        }
        for refund in &event.refunds {
            self.refunds.retain(|(known, _)| *known != refund.refund);
            self.refunds.push((refund.refund, refund.merchandise_minor));
        }
    }

    /// Merchandise paid for and kept; 0 where the order does not count.
    pub fn net_minor(&self) -> i64 {
        if self.cancelled || self.voided || self.test {
            return 0;
        }
        let refunded = self.refunds.iter().fold(0_i64, |sum, (_, minor)| sum.saturating_add(*minor));
        self.base_minor.saturating_sub(refunded).max(0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn order(base_minor: i64, refunds: &[i64]) -> OrderRow {
        let refund = |(n, minor): (u8, &i64)| (Token([n; 16]), *minor);
        OrderRow { base_minor, refunds: (0..).zip(refunds).map(refund).collect(), ..OrderRow::default() }
    }

    #[test]
    fn refunds_are_taken_off_and_never_more_than_there_was() {
        assert_eq!(order(50_00, &[]).net_minor(), 50_00);
        assert_eq!(order(50_00, &[10_00, 5_00]).net_minor(), 35_00);
        assert_eq!(order(50_00, &[50_00]).net_minor(), 0);
        assert_eq!(order(50_00, &[60_00]).net_minor(), 0);
    }

    #[test]
    fn an_order_that_is_off_does_not_count() {
        let order = order(50_00, &[]);
        assert_eq!(OrderRow { cancelled: true, ..order.clone() }.net_minor(), 0);
        assert_eq!(OrderRow { voided: true, ..order.clone() }.net_minor(), 0);
        assert_eq!(OrderRow { test: true, ..order }.net_minor(), 0);
    }
}
