//! Bodies that are JSON and still cannot be handled: each is described by place and kind.

use serde_json::{Value, json};

use super::{Fact, Topic, Unreadable, fixture, read, read_json};

/// The committed order with one field replaced, and what is said about it.
fn complaint(pointer: &str, value: Value) -> String {
    let mut body: Value =
        serde_json::from_str(fixture!("orders_updated_refunded")).expect("the committed body is JSON");
    *body.pointer_mut(pointer).expect("the field is there") = value;
    match read_json(Topic::OrderUpdated, &body) {
        Err(Unreadable::Unfit(unfit)) => unfit.to_string(),
        other => panic!("{pointer} should not fit: {other:?}"),
    }
}

#[test]
fn a_field_that_does_not_fit_is_named_with_its_problem() {
    for (pointer, value, expected) in [
        ("/id", json!(null), "id is missing"),
        ("/id", json!(6100112233001.5), "id is not an identity"),
        ("/processed_at", json!("yesterday"), "processed_at is not an RFC 3339 time"),
        ("/cancelled_at", json!(true), "cancelled_at is not text"),
        ("/test", json!("no"), "test is neither true nor false"),
        ("/line_items", json!("none"), "line_items is not of the expected shape"),
        ("/line_items/1/quantity", json!(-1), "line_items[1].quantity is negative"),
        ("/line_items/1/quantity", json!(1.5), "line_items[1].quantity is not a whole number"),
        ("/line_items/1/quantity", json!(u64::MAX), "line_items[1].quantity is too large"),
        ("/line_items/2/product_id", json!([1]), "line_items[2].product_id is not an identity"),
        ("/line_items/3", json!(7), "line_items[3] is not of the expected shape"),
        ("/customer", json!("Ida"), "customer is not of the expected shape"),
        ("/customer/email", json!(["ida@example.com"]), "customer.email is not text"),
        ("/refunds/0/id", json!(null), "refunds[0].id is missing"),
        ("/customer", json!(7), "customer is not of the expected shape"),
        (
            "/refunds/0/refund_line_items/1/quantity",
            json!("two"),
            "refunds[0].refund_line_items[1].quantity is not a whole number",
        ),
        (
            "/refunds/0/refund_line_items/1/line_item/gift_card",
            json!(1),
            "refunds[0].refund_line_items[1].line_item.gift_card is neither true nor false",
        ),
        ("/refunds/0/transactions/0/amount", json!(null), "refunds[0].transactions[0].amount is missing"),
    ] {
        assert_eq!(complaint(pointer, value), expected);
    }
}

#[test]
fn money_that_does_not_fit_is_named_without_its_amount() {
    for (pointer, value, expected) in [
        (
            "/subtotal_price_set/shop_money/currency_code",
            json!("euro"),
            "subtotal_price_set.shop_money.currency_code is not a currency of three letters",
        ),
        (
            "/subtotal_price_set/shop_money/amount",
            json!("129,90"),
            "subtotal_price_set.shop_money is not a decimal amount",
        ),
        (
            "/subtotal_price_set/shop_money/amount",
            json!("99999999999999.00"),
            "subtotal_price_set.shop_money is too large",
        ),
        (
            "/line_items/1/price_set/shop_money/currency_code",
            json!("USD"),
            "line_items[1].price_set.shop_money is in another currency than the rest",
        ),
        ("/line_items/2/price_set/shop_money/amount", json!("9999999999999.99"), "line_items[2].price is too large"),
        (
            "/line_items/0/discount_allocations/0/amount_set/shop_money/amount",
            json!({}),
            "line_items[0].discount_allocations[0].amount_set.shop_money is not a decimal amount",
        ),
    ] {
        assert_eq!(complaint(pointer, value), expected);
    }
}

#[test]
fn what_has_to_be_there_is_missed() {
    for (topic, body, expected) in [
        (Topic::OrderCreated, json!({}), "id is missing"),
        (Topic::OrderCreated, json!({ "id": 1 }), "currency is missing"),
        (Topic::OrderCreated, json!({ "currency": "EUR", "id": 1 }), "subtotal_price is missing"),
        (Topic::OrderCreated, json!({ "currency": "EUR", "id": "", "subtotal_price": 1 }), "id is missing"),
        (Topic::RefundCreated, json!({ "id": 1 }), "order_id is missing"),
        (Topic::RefundCreated, json!({ "order_id": 1 }), "id is missing"),
        (Topic::CustomerUpdated, json!({}), "id is missing"),
        (Topic::CustomerUpdated, json!({ "id": "" }), "id is missing"),
        (Topic::CustomerDeleted, json!({}), "id is missing"),
        (Topic::CustomersMerged, json!({ "status": "completed" }), "admin_graphql_api_customer_kept_id is missing"),
        (Topic::ProductDeleted, json!({}), "id is missing"),
        (Topic::ShopRedact, json!({}), "shop_id is missing"),
    ] {
        assert_eq!(read_json(topic, &body).map_err(|error| error.to_string()), Err(expected.to_owned()));
    }
}

#[test]
fn a_body_that_is_no_object_is_never_read_by_position() {
    let order = json!([1, "#1071", "2026-11-22T12:00:00Z"]);
    for body in [json!([]), order, json!([{ "id": 1, "order_id": 1 }]), json!("shop"), json!(7), json!(null)] {
        for topic in Topic::NAMED.into_iter().filter(|topic| *topic != Topic::OrderEdited) {
            let said = read_json(topic, &body).map_err(|error| error.to_string());
            assert_eq!(said, Err("the body is not an object".to_owned()), "{topic:?}");
        }
        assert!(matches!(read_json(Topic::Unknown, &body), Ok(Fact::Nothing(_))));
    }
    assert_eq!(read(Topic::OrderCreated, b"[1, "), Err(Unreadable::NotJson));
    let Err(error) = read(Topic::OrderCreated, b"\r\n\t {}") else { panic!("an order of nothing") };
    assert_eq!(error.to_string(), "id is missing");
}

#[test]
fn absurd_numbers_of_elements_are_refused() {
    let order = |lines: usize, refunds: usize| {
        let body = json!({
            "id": 1,
            "created_at": "2026-11-22T12:00:00Z",
            "currency": "EUR",
            "subtotal_price": "0.00",
            "line_items": vec![json!({ "id": 1, "quantity": 1, "price": "0.00" }); lines],
            "refunds": vec![json!({ "id": 1, "created_at": "2026-11-22T12:00:00Z" }); refunds],
        });
        read_json(Topic::OrderCreated, &body).map(|_| ()).map_err(|error| error.to_string())
    };
    assert_eq!(order(10_000, 1_000), Ok(()));
    assert_eq!(order(10_001, 0), Err("line_items has too many elements".to_owned()));
    assert_eq!(order(0, 1_001), Err("refunds has too many elements".to_owned()));
}

#[test]
fn sums_beyond_all_orders_are_refused() {
    let line = json!({ "id": 1, "quantity": 9, "price": "1000000000000.00" });
    let body = json!({
        "id": 1,
        "created_at": "2026-11-22T12:00:00Z",
        "currency": "EUR",
        "subtotal_price": "0.00",
        "line_items": [line, line],
    });
    let Err(error) = read_json(Topic::OrderCreated, &body) else { panic!("nobody has that much money") };
    assert_eq!(error.to_string(), "line_items[1].price is too large");
}

#[test]
fn damaged_json_is_the_senders_business() {
    let body = fixture!("orders_create").as_bytes();
    assert_eq!(read(Topic::OrderCreated, &body[..body.len() / 2]), Err(Unreadable::NotJson));
    assert_eq!(read(Topic::OrderCreated, b""), Err(Unreadable::NotJson));
    assert_eq!(read(Topic::OrderCreated, b"{\"id\": 1} x"), Err(Unreadable::NotJson));
    assert_eq!(read(Topic::OrderCreated, b"{\"note\": \"\xff\"}"), Err(Unreadable::NotJson));
    assert_eq!(read(Topic::OrderCreated, b"{\"line_items\": 7, \"id\": }"), Err(Unreadable::NotJson));
}

#[test]
fn a_field_stated_twice_is_named() {
    let body = br#"{"id": 1, "line_items": [{}, {"id": 1, "note": {"id": 7}, "id": 2}]}"#;
    let Err(error) = read(Topic::OrderCreated, body) else { panic!("which of the two is it?") };
    assert_eq!(error.to_string(), "line_items[1].id is not of the expected shape");
}

#[test]
fn nesting_without_end_is_read_to_its_end() {
    for topic in Topic::NAMED {
        let deep = |field: &str, close: &str| {
            let depth = 100_000;
            let body = format!(r#"{{"{field}": {}{}}}"#, "[".repeat(depth), close.repeat(depth));
            read(topic, body.as_bytes())
        };
        for field in ["note", "line_items", "customer", "id", "variants", "errors"] {
            assert_eq!(deep(field, ""), Err(Unreadable::NotJson));
            assert_ne!(deep(field, "]"), Err(Unreadable::NotJson));
        }
    }
}
