//! Orders of a shop, as full-size bodies of every webhook that speaks of them.

use gateway::shopify::sample::{OrderSample, RefundSample};

use super::{Shop, shop::Delivery};

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
        let sample = OrderSample {
            lines: vec![(price_minor, 1)],
            processed_at: shop.now(),
            updated_at: shop.now(),
            ..OrderSample::new(shop.fresh_id())
        };
        Order { shop, sample }
    }

    pub fn with(mut self, change: impl FnOnce(&mut OrderSample)) -> Order<'a> {
        change(&mut self.sample);
        self
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
}

impl Refund<'_> {
    pub async fn deliver(&self) -> Delivery {
        self.shop.deliver("refunds/create", &self.sample.body()).await
    }
}
