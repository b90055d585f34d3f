//! Refunds: the same whichever way they come, and as much money as really went back.

use aggregates::{
    money::Currency,
    order::{Item, Refund},
};
use serde_json::{Value, json};

use super::{Fact, RECEIVED_AT, Topic, fixture, read, read_json};
use crate::shopify::sample::OrderSample;

fn refund(body: &Value) -> Refund {
    match read_json(Topic::RefundCreated, body) {
        Ok(Fact::Refund { refund, .. }) => refund,
        other => panic!("not a refund: {other:?}"),
    }
}

fn bare_refund() -> Value {
    json!({ "id": 5, "order_id": 1, "created_at": "2026-11-24T12:00:00Z" })
}

fn euros(amount: &str) -> Value {
    json!({ "shop_money": { "amount": amount, "currency_code": "EUR" } })
}

#[test]
fn a_refund_says_the_same_alone_and_inside_its_order() {
    let Ok(Fact::Refund { order_id, refund }) = read(Topic::RefundCreated, fixture!("refunds_create").as_bytes())
    else {
        panic!("not a refund");
    };
    let Ok(Fact::Order { body, .. }) = read(Topic::OrderUpdated, fixture!("orders_updated_refunded").as_bytes()) else {
        panic!("not an order");
    };
    assert_eq!((body.order_id, body.refunds), (order_id, vec![refund]));
}

#[test]
fn sampled_refunds_say_the_same_alone_and_inside_their_order() {
    let mut order = OrderSample {
        lines: vec![(1_999, 3), (500, 1)],
        gift_cards: vec![(2_500, 1)],
        discount_minor: 700,
        shipping_minor: 490,
        taxes_included: false,
        ..OrderSample::new(1)
    };
    let at = order.processed_at.plus_days(2);
    order.refunds =
        vec![order.refund_of(21, at, &[(0, 2), (2, 1)]), order.manual_refund(22, at, 333), order.full_refund(23, at)];
    let Ok(Fact::Order { body, .. }) = read(Topic::OrderUpdated, order.body().as_bytes()) else {
        panic!("not an order");
    };
    for (sample, embedded) in order.refunds.iter().zip(&body.refunds) {
        let alone = read(Topic::RefundCreated, sample.body().as_bytes());
        assert_eq!(alone, Ok(Fact::Refund { order_id: "1".to_owned(), refund: embedded.clone() }));
    }
    let (pieces, by_hand, all) = (&body.refunds[0], &body.refunds[1], &body.refunds[2]);
    assert_eq!(pieces.lines.iter().map(|line| line.subtotal_minor).collect::<Vec<_>>(), [3_531, 2_500]);
    assert_eq!(pieces.lines.iter().map(|line| line.line_id.as_str()).collect::<Vec<_>>(), ["1001", "1003"]);
    assert_eq!((by_hand.lines.len(), by_hand.paid_minor), (0, Some(333)));
    assert_eq!((all.shipping_minor, all.paid_minor), (490, Some(order.total_minor())));
}

#[test]
fn floats_are_read_digit_by_digit() {
    let body = br#"{"id":5,"order_id":1,"created_at":"2026-11-24T12:00:00Z","total_duties_set":{"shop_money":
        {"amount":"0.00","currency_code":"KWD"}},"refund_line_items":[{"line_item_id":11,"quantity":1,
        "subtotal":90071992547.409,"total_tax":0.30000000000000004}]}"#;
    let Ok(Fact::Refund { refund, .. }) = read(Topic::RefundCreated, body) else { panic!("not a refund") };
    assert_eq!((refund.lines[0].subtotal_minor, refund.lines[0].tax_minor), (90_071_992_547_409, 300));
}

#[test]
fn only_successful_refunds_are_money() {
    let mut body = bare_refund();
    body["transactions"] = json!([
        { "kind": "refund", "status": "success", "amount": "10.00", "currency": "EUR", "test": true },
        { "kind": "refund", "status": "success", "amount": 2.5, "currency": "EUR" },
        { "kind": "refund", "status": "pending", "amount": "1.00", "currency": "EUR" },
        { "kind": "refund", "status": "failure", "amount": "1.00", "currency": "EUR" },
        { "kind": "sale", "status": "success", "amount": "1.00", "currency": "EUR" },
    ]);
    assert_eq!(refund(&body).paid_minor, Some(1_250));
    assert_eq!(refund(&bare_refund()).paid_minor, Some(0));
}

#[test]
fn a_transaction_in_another_currency_counts_through_its_set_or_the_adjustments() {
    let mut body = bare_refund();
    body["total_duties_set"] = euros("0.00");
    body["transactions"] = json!([{ "kind": "refund", "status": "success", "amount": "20.00", "currency": "USD" }]);
    assert_eq!(refund(&body).paid_minor, None);
    body["order_adjustments"] = json!([{ "kind": "refund_discrepancy", "amount_set": euros("-18.00") }]);
    assert_eq!(refund(&body).paid_minor, Some(1_800));
    body["transactions"][0]["amount_set"] = euros("18.50");
    assert_eq!(refund(&body).paid_minor, Some(1_850));
}

#[test]
fn a_positive_discrepancy_is_money_kept_back() {
    let mut body = bare_refund();
    body["total_duties_set"] = euros("0.00");
    body["refund_line_items"] = json!([{ "line_item_id": 11, "quantity": 1, "subtotal_set": euros("20.00") }]);
    body["refund_shipping_lines"] = json!([{ "subtotal_amount_set": euros("5.00") }]);
    body["order_adjustments"] = json!([
        { "kind": "shipping_refund", "amount_set": euros("-5.00") },
        { "kind": "refund_discrepancy", "amount_set": euros("8.00") },
    ]);
    body["transactions"] = json!([{ "kind": "refund", "status": "success", "amount": "19.00", "currency": "USD" }]);
    assert_eq!(refund(&body).paid_minor, Some(1_700));
}

#[test]
fn shipping_is_counted_once_with_its_tax() {
    let adjustments = json!([{ "kind": "shipping_refund", "amount": "-5.00", "tax_amount": "-0.95" }]);
    let mut body = bare_refund();
    body["total_duties_set"] = euros("0.00");
    body["order_adjustments"] = adjustments;
    assert_eq!(refund(&body).shipping_minor, 595);
    body["refund_shipping_lines"] = json!([{ "subtotal_amount_set": euros("5.00") }]);
    assert_eq!(refund(&body).shipping_minor, 595);
    body["refund_shipping_lines"][0]["tax_amount_set"] = euros("0.90");
    assert_eq!(refund(&body).shipping_minor, 590);
    body["order_adjustments"] = json!(null);
    assert_eq!(refund(&body).shipping_minor, 590);
}

/// A refund of goods and shipping that names no currency anywhere.
fn refund_without_a_currency() -> Value {
    let mut body = bare_refund();
    body["refund_line_items"] = json!([{ "line_item_id": 11, "quantity": 2, "subtotal": "15.50", "total_tax": 2.475 }]);
    body["order_adjustments"] = json!([{ "kind": "shipping_refund", "amount": "-5.00", "tax_amount": "-0.95" }]);
    body["transactions"] = json!([{ "kind": "refund", "status": "success", "amount": "21.45" }]);
    body
}

#[test]
fn without_any_currency_amounts_are_ten_thousandths_until_the_order_tells_one() {
    let fine = refund(&refund_without_a_currency());
    assert_eq!(fine.currency, None);
    assert_eq!((fine.lines[0].subtotal_minor, fine.lines[0].tax_minor), (155_000, 24_750));
    assert_eq!((fine.shipping_minor, fine.paid_minor), (59_500, Some(214_500)));

    let currency = |code: &str| Currency::parse(code).expect("a well-formed code");
    let yen = fine.in_currency(currency("JPY"));
    assert_eq!((yen.lines[0].subtotal_minor, yen.shipping_minor, yen.paid_minor), (16, 6, Some(21)));

    let order = json!({
        "id": 1,
        "created_at": "2026-11-22T12:00:00Z",
        "currency": "EUR",
        "subtotal_price": "50.00",
        "refunds": [refund_without_a_currency()],
    });
    let Ok(Fact::Order { body, .. }) = read_json(Topic::OrderUpdated, &order) else { panic!("not an order") };
    assert_eq!(body.refunds, [fine.in_currency(currency("EUR"))]);
}

#[test]
fn one_word_about_the_shops_currency_is_enough_for_the_whole_refund() {
    let in_euros = Currency::parse("EUR").map(|euro| refund(&refund_without_a_currency()).in_currency(euro));
    for pointer in ["/total_duties_set", "/order_adjustments/0/tax_amount_set", "/transactions/0/currency"] {
        let mut body = refund_without_a_currency();
        let (parent, field) = pointer.rsplit_once('/').expect("a path has a slash");
        body.pointer_mut(parent).expect("the parent is there")[field] = match field {
            "currency" => json!("eur"),
            "tax_amount_set" => euros("-0.95"),
            _ => euros("0.00"),
        };
        assert_eq!(Ok(refund(&body)), in_euros, "{pointer}");
    }
}

#[test]
fn a_refund_that_moved_no_money_needs_no_currency() {
    let read = refund(&bare_refund());
    assert_eq!((read.currency, read.lines.len(), read.paid_minor), (None, 0, Some(0)));
}

#[test]
fn transactions_without_a_currency_are_in_the_shops() {
    let mut body = bare_refund();
    body["transactions"] = json!([
        { "kind": "refund", "status": "success", "amount": "10.00" },
        { "kind": "refund", "status": "success", "amount": "2.50", "currency": "EUR" },
    ]);
    let read = refund(&body);
    assert_eq!((read.currency, read.paid_minor), (Currency::parse("EUR").ok(), Some(1_250)));
}

#[test]
fn a_refund_without_times_is_dated_by_its_update_or_else_by_its_arrival() {
    let mut body = bare_refund();
    body["created_at"] = json!(null);
    body["updated_at"] = json!("2026-11-25T12:00:00Z");
    assert_eq!(refund(&body).at.to_rfc3339(), "2026-11-25T12:00:00Z");
    body["updated_at"] = json!(null);
    assert_eq!(refund(&body).at, RECEIVED_AT);
}

#[test]
fn an_undated_refund_inside_an_order_was_there_when_the_order_was_updated() {
    let at = |updated_at: Value| {
        let order = json!({
            "id": 1,
            "created_at": "2026-11-22T12:00:00Z",
            "updated_at": updated_at,
            "currency": "EUR",
            "subtotal_price": "50.00",
            "refunds": [{ "id": 5 }],
        });
        match read_json(Topic::OrderUpdated, &order) {
            Ok(Fact::Order { body, .. }) => body.refunds[0].at,
            other => panic!("not an order: {other:?}"),
        }
    };
    assert_eq!(at(json!("2026-11-26T12:00:00Z")).to_rfc3339(), "2026-11-26T12:00:00Z");
    assert_eq!(at(json!(null)), RECEIVED_AT);
}

#[test]
fn a_refunded_line_that_tells_little_is_one_piece_at_its_price() {
    let line = |line: Value| {
        let mut body = bare_refund();
        body["total_duties_set"] = euros("0.00");
        body["refund_line_items"] = json!([line]);
        refund(&body).lines.remove(0)
    };
    let bare = line(json!({ "line_item_id": 11 }));
    assert_eq!((bare.quantity, bare.subtotal_minor, bare.tax_minor, bare.item), (1, 0, 0, None));
    let undescribed = line(json!({ "line_item_id": 11, "line_item": {} }));
    assert_eq!((undescribed.subtotal_minor, undescribed.item), (0, Some(Item::default())));
    let priced = json!({ "price": "4.20", "quantity": 5 });
    assert_eq!(line(json!({ "line_item_id": 11, "line_item": priced })).subtotal_minor, 420);
    let three = line(json!({ "line_item_id": 11, "quantity": "3", "line_item": priced }));
    assert_eq!((three.quantity, three.subtotal_minor), (3, 1_260));
    let stated = line(json!({ "line_item_id": 11, "quantity": 3, "subtotal": "0.00", "line_item": priced }));
    assert_eq!(stated.subtotal_minor, 0);
}

#[test]
fn a_line_is_named_by_itself_when_the_refund_does_not() {
    let mut body = bare_refund();
    body["refund_line_items"] = json!([{
        "quantity": 1,
        "subtotal": 4.2,
        "line_item": { "id": 11, "sku": "MUG-BLUE", "price_set": euros("4.20") },
    }]);
    let line = &refund(&body).lines[0];
    assert_eq!((line.line_id.as_str(), line.subtotal_minor), ("11", 420));
    assert_eq!(line.item.as_ref().and_then(|item| item.sku.as_deref()), Some("MUG-BLUE"));
}
