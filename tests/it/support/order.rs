//! Orders of a shop, as full-size bodies of every webhook that speaks of them.

use gateway::shopify::sample::{OrderSample, RefundSample};

use super::{Shop, Shopper, webhook::Delivery};

#[derive(Clone)]
pub struct Order<'a> {
    shop: &'a Shop,
    pub sample: OrderSample,
}

/// A refund of an order, ready to be told.
#[derive(Clone)]
pub struct Refund<'a> {
    shop: &'a Shop,
    pub sample: RefundSample,
}

impl<'a> Order<'a> {
    pub(super) fn new(shop: &'a Shop, price_minor: i64) -> Order<'a> {
        let now = shop.now();
        let sample = OrderSample {
            customer_id: None,
            lines: vec![(price_minor, 1)],
            processed_at: now,
            updated_at: now,
            ..OrderSample::new(shop.fresh_id())
        };
        Order { shop, sample }
    }

    pub fn id(&self) -> u64 {
        self.sample.order_id
    }

    pub fn with(mut self, change: impl FnOnce(&mut OrderSample)) -> Order<'a> {
        change(&mut self.sample);
        self
    }

    /// Names the customer.
    pub fn by(self, shopper: Shopper<'_>) -> Order<'a> {
        self.with(|order| order.customer_id = Some(shopper.external_id))
    }

    pub fn with_code(self, code: &str) -> Order<'a> {
        self.with(|order| order.discount_codes = vec![code.to_owned()])
    }

    /// The order as the shop states it later.
    pub fn later(&self, change: impl FnOnce(&mut OrderSample)) -> Order<'a> {
        let later = self.shop.now().max(self.sample.updated_at.plus_seconds(1));
        self.clone().with(|order| order.updated_at = later).with(change)
    }

    pub fn cancelled(&self) -> Order<'a> {
        self.later(|order| order.cancelled_at = Some(order.updated_at))
    }

    /// Tells it as `orders/create`.
    pub async fn deliver(&self) -> Delivery {
        self.tell("orders/create").await
    }

    pub async fn tell(&self, topic: &str) -> Delivery {
        self.shop.deliver(topic, &self.sample.body()).await
    }

    pub fn full_refund(&self) -> Refund<'a> {
        let sample = self.sample.full_refund(self.shop.fresh_id(), self.shop.now());
        Refund { shop: self.shop, sample }
    }

    /// Pieces that came back: `(place of the line, how many)`.
    pub fn refund_of(&self, pieces: &[(usize, u32)]) -> Refund<'a> {
        let sample = self.sample.refund_of(self.shop.fresh_id(), self.shop.now(), pieces);
        Refund { shop: self.shop, sample }
    }

    /// An amount typed in by hand.
    pub fn refund_of_amount(&self, amount_minor: i64) -> Refund<'a> {
        let sample = self.sample.manual_refund(self.shop.fresh_id(), self.shop.now(), amount_minor);
        Refund { shop: self.shop, sample }
    }
}

impl Refund<'_> {
    pub async fn deliver(&self) -> Delivery {
        self.shop.deliver("refunds/create", &self.sample.body()).await
    }
}
