//! Whatever arrives, reading it answers; and no answer repeats what the body says.

use proptest::prelude::*;
use serde_json::{Value, json};

use super::{BODIES, Topic, Unreadable, read, read_json};

/// Planted in place of values. Nothing said about a body may contain it.
const CANARY: &str = "canary-ida.probst@example.com";

fn pointers(value: &Value, at: &str, found: &mut Vec<String>) {
    found.push(at.to_owned());
    match value {
        Value::Object(fields) => {
            fields.iter().for_each(|(name, field)| pointers(field, &format!("{at}/{name}"), found))
        }
        Value::Array(items) => {
            items.iter().enumerate().for_each(|(index, item)| pointers(item, &format!("{at}/{index}"), found));
        }
        _ => {}
    }
}

fn strange_value() -> impl Strategy<Value = Value> {
    prop_oneof![
        Just(Value::Null),
        Just(json!(CANARY)),
        Just(json!([CANARY])),
        Just(json!({ CANARY: CANARY, "id": CANARY, "amount": CANARY, "shop_money": [CANARY] })),
        Just(json!({})),
        Just(json!([])),
        Just(json!("")),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        "-?[0-9]{1,40}(\\.[0-9]{1,40})?".prop_map(Value::from),
        "\\PC{0,20}".prop_map(Value::from),
    ]
}

proptest! {
    #[test]
    fn no_replaced_values_can_make_reading_fail_or_tell_secrets(
        (_, topic, body) in prop::sample::select(BODIES.to_vec()),
        changes in prop::collection::vec((any::<prop::sample::Index>(), strange_value()), 1..4),
    ) {
        let mut body: Value = serde_json::from_str(body).expect("the committed body is JSON");
        for (place, value) in changes {
            let mut places = Vec::new();
            pointers(&body, "", &mut places);
            if let Some(field) = body.pointer_mut(&places[place.index(places.len())]) {
                *field = value;
            }
        }
        match read_json(topic, &body) {
            Ok(_) => {}
            Err(Unreadable::Unfit(unfit)) => {
                let said = format!("{unfit} {unfit:?}");
                prop_assert!(!said.contains("canary"), "{}", said);
            }
            Err(Unreadable::NotJson) => prop_assert!(false, "it is JSON"),
        }
    }

    #[test]
    fn damaged_bytes_are_told_from_sound_json(
        (_, topic, body) in prop::sample::select(BODIES.to_vec()),
        damage in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..4),
        length in any::<prop::sample::Index>(),
        cut: bool,
    ) {
        let mut body = body.as_bytes().to_vec();
        for (place, byte) in damage {
            let place = place.index(body.len());
            body[place] = byte;
        }
        if cut {
            body.truncate(length.index(body.len()));
        }
        let is_json = std::str::from_utf8(&body)
            .is_ok_and(|text| serde_json::from_str::<serde::de::IgnoredAny>(text).is_ok());
        prop_assert_eq!(read(topic, &body) != Err(Unreadable::NotJson), is_json);
    }

    #[test]
    fn any_bytes_get_an_answer_under_any_topic(
        topic in prop::sample::select(Topic::NAMED.to_vec()),
        body in prop::collection::vec(any::<u8>(), 0..64),
    ) {
        let _answer = read(topic, &body);
    }
}
