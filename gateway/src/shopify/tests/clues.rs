//! Referral codes wherever an order can have them, and nothing there that could park it.

use aggregates::{
    id::MerchantId,
    referral::{AliasCode, ReferralCode, address_line},
};
use serde_json::{Value, json};
use uuid::Uuid;

use super::{Fact, Topic, read_json};
use crate::shopify::{ReferralClues, sample::OrderSample};

fn code(n: u8) -> ReferralCode {
    ReferralCode::new(MerchantId(Uuid::from_u128(7)), &[n; 32])
}

fn clues(body: &Value) -> ReferralClues {
    match read_json(Topic::OrderCreated, body) {
        Ok(Fact::Order { clues, .. }) => *clues,
        other => panic!("not an order: {other:?}"),
    }
}

fn body() -> Value {
    serde_json::from_str(&OrderSample::new(1).body()).unwrap()
}

#[test]
fn a_code_is_found_in_the_cart_the_landing_page_and_the_coupon() {
    let sample = OrderSample {
        note_attributes: vec![("gift".to_owned(), "yes".to_owned()), ("Ref".to_owned(), code(1).to_string())],
        landing_site: Some(format!("/products/ring?utm=x&ref={}#top", code(2).to_string().to_lowercase())),
        discount_codes: vec!["SUMMER20".to_owned(), code(3).to_string(), code(1).to_string()],
        ..OrderSample::new(1)
    };
    let body: Value = serde_json::from_str(&sample.body()).unwrap();
    assert_eq!(clues(&body).codes, [code(1), code(2), code(3)]);
}

#[test]
fn words_of_other_programmes_are_found_where_those_put_them_and_not_without_end() {
    let attribute = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    let sample = OrderSample {
        note_attributes: vec![attribute("gift", "Wrapped"), attribute("sref_id", "ada10"), attribute("ref", "a b")],
        landing_site: Some("/?ll_ref_id=Bob_7&page=5&code=ada10".to_owned()),
        discount_codes: ["SUMMER20", "abc", "CAY-1", "DEE-1"].map(str::to_owned).to_vec(),
        ..OrderSample::new(1)
    };
    let found = clues(&serde_json::from_str(&sample.body()).unwrap());
    let words: Vec<&str> = found.old_words.iter().map(AliasCode::as_str).collect();
    assert_eq!((found.codes, words), (vec![], vec!["ada10", "Bob_7", "SUMMER20", "CAY-1"]));
}

#[test]
fn names_of_other_programmes_hold_no_code_of_ours() {
    let landing = format!("/?sref_id={}", code(1));
    let sample = OrderSample { landing_site: Some(landing), ..OrderSample::new(1) };
    assert_eq!(clues(&serde_json::from_str(&sample.body()).unwrap()).codes, []);
}

#[test]
fn traces_are_spelled_alike() {
    let mut body = body();
    body["browser_ip"] = json!("203.0.113.9");
    body["shipping_address"] = json!({ "address1": "Hauptstr. 5", "zip": "10115", "country_code": "DE" });
    let clues = clues(&body);
    assert_eq!(clues.ip_range.as_deref(), Some("203.0.113.0/24"));
    assert_eq!(clues.address, address_line("HAUPTSTR 5", "10 115", "de"));
}

#[test]
fn what_cannot_be_read_says_nothing_and_parks_nothing() {
    let mut body = body();
    for (field, odd) in [
        ("note_attributes", json!({ "ref": code(1).to_string() })),
        ("note_attributes", json!([1, "ref", null])),
        ("landing_site", json!(17)),
        ("landing_site", json!({})),
        ("browser_ip", json!(["203.0.113.9"])),
        ("shipping_address", json!("Hauptstr. 5")),
        ("billing_address", json!([])),
    ] {
        body[field] = odd;
        assert_eq!(clues(&body).codes, []);
    }
    assert_eq!(clues(&body), ReferralClues::default());
}
