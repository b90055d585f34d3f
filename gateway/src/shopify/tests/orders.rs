//! Orders in every shape shops send them.

use aggregates::order::{Item, OrderBody};
use proptest::prelude::*;
use serde_json::{Value, json};

use super::{Fact, RECEIVED_AT, Topic, fixture, read, read_json};
use crate::shopify::{SeenCustomer, sample::OrderSample};

fn order(body: &Value) -> (OrderBody, Option<SeenCustomer>) {
    match read_json(Topic::OrderUpdated, body) {
        Ok(Fact::Order { body, customer, .. }) => (body, customer),
        other => panic!("not an order: {other:?}"),
    }
}

/// The least that is an order.
fn bare_order() -> Value {
    json!({
        "id": 1,
        "created_at": "2026-11-22T12:00:00Z",
        "currency": "EUR",
        "subtotal_price": "50.00",
        "line_items": [{ "id": 11, "quantity": 1, "price": "50.00" }],
    })
}

#[test]
fn a_bare_order_is_enough() {
    let (body, customer) = order(&bare_order());
    assert_eq!(customer, None);
    assert_eq!((body.subtotal_minor, body.shipping_minor, body.lines[0].net_minor), (5_000, 0, 5_000));
    assert_eq!(body.processed_at, body.updated_at);
    assert!(!body.is_off() && !body.test && !body.taxes_included);
}

#[test]
fn an_imported_order_keeps_its_own_time_and_counts_as_updated_when_it_came() {
    let mut body = bare_order();
    body["processed_at"] = json!("2024-02-29T12:00:00Z");
    let (read, _) = order(&body);
    assert_eq!(read.processed_at.to_rfc3339(), "2024-02-29T12:00:00Z");
    assert_eq!(read.updated_at.to_rfc3339(), "2026-11-22T12:00:00Z");
    body["created_at"] = json!(null);
    assert_eq!(order(&body).0.updated_at, read.processed_at);
}

#[test]
fn an_order_without_times_is_dated_by_its_update_or_else_by_its_arrival() {
    let mut body = bare_order();
    body["created_at"] = json!(null);
    body["updated_at"] = json!("2026-11-23T12:00:00Z");
    let (updated, _) = order(&body);
    assert_eq!(updated.processed_at.to_rfc3339(), "2026-11-23T12:00:00Z");
    assert_eq!(updated.updated_at, updated.processed_at);
    body["updated_at"] = json!("");
    let (undated, _) = order(&body);
    assert_eq!((undated.processed_at, undated.updated_at), (RECEIVED_AT, RECEIVED_AT));
}

#[test]
fn numbers_flags_currencies_and_times_may_be_written_loosely() {
    let strict = order(&bare_order());
    let mut body = bare_order();
    body["currency"] = json!("eur");
    body["created_at"] = json!("2026-11-22T12:00:00");
    body["test"] = json!("false");
    body["line_items"][0]["quantity"] = json!("1");
    body["line_items"][0]["gift_card"] = json!("false");
    assert_eq!(order(&body), strict);
    body["test"] = json!("true");
    body["taxes_included"] = json!("true");
    body["line_items"][0]["gift_card"] = json!("true");
    body["subtotal_price_set"] = json!({ "shop_money": { "amount": "50.00", "currency_code": "cad" } });
    let (loose, _) = order(&body);
    assert!(loose.test && loose.taxes_included && loose.lines[0].item.gift_card);
    assert_eq!(loose.currency.as_str(), "CAD");
}

#[test]
fn a_line_without_an_id_is_known_by_its_place() {
    let mut body = bare_order();
    let nameless = |id: Value| json!({ "id": id, "quantity": 1, "price": "1.00" });
    body["line_items"] = json!([{ "quantity": 1, "price": "1.00" }, nameless(json!(11)), nameless(json!(""))]);
    let lines = order(&body).0.lines;
    assert_eq!(lines.iter().map(|line| line.line_id.as_str()).collect::<Vec<_>>(), ["#0", "11", "#2"]);
    assert_eq!(lines[0].item, Item::default());
}

#[test]
fn a_line_without_a_price_adds_nothing_to_what_the_order_states() {
    for price in [json!({}), json!({ "price": null }), json!({ "price": null, "price_set": null })] {
        let mut body = bare_order();
        body["line_items"][0] = price;
        body["line_items"][0]["quantity"] = json!(2);
        body["line_items"][0]["total_discount"] = json!("3.00");
        let (read, _) = order(&body);
        assert_eq!((read.subtotal_minor, read.lines[0].quantity, read.lines[0].net_minor), (5_000, 2, 0));
    }
}

#[test]
fn absent_null_and_empty_lists_are_the_same() {
    let expected = order(&bare_order());
    for list in ["shipping_lines", "discount_codes", "refunds"] {
        for nothing in [json!(null), json!([])] {
            let mut body = bare_order();
            body[list] = nothing;
            assert_eq!(order(&body), expected);
        }
    }
}

#[test]
fn the_set_goes_before_plain_text_and_plain_text_may_be_a_number() {
    let mut body = bare_order();
    body["subtotal_price"] = json!(7);
    body["line_items"][0]["price"] = json!("7");
    body["subtotal_price_set"] = json!({ "shop_money": { "amount": 49.99, "currency_code": "CAD" } });
    body["line_items"][0]["price_set"] = json!({ "shop_money": { "amount": "49.99", "currency_code": "CAD" } });
    let (read, _) = order(&body);
    assert_eq!(read.currency.as_str(), "CAD");
    assert_eq!((read.subtotal_minor, read.lines[0].net_minor), (4_999, 4_999));

    body["subtotal_price_set"] = json!({ "shop_money": null });
    body["line_items"][0]["price_set"] = json!(null);
    let (read, _) = order(&body);
    assert_eq!(read.currency.as_str(), "EUR");
    assert_eq!((read.subtotal_minor, read.lines[0].net_minor), (700, 700));
}

#[test]
fn allocations_tell_all_discounts_of_a_line_and_the_total_only_stands_in() {
    let mut body = bare_order();
    body["line_items"][0]["quantity"] = json!(3);
    body["line_items"][0]["total_discount"] = json!("10.00");
    assert_eq!(order(&body).0.lines[0].net_minor, 14_000);
    body["line_items"][0]["discount_allocations"] = json!([{ "amount": "1.10" }, { "amount": 2.2 }]);
    assert_eq!(order(&body).0.lines[0].net_minor, 14_670);
}

#[test]
fn shipping_lines_stand_in_for_a_missing_total() {
    let mut body = bare_order();
    body["shipping_lines"] = json!([{ "price": "9.00", "discounted_price": "4.50" }, { "price": "1.00" }]);
    assert_eq!(order(&body).0.shipping_minor, 550);
    body["total_shipping_price_set"] = json!({ "shop_money": { "amount": "0.00", "currency_code": "EUR" } });
    assert_eq!(order(&body).0.shipping_minor, 0);
}

#[test]
fn a_voided_payment_and_a_cancellation_turn_an_order_off() {
    let mut body = bare_order();
    body["financial_status"] = json!("voided");
    assert!(order(&body).0.voided);
    body["financial_status"] = json!("paid");
    body["cancelled_at"] = json!("2026-11-22T13:00:00+01:00");
    let (read, _) = order(&body);
    assert!(!read.voided && read.is_off());
    assert_eq!(read.cancelled_at, Some(read.processed_at));
}

#[test]
fn codes_are_compared_in_capitals() {
    let mut body = bare_order();
    body["discount_codes"] = json!([{ "code": " spring-ß " }, { "code": "" }, { "code": null }, {}, { "code": "A1" }]);
    assert_eq!(order(&body).0.discount_codes, ["SPRING-SS", "A1"]);
}

#[test]
fn a_customer_without_an_id_is_a_guest() {
    for customer in [json!(null), json!({}), json!({ "id": null, "email": "guest@example.com" }), json!({ "id": "" })] {
        let mut body = bare_order();
        body["customer"] = customer;
        assert_eq!(order(&body).1, None);
    }
}

#[test]
fn the_order_lends_its_address_to_a_customer_who_has_none() {
    let mut body = bare_order();
    body["customer"] = json!({ "id": 7, "email": "Own@Example.com", "locale": "fr" });
    body["email"] = json!("Order@Example.com");
    body["contact_email"] = json!("contact@example.com");
    let profile = |body: &Value| order(body).1.expect("a customer").profile;
    assert_eq!(profile(&body).email.as_deref(), Some("own@example.com"));
    assert_eq!(profile(&body).locale.as_deref(), Some("fr"));
    body["customer"]["email"] = json!(null);
    body["customer_locale"] = json!("de-DE");
    assert_eq!(profile(&body).email.as_deref(), Some("order@example.com"));
    assert_eq!(profile(&body).locale.as_deref(), Some("de-DE"));
    body["email"] = json!("");
    assert_eq!(profile(&body).email.as_deref(), Some("contact@example.com"));
    body["contact_email"] = json!(null);
    assert_eq!(profile(&body).email, None);
}

#[test]
fn a_body_of_a_megabyte_is_read() {
    let mut body: Value = serde_json::from_str(fixture!("orders_create")).expect("the committed body is JSON");
    let small = order(&body);
    body["note"] = json!("long ".repeat(200_000));
    assert!(body.to_string().len() > 1_000_000);
    assert_eq!(order(&body), small);
}

proptest! {
    #[test]
    fn amounts_survive_their_decimal_text(
        minor in -aggregates::money::MINOR_UNITS_MAX..=aggregates::money::MINOR_UNITS_MAX,
        code in prop::sample::select(vec!["EUR", "JPY", "KWD", "CLF", "QQQ"]),
        quoted: bool,
        in_set: bool,
    ) {
        let currency = aggregates::money::Currency::parse(code).expect("a well-formed code");
        let text = currency.whole_units(minor).to_string();
        let amount = if quoted { format!("\"{text}\"") } else { text };
        let field = if in_set {
            format!(r#""subtotal_price_set":{{"shop_money":{{"amount":{amount},"currency_code":"{code}"}}}}"#)
        } else {
            format!(r#""currency":"{code}","subtotal_price":{amount}"#)
        };
        let body = format!(r#"{{"id":1,"created_at":"2026-11-22T12:00:00Z",{field}}}"#);
        let Ok(Fact::Order { body, .. }) = read(Topic::OrderCreated, body.as_bytes()) else {
            return Err(TestCaseError::fail("not an order"));
        };
        prop_assert_eq!((body.currency, body.subtotal_minor), (currency, minor));
    }

    #[test]
    fn a_sample_says_what_it_was_made_of(
        lines in prop::collection::vec((1_i64..100_000, 1_u32..5), 0..4),
        gift_cards in prop::collection::vec((1_000_i64..10_000, 1_u32..3), 0..2),
        discount_minor in 0_i64..200_000,
        shipping_minor in 0_i64..2_000,
        taxes_included: bool,
    ) {
        let sample = OrderSample {
            lines, gift_cards, discount_minor, shipping_minor, taxes_included, ..OrderSample::new(820_982_911_946_154_508)
        };
        let Ok(Fact::Order { body, customer, .. }) = read(Topic::OrderCreated, sample.body().as_bytes()) else {
            return Err(TestCaseError::fail("not an order"));
        };
        prop_assert_eq!(body.subtotal_minor, sample.subtotal_minor());
        prop_assert_eq!(body.lines.iter().map(|line| line.net_minor).sum::<i64>(), sample.subtotal_minor());
        prop_assert_eq!(body.lines.len(), sample.lines.len() + sample.gift_cards.len());
        prop_assert_eq!(body.lines.iter().filter(|line| line.item.gift_card).count(), sample.gift_cards.len());
        prop_assert_eq!(body.shipping_minor, shipping_minor);
        prop_assert_eq!(body.taxes_included, taxes_included);
        prop_assert_eq!(customer.map(|seen| seen.profile.email), Some(sample.email));
    }
}
