//! A small shop's history, made up, as the webhooks that tell it.

use aggregates::time::Timestamp;
use gateway::{
    clock::new_id,
    shopify::sample::{CustomerSample, MergeSample, OrderSample, RefundSample},
};

const FIRST_ORDER: u64 = 6_100_000_000_001;
const FIRST_CUSTOMER: u64 = 7_300_000_000_001;
const ORDERS: u64 = 7;
/// The last of them is merged into the first.
const SHOPPERS: u64 = 4;
const LAST: u64 = FIRST_CUSTOMER + SHOPPERS - 1;

pub struct History {
    pub webhooks: Vec<(&'static str, String)>,
    /// Shop ids of everybody who is left in the end.
    pub survivors: Vec<u64>,
}

impl History {
    /// What happened from `start` on.
    pub fn made_by(chance: &mut Chance, start: Timestamp) -> History {
        let mut webhooks = Vec::new();
        for shopper in 0..SHOPPERS {
            let profile = CustomerSample { updated_at: start, ..CustomerSample::new(FIRST_CUSTOMER + shopper) };
            webhooks.push(("customers/update", profile.body()));
        }
        for number in 0..ORDERS {
            tell_order(chance, start, number, &mut webhooks);
        }
        let merge = MergeSample::completed(FIRST_CUSTOMER, LAST);
        webhooks.push(("customers/merge", merge.body()));
        History { webhooks, survivors: (0..SHOPPERS - 1).map(|shopper| FIRST_CUSTOMER + shopper).collect() }
    }

    /// In any order, some of them again.
    pub fn webhooks_as_they_arrive(&self, chance: &mut Chance) -> Vec<(&'static str, String)> {
        let mut arriving = self.webhooks.clone();
        for _ in 0..self.webhooks.len() / 2 {
            arriving.push(self.webhooks[chance.below(self.webhooks.len())].clone());
        }
        for last in (1..arriving.len()).rev() {
            arriving.swap(last, chance.below(last + 1));
        }
        arriving
    }
}

/// Between one and five webhooks: creation, perhaps as a guest, an update, refunds told alone and inside, cancellation.
fn tell_order(chance: &mut Chance, start: Timestamp, number: u64, webhooks: &mut Vec<(&'static str, String)>) {
    let at = |minutes: i64| start.plus_seconds(60 * minutes);
    let order_id = FIRST_ORDER + number;
    let buyer = Some(FIRST_CUSTOMER + chance.below(SHOPPERS as usize) as u64);
    let prices = [10_00, 24_99, 33_33, 50_00, 120_50];
    let line = |chance: &mut Chance| (prices[chance.below(prices.len())], 1 + chance.below(2) as u32);
    let mut order = OrderSample {
        customer_id: buyer.filter(|_| chance.below(4) > 0),
        lines: vec![line(chance), line(chance)],
        gift_cards: if chance.below(3) == 0 { vec![(20_00, 1)] } else { Vec::new() },
        taxes_included: chance.below(3) > 0,
        shipping_minor: if chance.below(2) == 0 { 4_90 } else { 0 },
        processed_at: start,
        updated_at: start,
        ..OrderSample::new(order_id)
    };
    webhooks.push(("orders/create", order.body()));
    // Whoever was merged away may still be named, or their heir.
    order.customer_id = buyer.map(|buyer| if chance.below(2) == 0 && buyer == LAST { FIRST_CUSTOMER } else { buyer });
    let refunds: Vec<RefundSample> = (0..chance.below(3) as u64)
        .map(|refund| match chance.below(2) {
            0 => order.refund_of(order_id * 10 + refund, at(5), &[(chance.below(2), 1)]),
            _ => order.manual_refund(order_id * 10 + refund, at(6), 7_77),
        })
        .collect();
    // Some are told first while the money is still on its way.
    let announced = refunds.iter().filter(|_| chance.below(3) == 0);
    let announced: Vec<RefundSample> =
        announced.map(|refund| RefundSample { paid_minor: None, ..refund.clone() }).collect();
    webhooks.extend(announced.iter().chain(&refunds).map(|refund| ("refunds/create", refund.body())));
    order.updated_at = at(7);
    order.refunds = refunds.into_iter().filter(|_| chance.below(2) == 0).collect();
    webhooks.push(("orders/updated", order.body()));
    if chance.below(4) == 0 {
        order.updated_at = at(9);
        order.cancelled_at = Some(at(9));
        webhooks.push(("orders/cancelled", order.body()));
    }
}

/// Numbers by chance that come again with the same seed (SplitMix64).
pub struct Chance(u64);

impl Chance {
    pub fn random_seed() -> u64 {
        new_id().as_u64_pair().0
    }

    pub fn of(seed: u64) -> Chance {
        Chance(seed)
    }

    /// From 0 to `bound` − 1.
    pub fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((mixed ^ (mixed >> 31)) % bound as u64) as usize
    }
}
