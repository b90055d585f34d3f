//! Bodies the size of real ones, read whole: what becomes of each stands in `tests/snapshots`.

mod clues;
mod facts;
mod mutations;
mod orders;
mod refunds;
mod unfit;

use aggregates::time::Timestamp;

use super::{Fact, Topic, Unreadable};

/// A committed body by its name.
macro_rules! fixture {
    ($name:literal) => {
        include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/shopify/fixtures/", $name, ".json"))
    };
}
use fixture;

/// Every committed body with the topic it comes under.
const BODIES: [(&str, Topic, &str); 21] = [
    ("orders_create", Topic::OrderCreated, fixture!("orders_create")),
    ("orders_create_gift_card", Topic::OrderCreated, fixture!("orders_create_gift_card")),
    ("orders_create_guest", Topic::OrderCreated, fixture!("orders_create_guest")),
    ("orders_create_large_ids", Topic::OrderCreated, fixture!("orders_create_large_ids")),
    ("orders_create_multi_currency", Topic::OrderPaid, fixture!("orders_create_multi_currency")),
    ("orders_create_pos_jpy", Topic::OrderCreated, fixture!("orders_create_pos_jpy")),
    ("orders_cancelled", Topic::OrderCancelled, fixture!("orders_cancelled")),
    ("orders_updated_refunded", Topic::OrderUpdated, fixture!("orders_updated_refunded")),
    ("refunds_create", Topic::RefundCreated, fixture!("refunds_create")),
    ("refunds_create_foreign_currency", Topic::RefundCreated, fixture!("refunds_create_foreign_currency")),
    ("refunds_create_manual_amount", Topic::RefundCreated, fixture!("refunds_create_manual_amount")),
    ("refunds_create_pending", Topic::RefundCreated, fixture!("refunds_create_pending")),
    ("customers_update", Topic::CustomerUpdated, fixture!("customers_update")),
    ("customers_delete", Topic::CustomerDeleted, fixture!("customers_delete")),
    ("customers_merge", Topic::CustomersMerged, fixture!("customers_merge")),
    ("customers_merge_failed", Topic::CustomersMerged, fixture!("customers_merge_failed")),
    ("products_update", Topic::Product(super::ProductChange::Updated), fixture!("products_update")),
    ("products_delete", Topic::ProductDeleted, fixture!("products_delete")),
    ("customers_data_request", Topic::CustomerDataRequest, fixture!("customers_data_request")),
    ("customers_redact", Topic::CustomerRedact, fixture!("customers_redact")),
    ("shop_redact", Topic::ShopRedact, fixture!("shop_redact")),
];

/// 2026-11-30T12:00:00Z, later than anything the bodies tell of.
const RECEIVED_AT: Timestamp = Timestamp(1_796_040_000_000_000);

fn read(topic: Topic, body: &[u8]) -> Result<Fact, Unreadable> {
    super::read(topic, body, RECEIVED_AT)
}

fn read_json(topic: Topic, body: &serde_json::Value) -> Result<Fact, Unreadable> {
    read(topic, body.to_string().as_bytes())
}
