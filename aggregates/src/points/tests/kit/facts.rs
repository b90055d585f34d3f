//! What shops state, in their smallest form: an order of one line in euros, refunds of goods or money, settings.

use rust_decimal::Decimal;

use crate::{
    money::Currency,
    order::{Item, OrderBody, OrderLine, Refund, RefundLine},
    program::{EarningRule, Expiry, NegativeBalance, ProgramSettings, RuleId},
    time::Timestamp,
    waiting::WaitingFact,
};

/// Midnight of a day in these stories; orders are made on day 0.
pub fn day(number: u32) -> Timestamp {
    Timestamp::parse("2026-03-01T00:00:00Z").expect("a time").plus_days(number)
}

pub fn euro() -> Currency {
    Currency::parse("EUR").expect("a currency")
}

/// An order of one piece, made and last touched on day 0.
pub fn order(id: &str, subtotal_minor: i64) -> OrderBody {
    OrderBody {
        order_id: id.to_owned(),
        name: format!("#{id}"),
        currency: euro(),
        processed_at: day(0),
        updated_at: day(0),
        cancelled_at: None,
        voided: false,
        test: false,
        taxes_included: true,
        subtotal_minor,
        shipping_minor: 0,
        lines: vec![line(id, subtotal_minor)],
        discount_codes: Vec::new(),
        refunds: Vec::new(),
    }
}

/// The same order, made on another day.
pub fn order_on(processed_at: Timestamp, id: &str, subtotal_minor: i64) -> OrderBody {
    OrderBody { processed_at, updated_at: processed_at, ..order(id, subtotal_minor) }
}

/// The same order after its cancellation.
pub fn cancelled(at: Timestamp, body: OrderBody) -> OrderBody {
    OrderBody { cancelled_at: Some(at), updated_at: at, ..body }
}

pub fn line(id: &str, net_minor: i64) -> OrderLine {
    OrderLine { line_id: format!("{id}/line"), item: Item::default(), quantity: 1, net_minor, tax_minor: 0 }
}

/// Goods came back and their price went out.
pub fn goods_back(id: &str, at: Timestamp, minor: i64) -> Refund {
    let line = RefundLine {
        line_id: format!("{id}/line"),
        item: Some(Item::default()),
        quantity: 0,
        subtotal_minor: minor,
        tax_minor: 0,
    };
    Refund { lines: vec![line], ..money_back(id, at, minor) }
}

/// A manual amount: money went out, no goods are named.
pub fn money_back(id: &str, at: Timestamp, minor: i64) -> Refund {
    Refund {
        refund_id: id.to_owned(),
        currency: Some(euro()),
        at,
        lines: Vec::new(),
        shipping_minor: 0,
        paid_minor: Some(minor),
    }
}

impl From<OrderBody> for WaitingFact {
    fn from(body: OrderBody) -> Self {
        WaitingFact::Body(body)
    }
}

pub fn refund_of(order_id: &str, refund: Refund) -> WaitingFact {
    WaitingFact::Refund { order_id: order_id.to_owned(), refund }
}

/// One point per whole euro, no hold, no expiry, negative balances allowed.
pub fn one_point_per_euro() -> ProgramSettings {
    ProgramSettings::default_of_a_new_merchant()
}

pub fn two_points_per_euro() -> ProgramSettings {
    let settings = one_point_per_euro();
    let rule = EarningRule { points_per_unit: Decimal::TWO, ..settings.earning_rules[0].clone() };
    ProgramSettings { earning_rules: vec![rule], ..settings }
}

pub fn no_rules() -> ProgramSettings {
    ProgramSettings { earning_rules: Vec::new(), ..one_point_per_euro() }
}

pub fn held_for(days: u32) -> ProgramSettings {
    ProgramSettings { hold_days: days, ..one_point_per_euro() }
}

pub fn expiring_after(days: u32) -> ProgramSettings {
    ProgramSettings { expiry: Expiry::AfterEarning { days }, ..one_point_per_euro() }
}

pub fn expiring_when_idle_for(days: u32) -> ProgramSettings {
    ProgramSettings { expiry: Expiry::Inactivity { days }, ..one_point_per_euro() }
}

pub fn under(policy: NegativeBalance) -> ProgramSettings {
    ProgramSettings { negative_balance: policy, ..one_point_per_euro() }
}

/// Besides the standard rule, one that pays for everything but gift cards and the named vendor.
pub fn with_a_rule_that_leaves_out(vendor: &str) -> ProgramSettings {
    let mut settings = one_point_per_euro();
    let mut rule = settings.earning_rules[0].clone();
    rule.id = RuleId("own brands".to_owned());
    rule.exclude.vendors.insert(vendor.to_owned());
    settings.earning_rules.push(rule);
    settings
}
