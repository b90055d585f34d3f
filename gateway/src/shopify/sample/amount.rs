//! Amounts the way a body states them.

use aggregates::money::Currency;
use serde_json::{Value, json};

/// `5000` euro cents as `"50.00"`.
pub(super) fn text(currency: Currency, minor: i64) -> String {
    currency.whole_units(minor).to_string()
}

/// The same amount for the shop and for the shopper, who pay in one currency here.
pub(super) fn set(currency: Currency, minor: i64) -> Value {
    let money = json!({ "amount": text(currency, minor), "currency_code": currency.as_str() });
    json!({ "shop_money": money, "presentment_money": money })
}

/// States an amount plainly and as a set.
pub(super) fn state(body: &mut Value, field: &str, currency: Currency, minor: i64) {
    body[field] = text(currency, minor).into();
    body[format!("{field}_set")] = set(currency, minor);
}

/// States an amount as refunds do: a bare number beside its set.
pub(super) fn state_bare(body: &mut Value, field: &str, currency: Currency, minor: i64) {
    body[field] = text(currency, minor).parse().expect("a decimal amount is a JSON number");
    body[format!("{field}_set")] = set(currency, minor);
}
