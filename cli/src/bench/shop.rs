//! A shop with known shoppers, and their orders: as commands, and as the webhooks that a shop sends.

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

use aggregates::{
    customer::Profile,
    id::{CustomerId, MerchantId},
    merchant::WebhookSecret,
    money::Currency,
    order::{Item, OrderBody, OrderLine},
    time::Timestamp,
};
use anyhow::{Context, ensure};
use gateway::{
    Gateway,
    clock::new_id,
    commands::{Done, Request},
    shopify::{SeenCustomer, sample::OrderSample, signature},
};
use journal::Actor;
use vault::DirectoryKind;

use super::crowd;

pub const SHOP: &str = "bench.myshopify.com";
pub const WEBHOOK_SECRET: &str = "known to the bench and its shop";

/// Shop ids of shoppers begin here, as long as real ones are.
const FIRST_SHOPPER: u64 = 7_000_000_000_000;
/// The same for orders.
const FIRST_ORDER: u64 = 5_000_000_000_000;
/// From one shopper to the next: a prime, so that all have their turn before one comes again.
const STRIDE: u64 = 7_919;
/// First orders under way at once while shoppers are made known.
const NEWCOMERS_AT_ONCE: usize = 1_024;

/// One merchant and its shoppers. Clones share the numbering of orders.
#[derive(Clone)]
pub struct Shop {
    pub merchant: MerchantId,
    pub api_key: String,
    shoppers: u64,
    orders: Arc<AtomicU64>,
}

impl Shop {
    /// Makes the merchant; nobody has ordered there yet.
    pub async fn open(gateway: &Gateway, shoppers: u64) -> anyhow::Result<Shop> {
        Self::open_as(gateway, SHOP, shoppers).await
    }

    /// The same, by another domain.
    pub async fn open_as(gateway: &Gateway, domain: &str, shoppers: u64) -> anyhow::Result<Shop> {
        let actor = Actor::Operator("bench".to_owned());
        let (merchant, key) = gateway.create_merchant(domain, &[WebhookSecret::parse(WEBHOOK_SECRET)?], actor).await?;
        Ok(Shop { merchant, api_key: key.text, shoppers, orders: Arc::default() })
    }

    /// Lets every shopper order once, so that they are known.
    pub async fn welcome_all(&self, gateway: &Gateway) -> anyhow::Result<()> {
        self.welcome(gateway, self.shoppers).await
    }

    /// Lets the first so many shoppers order once.
    pub async fn welcome(&self, gateway: &Gateway, shoppers: u64) -> anyhow::Result<()> {
        let (shop, gateway) = (self.clone(), gateway.clone());
        crowd::each(NEWCOMERS_AT_ONCE, shoppers, move |shopper| {
            let (shop, gateway) = (shop.clone(), gateway.clone());
            async move { shop.order_of(&gateway, shopper).await }
        })
        .await
    }

    /// So many orders, of shoppers in turn.
    pub async fn orders(&self, gateway: &Gateway, orders: u64) -> anyhow::Result<()> {
        let (shop, gateway) = (self.clone(), gateway.clone());
        crowd::each(NEWCOMERS_AT_ONCE, orders, move |_| {
            let (shop, gateway) = (shop.clone(), gateway.clone());
            async move { shop.order(&gateway).await }
        })
        .await
    }

    /// The next order, of the next shopper.
    pub async fn order(&self, gateway: &Gateway) -> anyhow::Result<()> {
        let number = self.next_order();
        self.record(gateway, number, self.shopper_of(number)).await
    }

    /// The next order, of this shopper.
    pub async fn order_of(&self, gateway: &Gateway, shopper: u64) -> anyhow::Result<()> {
        self.record(gateway, self.next_order(), shopper).await
    }

    async fn record(&self, gateway: &Gateway, number: u64, shopper: u64) -> anyhow::Result<()> {
        let now = gateway.clock.now();
        let request = Request {
            merchant: self.merchant,
            now,
            actor: Actor::Shop { topic: "orders/create".to_owned() },
            correlation: new_id(),
            traceparent: None,
        };
        let done = gateway.record_order(&request, &order(number, now), Some(&seen(shopper))).await?;
        ensure!(matches!(done, Done::Accepted(Some(_))), "an order was not new: {done:?}");
        Ok(())
    }

    /// The body of the next order of the next shopper, as the shop sends it, and its signature.
    pub fn webhook(&self, now: Timestamp) -> (String, String) {
        let number = self.next_order();
        let shopper = self.shopper_of(number);
        let sample = OrderSample {
            customer_id: Some(FIRST_SHOPPER + shopper),
            email: None,
            processed_at: now,
            updated_at: now,
            ..OrderSample::new(FIRST_ORDER + number)
        };
        let body = sample.body();
        let signature = signature::sign(body.as_bytes(), WEBHOOK_SECRET.as_bytes());
        (body, signature)
    }

    /// Who the shoppers are to us.
    pub async fn customers(&self, gateway: &Gateway) -> anyhow::Result<Vec<CustomerId>> {
        let mut customers = Vec::new();
        for shopper in 0..self.shoppers {
            customers.push(self.customer(gateway, shopper).await?);
        }
        Ok(customers)
    }

    /// Who a shopper is to us.
    pub async fn customer(&self, gateway: &Gateway, shopper: u64) -> anyhow::Result<CustomerId> {
        let found = gateway.vault.find(self.merchant, DirectoryKind::ShopifyCustomer, &external_id(shopper)).await?;
        Ok(CustomerId(found.context("a shopper is not known")?))
    }

    fn next_order(&self) -> u64 {
        self.orders.fetch_add(1, Ordering::Relaxed)
    }

    fn shopper_of(&self, number: u64) -> u64 {
        number.wrapping_mul(STRIDE) % self.shoppers
    }
}

fn external_id(shopper: u64) -> String {
    (FIRST_SHOPPER + shopper).to_string()
}

fn seen(shopper: u64) -> SeenCustomer {
    let external_id = external_id(shopper);
    let profile = Profile { external_id: external_id.clone(), ..Profile::default() };
    SeenCustomer { external_id, profile, updated_at: None }
}

/// One piece at 50.00 EUR.
fn order(number: u64, now: Timestamp) -> OrderBody {
    let order_id = FIRST_ORDER + number;
    let line = OrderLine {
        line_id: (order_id * 10).to_string(),
        item: Item { product_id: Some("8000000000001".to_owned()), ..Item::default() },
        quantity: 1,
        net_minor: 5_000,
        tax_minor: 798,
    };
    OrderBody {
        order_id: order_id.to_string(),
        name: format!("#{number}"),
        currency: Currency::parse("EUR").expect("three capital letters"),
        processed_at: now,
        updated_at: now,
        cancelled_at: None,
        voided: false,
        test: false,
        taxes_included: true,
        subtotal_minor: 5_000,
        shipping_minor: 0,
        lines: vec![line],
        discount_codes: Vec::new(),
        refunds: Vec::new(),
    }
}
