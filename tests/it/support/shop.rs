//! A shop with its merchant: signs and sends webhooks, and remembers how far the log had come with each answer, so that
//! every later read sees what went before.

use std::sync::{
    Arc,
    atomic::{AtomicI64, AtomicU64, Ordering},
};

use aggregates::time::{Clock, Timestamp};
use gateway::{
    clock::{SystemClock, new_id},
    shopify::signature,
};
use journal::Actor;
use reqwest::{Client, StatusCode};
use serde_json::{Value, json};

use super::{Installation, Shopper, api::Api, order::Order, runtime};

/// Shop ids are large and the same in every shop: two tenants must not meet by them.
const FIRST_ID: u64 = 5_900_000_000_001;

#[derive(Clone)]
pub struct Shop {
    pub domain: String,
    pub api: Api,
    secret: String,
    url: String,
    http: Client,
    shared: Arc<Counters>,
}

struct Counters {
    next_id: AtomicU64,
    /// Highest position that any answer has named.
    seen: AtomicU64,
    /// How far the merchant's test clock is ahead.
    ahead_micros: AtomicI64,
}

/// The answer to a webhook.
#[derive(Debug, Clone)]
pub struct Delivery {
    pub status: StatusCode,
    pub outcome: String,
    pub position: Option<u64>,
}

impl Shop {
    /// A new merchant of the shared installation.
    pub async fn open() -> Shop {
        Shop::open_at(Installation::shared()).await
    }

    pub async fn open_at(installation: &Installation) -> Shop {
        let domain = format!("shop-{}.myshopify.com", new_id().simple());
        let secret = new_id().simple().to_string();
        let (gateway, shop, secrets) = (installation.gateway.clone(), domain.clone(), vec![secret.clone()]);
        let created = async move { gateway.create_merchant(&shop, &secrets, Actor::Operator("test".to_owned())).await };
        let (_, key) = runtime::shared(created).await.unwrap();
        let http = Client::new();
        Shop {
            domain,
            api: Api::new(http.clone(), &installation.url, &key.text),
            secret,
            url: installation.url.clone(),
            http,
            shared: Arc::new(Counters {
                next_id: AtomicU64::new(FIRST_ID),
                seen: AtomicU64::new(0),
                ahead_micros: AtomicI64::new(0),
            }),
        }
    }

    /// The same shop, seen through another gateway.
    pub fn at(&self, installation: &Installation) -> Shop {
        Shop { api: self.api.at(&installation.url), url: installation.url.clone(), ..self.clone() }
    }

    /// The merchant's time.
    pub fn now(&self) -> Timestamp {
        Timestamp(SystemClock.now().0 + self.shared.ahead_micros.load(Ordering::SeqCst))
    }

    /// An id that this shop has not used for anything.
    pub fn fresh_id(&self) -> u64 {
        self.shared.next_id.fetch_add(1, Ordering::SeqCst)
    }

    /// Everything up to here has been answered for.
    pub fn seen(&self) -> u64 {
        self.shared.seen.load(Ordering::SeqCst)
    }

    pub fn has_seen(&self, position: Option<u64>) {
        self.shared.seen.fetch_max(position.unwrap_or(0), Ordering::SeqCst);
    }

    /// Somebody who has bought nothing yet.
    pub fn shopper(&self) -> Shopper<'_> {
        Shopper { shop: self, external_id: self.fresh_id() }
    }

    /// An order of one piece at this price, by a customer of its own.
    pub fn order(&self, price_minor: i64) -> Order<'_> {
        Order::new(self, price_minor)
    }

    /// Signs and sends; the topic stands in the header.
    pub async fn deliver(&self, topic: &str, body: &str) -> Delivery {
        let request = self
            .http
            .post(format!("{}/webhooks/shopify", self.url))
            .header("X-Shopify-Topic", topic)
            .header("X-Shopify-Shop-Domain", &self.domain)
            .header("X-Shopify-Hmac-Sha256", signature::sign(body.as_bytes(), self.secret.as_bytes()))
            .body(body.to_owned());
        let response = request.send().await.unwrap();
        let status = response.status();
        let answer: Value = response.json().await.unwrap();
        let delivery = Delivery {
            status,
            outcome: answer["outcome"].as_str().unwrap_or_default().to_owned(),
            position: answer["position"].as_u64(),
        };
        self.has_seen(delivery.position);
        delivery
    }

    /// The program settings with some sections replaced, published as the next version.
    pub async fn publish(&self, sections: Value) {
        let current = self.api.get("/v1/program_settings").send().await;
        let tag = current.headers["etag"].to_str().unwrap().to_owned();
        let mut settings = current.body;
        for (name, section) in sections.as_object().unwrap() {
            settings[name] = section.clone();
        }
        self.api.put("/v1/program_settings", &settings).header("If-Match", &tag).document().await;
    }

    /// One rule for all orders.
    pub async fn pays(&self, points_per_unit: &str) {
        let rule = json!({ "id": "orders", "points_per_unit": points_per_unit });
        self.publish(json!({ "earning_rules": [rule] })).await;
    }
}

impl Delivery {
    pub fn is_accepted(&self) -> bool {
        self.status == StatusCode::OK && self.outcome == "accepted"
    }
}
