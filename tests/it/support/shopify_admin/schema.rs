//! Whether a request is one that the shop's API would take: the document against the schema, the variables against the
//! document, and what the reference says besides, which no schema can say.

use std::sync::LazyLock;

use apollo_compiler::{ExecutableDocument, Schema, request::coerce_variable_values, response::JsonMap, validation::Valid};
use serde_json::Value;

static SCHEMA: LazyLock<Valid<Schema>> =
    LazyLock::new(|| Schema::parse_and_validate(include_str!("schema.graphql"), "schema.graphql").unwrap());

/// What is wrong with it, if anything is.
pub fn fault_of(document: &str, variables: &Value) -> Option<String> {
    let parsed = match ExecutableDocument::parse_and_validate(&SCHEMA, document, "document.graphql") {
        Ok(parsed) => parsed,
        Err(refused) => return Some(refused.errors.to_string()),
    };
    let operation = match parsed.operations.get(None) {
        Ok(operation) => operation,
        Err(_) => return Some("not one operation".to_owned()),
    };
    let stated: JsonMap = match serde_json::from_value(variables.clone()) {
        Ok(stated) => stated,
        Err(_) => return Some("variables are an object".to_owned()),
    };
    let coerced = coerce_variable_values(&SCHEMA, operation, &stated);
    coerced.err().map(|refused| format!("{refused:?}")).or_else(|| rule_broken(document, variables).map(str::to_owned))
}

/// Rules of the reference: one kind of value and one of items, a gift card's code, a mark's name, money above nothing.
fn rule_broken(document: &str, variables: &Value) -> Option<&'static str> {
    let input = &variables["input"];
    let said = |object: &Value| object.as_object().map_or(0, |fields| fields.values().filter(|it| !it.is_null()).count());
    let positive = |amount: &Value| amount.as_str().is_some_and(|text| text.bytes().any(|it| (b'1'..=b'9').contains(&it)));
    if document.contains("discountCodeBasicCreate") {
        let gets = &input["customerGets"];
        if said(&gets["value"]) != 1 || said(&gets["items"]) != 1 {
            return Some("customerGets has one value and one kind of items");
        }
        let share = gets["value"]["percentage"].as_f64();
        if share.is_some_and(|share| !(0.0..=1.0).contains(&share)) {
            return Some("a percentage is from 0.0 to 1.0");
        }
    }
    if document.contains("discountCode") && document.contains("Create") {
        let has = |name: &str| input[name].as_str().is_some_and(|text| !text.is_empty());
        if !has("title") || !has("code") || said(&input["context"]) != 1 {
            return Some("title, code and context are needed");
        }
    }
    if document.contains("giftCardCreate") {
        let code = input["code"].as_str().unwrap_or_default();
        if !(8..=20).contains(&code.len()) || !code.bytes().all(|letter| letter.is_ascii_alphanumeric()) {
            return Some("a gift card's code has from 8 to 20 letters and digits");
        }
        if !positive(&input["initialValue"]) {
            return Some("a gift card has a value");
        }
    }
    if document.contains("storeCreditAccountCredit") {
        let mark = &variables["marks"][0];
        let length = |name: &str| mark[name].as_str().unwrap_or_default().len();
        if !positive(&variables["credit"]["creditAmount"]["amount"]) {
            return Some("a credit is above nothing");
        }
        if !(2..=64).contains(&length("key")) || !(3..=255).contains(&length("namespace")) || mark["type"].is_null() {
            return Some("a metafield without a definition has a key, a namespace and a type");
        }
    }
    None
}

#[test]
fn the_schema_refuses_what_the_shop_would() {
    let document = "mutation($input: GiftCardCreateInput!) {
        created: giftCardCreate(input: $input) { giftCard { id } userErrors { field code message } } }";
    let card = |code: &str| serde_json::json!({ "input": { "code": code, "initialValue": "5.00", "note": "a note" } });
    assert_eq!(fault_of(document, &card("ln12345678")), None);
    assert!(fault_of(document, &card("LN-1234-5678")).is_some(), "dashes");
    assert!(fault_of(document, &serde_json::json!({ "input": { "code": "ln12345678" } })).is_some(), "no value");
    let unknown = serde_json::json!({ "input": { "initialValue": "5.00", "currency": "EUR" } });
    assert!(fault_of(document, &unknown).is_some(), "no such field");
    assert!(fault_of("query { giftCards(first: 1) { nodes { code } } }", &serde_json::json!({})).is_some());
}
