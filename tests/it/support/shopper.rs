//! A customer of a shop, as the merchant's API shows them.

use serde_json::Value;

use super::{Order, Shop};

#[derive(Clone, Copy)]
pub struct Shopper<'a> {
    pub shop: &'a Shop,
    /// The shop's own id.
    pub external_id: u64,
}

impl<'a> Shopper<'a> {
    /// An order of one piece at this price.
    pub fn order(&self, price_minor: i64) -> Order<'a> {
        self.shop.order(price_minor).with(|order| order.customer_id = Some(self.external_id))
    }

    /// Our id of them.
    pub async fn id(&self) -> String {
        let found = self.find().await;
        found["id"].as_str().unwrap().to_owned()
    }

    /// The customer as the API has it, found by the shop's id.
    pub async fn find(&self) -> Value {
        let external_id = format!("shopify:{}", self.external_id);
        let call = self.shop.api.get("/v1/customers").query("external_id", external_id);
        let page = call.query("min_position", self.shop.seen()).document().await;
        page["data"][0].clone()
    }

    /// `GET …/{what}` after everything that was answered so far.
    pub async fn read(&self, what: &str) -> Value {
        let path = format!("/v1/customers/{}/{what}", self.id().await);
        self.shop.api.get(&path).query("min_position", self.shop.seen()).document().await
    }

    pub async fn balance(&self) -> Value {
        self.read("balance").await
    }

    pub async fn available(&self) -> i64 {
        self.balance().await["available"].as_i64().unwrap()
    }
}
