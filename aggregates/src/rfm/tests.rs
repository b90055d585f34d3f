//! Segments, tried without a log.

mod bands;
mod days;
mod laws;
mod mappings;
mod windows;

use uuid::Uuid;

use super::{Buyer, Day, Definition, Purchases, Reference, RfmSettings};
use crate::{id::CustomerId, time::Timestamp};

const TODAY: Day = Day(20_000);

fn purchases(days_ago: i32, orders: u32, spend_minor: i64) -> Purchases {
    Purchases { last_order_day: Day(TODAY.0 - days_ago), orders, spend_minor }
}

fn customer(n: usize) -> CustomerId {
    CustomerId(Uuid::from_u128(n as u128))
}

fn buyers(of: impl IntoIterator<Item = Purchases>) -> Vec<Buyer> {
    let buyer = |(n, purchases)| Buyer { customer: customer(n), purchases: Some(purchases), before: None };
    of.into_iter().enumerate().map(buyer).collect()
}

fn definition() -> Definition {
    Definition::of(1, &RfmSettings::default_of_a_new_merchant()).expect("the default stands")
}

const NOW: Reference = Reference { day: TODAY, orders_through: 17, at: Timestamp(0) };
