//! What each committed body states, and the bodies that state nothing.

use serde_json::{Value, json};

use super::{BODIES, Fact, Topic, Unreadable, fixture, read, read_json};

#[test]
fn every_committed_body_states_its_fact() {
    for (name, topic, body) in BODIES {
        insta::assert_debug_snapshot!(name, read(topic, body.as_bytes()));
    }
}

#[test]
fn an_order_body_is_as_large_as_real_ones() {
    let body: Value = serde_json::from_str(fixture!("orders_create")).expect("the committed body is JSON");
    assert!(body.to_string().len() >= 10 * 1024);
}

#[test]
fn an_edit_and_an_unknown_topic_state_nothing_but_have_to_be_json() {
    for topic in [Topic::OrderEdited, Topic::Unknown] {
        assert!(matches!(read(topic, br#"{"order_edit": {"id": 1}}"#), Ok(Fact::Nothing(_))));
        assert_eq!(read(topic, br#"{"order_edit": "#), Err(Unreadable::NotJson));
    }
    assert_eq!(read(Topic::AppUninstalled, br#"{"id": 70123456789}"#), Ok(Fact::AppUninstalled));
    assert_eq!(read(Topic::AppUninstalled, b""), Err(Unreadable::NotJson));
}

#[test]
fn a_merge_counts_unless_it_is_said_not_to_have_happened() {
    let merge = |status: Value, errors: Value| {
        read_json(
            Topic::CustomersMerged,
            &json!({
                "admin_graphql_api_customer_kept_id": "gid://shopify/Customer/1",
                "admin_graphql_api_customer_deleted_id": "gid://shopify/Customer/2",
                "status": status,
                "errors": errors,
            }),
        )
    };
    let merged = Ok(Fact::CustomersMerged { kept: "1".to_owned(), deleted: "2".to_owned() });
    assert_eq!(merge("completed".into(), json!([])), merged);
    assert_eq!(merge("COMPLETED".into(), Value::Null), merged);
    assert_eq!(merge(Value::Null, json!([])), merged);
    for status in ["success", "succeeded", "done", "", "a word of next year"] {
        assert_eq!(merge(status.into(), json!([])), merged, "{status}");
    }
    for status in ["failed", "failure", "error", "errored", "cancelled", "canceled", "Failed"] {
        assert_eq!(merge(status.into(), json!([])), Ok(Fact::Nothing("the merge failed")), "{status}");
    }
    for status in ["requested", "pending", "queued", "in_progress", "IN_PROGRESS"] {
        assert_eq!(merge(status.into(), json!([])), Ok(Fact::Nothing("the merge is not finished")), "{status}");
    }
    for status in [Value::Null, "completed".into(), "a word of next year".into()] {
        assert_eq!(merge(status, json!([{"message": "…"}])), Ok(Fact::Nothing("the merge failed")));
    }
}

#[test]
fn a_privacy_request_has_one_key_however_often_it_comes() {
    let key = |topic: Topic, body: Value| match read_json(topic, &body) {
        Ok(Fact::Privacy { business_key, .. }) => business_key,
        other => panic!("not a privacy request: {other:?}"),
    };
    let redact = |customer: Value, orders: Value| {
        key(Topic::CustomerRedact, json!({ "shop_id": 1, "customer": customer, "orders_to_redact": orders }))
    };
    let known = redact(json!({ "id": 7, "email": "ida@example.com" }), json!([3, 1, 2]));
    assert_eq!(known, redact(json!({ "id": 7, "email": null }), json!([2, "1", 3, 3])));
    assert_ne!(known, redact(json!({ "id": 7 }), json!([1, 2])));
    assert_ne!(known, redact(json!({ "id": 8 }), json!([1, 2, 3])));
    assert_ne!(redact(json!({ "id": 7 }), json!([12])), redact(json!({ "id": 7 }), json!([1, 2])));
    assert_eq!(
        redact(json!({ "email": "Ida@Example.com" }), Value::Null),
        redact(json!({ "email": " ida@example.com" }), json!([])),
    );

    let asked = |customer: u64, number: Value| {
        key(Topic::CustomerDataRequest, json!({ "customer": { "id": customer }, "data_request": number }))
    };
    assert_eq!(asked(7, json!({ "id": 9 })), asked(7, json!({ "id": "9" })));
    assert_ne!(asked(7, json!({ "id": 9 })), asked(7, json!({ "id": 10 })));
    assert_eq!(asked(7, Value::Null), asked(7, json!({ "id": null })));
    assert_ne!(asked(7, Value::Null), redact(json!({ "id": 7 }), json!([])));
}

#[test]
fn a_request_that_names_nobody_is_parked() {
    for customer in [json!(null), json!({}), json!({ "email": "", "phone": null })] {
        let body = json!({ "shop_id": 1, "customer": customer, "orders_to_redact": [1] });
        assert!(matches!(read_json(Topic::CustomerRedact, &body), Err(Unreadable::Unfit(_))));
    }
}
