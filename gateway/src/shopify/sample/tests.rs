use aggregates::time::Timestamp;

use super::*;
use crate::shopify::{self, Fact, Topic, Unreadable, signature};

/// Samples date everything themselves.
fn read(topic: Topic, body: &[u8]) -> Result<Fact, Unreadable> {
    shopify::read(topic, body, Timestamp::default())
}

#[test]
fn even_the_smallest_order_has_the_size_of_a_real_one() {
    let order = OrderSample::new(1);
    assert!(order.body().len() >= 10 * 1024);
    let guest = OrderSample { customer_id: None, email: None, ..order };
    assert!(guest.body().len() >= 10 * 1024);
}

#[test]
fn a_sampled_order_carries_its_parameters_and_nothing_of_the_template() {
    let mut order = OrderSample::new(42);
    order.first_name = "Ada".to_owned();
    order.last_name = "Sample".to_owned();
    order.phone = Some("+12025550143".to_owned());
    order.discount_codes = vec!["LN-42".to_owned()];
    order.cancelled_at = Some(order.processed_at.plus_days(1));
    order.financial_status = "voided".to_owned();
    order.test = true;
    let body = order.body();
    for other in ["Probst", "30231250143", "WELCOME10", "welcome10", "6100112233001", "7207119551301"] {
        assert!(!body.contains(other), "{other}");
    }
    insta::assert_debug_snapshot!(read(Topic::OrderCancelled, body.as_bytes()));
}

#[test]
fn a_guest_order_names_nobody() {
    let guest = OrderSample { customer_id: None, email: None, ..OrderSample::new(42) };
    let fact = read(Topic::OrderCreated, guest.body().as_bytes());
    assert!(matches!(fact, Ok(Fact::Order { customer: None, .. })));
}

#[test]
fn people_and_their_merges_are_read_back() {
    let customer = CustomerSample { phone: Some("+12025550143".to_owned()), ..CustomerSample::new(7) };
    let Ok(Fact::Customer { customer: seen }) = read(Topic::CustomerUpdated, customer.body().as_bytes()) else {
        panic!("not a customer");
    };
    assert_eq!(seen.profile.external_id, "7");
    assert_eq!(seen.profile.email.as_deref(), Some("shopper-7@example.com"));
    assert_eq!(seen.profile.phone.as_deref(), Some("+12025550143"));
    assert_eq!(seen.updated_at.map(|at| at.to_rfc3339()).as_deref(), Some("2026-11-22T16:00:00Z"));

    let merged = read(Topic::CustomersMerged, MergeSample::completed(7, 8).body().as_bytes());
    assert_eq!(merged, Ok(Fact::CustomersMerged { kept: "7".to_owned(), deleted: "8".to_owned() }));
}

#[test]
fn a_sample_can_be_signed() {
    let body = OrderSample::new(1).body();
    let header = signature::sign(body.as_bytes(), b"secret");
    assert!(signature::verify(body.as_bytes(), &header, b"secret"));
}
