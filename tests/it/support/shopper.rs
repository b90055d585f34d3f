//! A customer of a shop, as the merchant's API shows them.

use serde::Deserialize;
use serde_json::{Value, json};

use super::{Answer, Order, Shop, explanation::Explanation};

#[derive(Clone, Copy)]
pub struct Shopper<'a> {
    pub shop: &'a Shop,
    /// The shop's own id.
    pub external_id: u64,
}

/// A redemption, as the API answered it.
#[derive(Debug, Clone, Deserialize)]
pub struct Redemption {
    pub id: String,
    pub code: String,
    pub status: String,
}

impl<'a> Shopper<'a> {
    /// An order of one piece at this price.
    pub fn order(&self, price_minor: i64) -> Order<'a> {
        self.shop.guest_order(price_minor).by(*self)
    }

    /// The customer as the API has it, found by the shop's id; null if the shop never named them.
    pub async fn find(&self) -> Value {
        let external_id = format!("shopify:{}", self.external_id);
        let call = self.shop.api.get("/v1/customers").query("external_id", external_id);
        let page = call.query("min_position", self.shop.seen()).document().await;
        page["data"][0].clone()
    }

    /// Our id of them.
    pub async fn id(&self) -> String {
        let found = self.find().await;
        found["id"].as_str().unwrap_or_else(|| panic!("{} is nobody", self.external_id)).to_owned()
    }

    /// `/v1/customers/{id}/{what}`
    pub async fn path(&self, what: &str) -> String {
        format!("/v1/customers/{}/{what}", self.id().await)
    }

    /// Reads after everything that was answered so far.
    async fn read(&self, what: &str) -> Value {
        self.shop.api.get(&self.path(what).await).query("min_position", self.shop.seen()).document().await
    }

    pub async fn balance(&self) -> Value {
        self.read("balance").await
    }

    pub async fn available(&self) -> i64 {
        self.balance().await["available"].as_i64().unwrap()
    }

    pub async fn pending(&self) -> i64 {
        self.balance().await["pending"].as_i64().unwrap()
    }

    /// Every lot and what became of it.
    pub async fn explanation(&self) -> Explanation {
        serde_json::from_value(self.read("balance/explanation").await).unwrap()
    }

    /// The newest lines of the ledger as `(type, points)`.
    pub async fn ledger(&self) -> Vec<(String, i64)> {
        let line = |line: &Value| (line["type"].as_str().unwrap().to_owned(), line["points"].as_i64().unwrap());
        self.transactions().await.iter().map(line).collect()
    }

    /// The newest lines of the ledger.
    pub async fn transactions(&self) -> Vec<Value> {
        self.read("points_transactions").await["data"].as_array().unwrap().clone()
    }

    /// Every line of the ledger is in the balance, and everything in the balance has its line.
    pub async fn books_balance(&self) {
        let call = self.shop.api.get(&self.path("points_transactions").await).query("limit", 250);
        let page = call.query("min_position", self.shop.seen()).document().await;
        assert_eq!(page["has_more"], false, "more lines than one page holds");
        let lines: i64 = page["data"].as_array().unwrap().iter().map(|line| line["points"].as_i64().unwrap()).sum();
        let Explanation { balance, debt, lots } = self.explanation().await;
        let held: i64 = lots.iter().map(|lot| lot.remaining).sum();
        let owned = balance.available + balance.pending;
        assert_eq!(owned, balance.lifetime_earned - balance.lifetime_redeemed - balance.lifetime_expired);
        assert_eq!((lines, held - debt), (owned, owned), "{page:#}");
    }

    /// Points by hand.
    pub async fn adjust(&self, points: i64, reason: &str) -> Answer {
        let path = self.path("points_adjustments").await;
        let answer = self.shop.api.post_once(&path, &json!({ "points": points, "reason": reason })).send().await;
        self.shop.has_seen(answer.body["position"].as_u64());
        answer
    }

    pub async fn redeem(&self, points: i64) -> Redemption {
        let path = self.path("reward_redemptions").await;
        let document = self.shop.api.post_once(&path, &json!({ "points": points })).document().await;
        self.shop.has_seen(document["position"].as_u64());
        serde_json::from_value(document).unwrap()
    }

    pub async fn cancel(&self, redemption: &Redemption) -> Answer {
        let path = self.path(&format!("reward_redemptions/{}/cancel", redemption.id)).await;
        let answer = self.shop.api.post(&path, &json!({})).send().await;
        self.shop.has_seen(answer.body["position"].as_u64());
        answer
    }
}
