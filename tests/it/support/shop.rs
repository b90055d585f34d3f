//! A shop with its merchant: signs and sends webhooks, and remembers how far the log had come with each answer, so that
//! every later read sees what went before.

use std::{
    sync::{
        Arc,
        atomic::{AtomicI64, AtomicU64, Ordering},
    },
    time::Duration,
};

use aggregates::{
    id::MerchantId,
    merchant::WebhookSecret,
    time::{Clock, Timestamp},
};
use gateway::{
    Gateway,
    clock::{SystemClock, new_id},
    shopify::sample::MergeSample,
};
use journal::Actor;
use reqwest::{Client, StatusCode};
use serde_json::{Value, json};

use super::{
    Installation, Shopper,
    api::Api,
    order::Order,
    runtime,
    webhook::{Delivery, Webhook},
};

/// Ids of a shop are large, and the same in every shop here: two tenants must not meet by them.
const FIRST_ID: u64 = 5_900_000_000_001;
/// A shop tries again when it is told to; far more often than any test makes it wait.
const ATTEMPTS_MAX: usize = 50;
/// How long the read models of a new installation may take to start, with many others starting beside them.
const READ_MODELS_START: Duration = Duration::from_secs(60);

#[derive(Clone)]
pub struct Shop {
    pub domain: String,
    pub merchant: MerchantId,
    pub api: Api,
    pub(super) secret: String,
    pub(super) url: String,
    pub(super) http: Client,
    gateway: Gateway,
    shared: Arc<Counters>,
}

struct Counters {
    next_id: AtomicU64,
    /// Highest position that any answer has named.
    seen: AtomicU64,
    /// How far the merchant's test clock is ahead.
    ahead_micros: AtomicI64,
}

impl Shop {
    /// A new merchant of the shared installation.
    pub async fn open() -> Shop {
        Shop::open_at(Installation::shared()).await
    }

    pub async fn open_at(installation: &Installation) -> Shop {
        let domain = format!("shop-{}.myshopify.com", new_id().simple());
        Shop::open_as(installation.gateway.clone(), installation.url.clone(), domain).await
    }

    /// A merchant under the same domain, made anew; with ids of its own.
    pub async fn opened_again(&self) -> Shop {
        Shop::open_as(self.gateway.clone(), self.url.clone(), self.domain.clone()).await
    }

    async fn open_as(gateway: Gateway, url: String, domain: String) -> Shop {
        let secret = new_id().simple().to_string();
        let (maker, shop, secrets) = (gateway.clone(), domain.clone(), [WebhookSecret::parse(&secret).unwrap()]);
        let created = async move { maker.create_merchant(&shop, &secrets, Actor::Operator("test".to_owned())).await };
        let (merchant, key) = runtime::shared(created).await.unwrap();
        let http = Client::new();
        Shop {
            domain,
            merchant,
            api: Api::new(http.clone(), &url, &key.text),
            secret,
            url,
            http,
            gateway,
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

    /// The merchant's time, or a moment before it.
    pub fn now(&self) -> Timestamp {
        Timestamp(SystemClock.now().0 + self.shared.ahead_micros.load(Ordering::SeqCst))
    }

    /// Moves the merchant's clock; everything due by then is done when this returns.
    pub async fn advance_days(&self, days: i64) {
        self.move_clock(json!({ "advance_seconds": days * 86_400 })).await;
    }

    /// The same, by less than days.
    pub async fn advance(&self, by: Duration) {
        self.move_clock(json!({ "advance_seconds": by.as_secs() })).await;
    }

    /// The same, to a time in RFC 3339.
    pub async fn advance_to(&self, now: &str) {
        self.move_clock(json!({ "now": now })).await;
    }

    /// Does not move the clock; everything due by now is done when this returns.
    pub async fn settle(&self) {
        self.move_clock(json!({ "advance_seconds": 0 })).await;
    }

    async fn move_clock(&self, how: Value) {
        let moved = self.api.post("/v1/test_clock", &how).document().await;
        self.has_seen(moved["position"].as_u64());
        let (gateway, merchant) = (self.gateway.clone(), self.merchant);
        let there = runtime::shared(async move { gateway.now_of(merchant).await }).await.unwrap();
        self.shared.ahead_micros.store(there.0 - SystemClock.now().0, Ordering::SeqCst);
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

    /// Also what was done without an answer to the shop.
    pub async fn has_seen_everything_of(&self, installation: &Installation) {
        let journal = installation.gateway.journal.clone();
        let head = runtime::shared(async move { journal.last_position().await }).await.unwrap();
        self.has_seen(Some(head));
    }

    /// Waits until the read models of a new installation have taken in the shop itself: starting takes them longer than a
    /// reader waits, where much else is going on.
    pub async fn is_read_by(&self, installation: &Installation) {
        let gateway = installation.gateway.clone();
        runtime::shared(async move {
            let head = gateway.journal.last_position().await.unwrap();
            for name in projections::NAMES {
                assert!(gateway.progress.reached(name, head, READ_MODELS_START).await, "{name} has not started");
            }
        })
        .await;
    }

    /// Somebody who has bought nothing yet.
    pub fn shopper(&self) -> Shopper<'_> {
        self.known_as(self.fresh_id())
    }

    /// The customer with this id of the shop's.
    pub fn known_as(&self, external_id: u64) -> Shopper<'_> {
        Shopper { shop: self, external_id }
    }

    /// An order of one piece at this price, by somebody without a profile.
    pub fn guest_order(&self, price_minor: i64) -> Order<'_> {
        Order::new(self, price_minor)
    }

    /// A webhook in the making.
    pub fn webhook(&self, topic: &str, body: impl Into<Vec<u8>>) -> Webhook {
        Webhook::new(self, topic, body.into())
    }

    /// Signs and sends, and goes on trying as long as it is asked to.
    pub async fn deliver(&self, topic: &str, body: &str) -> Delivery {
        for _ in 0..ATTEMPTS_MAX {
            let delivery = self.webhook(topic, body).send().await;
            if delivery.status != StatusCode::SERVICE_UNAVAILABLE {
                self.has_seen(delivery.position);
                return delivery;
            }
        }
        panic!("{topic} was turned away {ATTEMPTS_MAX} times");
    }

    /// One profile is kept and the other deleted.
    pub async fn merge(&self, kept: Shopper<'_>, deleted: Shopper<'_>) -> Delivery {
        let body = MergeSample::completed(kept.external_id, deleted.external_id).body();
        self.deliver("customers/merge", &body).await
    }

    /// The program settings with some sections replaced, published as the next version.
    pub async fn publish(&self, sections: Value) -> Value {
        let current = self.api.get("/v1/program_settings").send().await;
        let mut settings = current.body.clone();
        for (name, section) in sections.as_object().unwrap() {
            settings[name] = section.clone();
        }
        self.api.put("/v1/program_settings", &settings).header("If-Match", current.header("etag")).document().await
    }

    /// One rule for all orders.
    pub async fn pays(&self, points_per_unit: &str) {
        let rule = json!({ "id": "orders", "points_per_unit": points_per_unit });
        self.publish(json!({ "earning_rules": [rule] })).await;
    }
}
