//! The stories. Each says what it leaves behind before anybody has computed it.

use anyhow::Context;
use futures::future::try_join_all;
use gateway::shopify::sample::{CustomerSample, MergeSample, OrderSample};
use serde_json::json;

use super::{AGAIN_ONE_IN, FIRST_CUSTOMER, REGULARS, STARTING_POINTS, Traffic, at};
use crate::drill::dice::Dice;

/// What a webhook is, before it is sent.
type Webhook = (&'static str, String);

impl Traffic {
    /// First sight of the regulars, with points to spend.
    pub(super) async fn welcome_regulars(&self) -> anyhow::Result<()> {
        for customer in FIRST_CUSTOMER..FIRST_CUSTOMER + REGULARS {
            let position = self.deliver("customers/create", CustomerSample::new(customer).body(), false).await?;
            let seen = position.context("a first sight has a position")?;
            let found = format!("/v1/customers?external_id=shopify:{customer}&min_position={seen}");
            let found = self.shop.get(&found).await?;
            let id = found["data"][0]["id"].as_str().context("somebody just welcomed is found")?;
            self.adjust(customer, id, STARTING_POINTS).await?;
            self.regulars.lock().await.insert(customer, id.to_owned());
        }
        Ok(())
    }

    pub(super) async fn story(&self, dice: &mut Dice) -> anyhow::Result<()> {
        let customer = FIRST_CUSTOMER + dice.below(REGULARS);
        let Some(id) = self.regular(customer).await else { return self.order(customer, dice).await };
        match dice.below(8) {
            0 => self.redemption(customer, &id, dice).await,
            1 => self.redemption_used_and_returned(&id, dice).await,
            2 => self.merge(dice).await,
            3 => {
                let points = 1 + i64::try_from(dice.below(500))?;
                self.adjust(customer, &id, if dice.one_in(2) { points } else { -points }).await
            }
            _ => self.order(customer, dice).await,
        }
    }

    /// An order of several pieces, of which some come back in two refunds, or which is cancelled, or both; everything
    /// is sent at once.
    async fn order(&self, customer: u64, dice: &mut Dice) -> anyhow::Result<()> {
        let pieces = 2 + u32::try_from(dice.below(3))?;
        let order = self.new_order(customer, 1 + i64::try_from(dice.below(20_000))?, pieces);
        let mut webhooks = vec![("orders/create", order.body())];
        let paid = OrderSample { updated_at: at(60), ..order.clone() };
        if dice.one_in(2) {
            webhooks.push(("orders/paid", paid.body()));
        }
        let back = u32::try_from(dice.below(3))?.min(pieces);
        for _ in 0..back {
            let refund = order.refund_of(self.fresh(), at(120), &[(0, 1)]);
            webhooks.push(("refunds/create", refund.body()));
        }
        let cancelled = dice.one_in(6);
        if cancelled {
            let body = OrderSample { updated_at: at(180), cancelled_at: Some(at(180)), ..order.clone() };
            webhooks.push(("orders/cancelled", body.body()));
        }
        self.deliver_at_once(webhooks, dice).await?;
        let base = order.subtotal_minor();
        let refunded = base / i64::from(pieces) * i64::from(back);
        let award = base / 100;
        let kept = if cancelled { 0 } else { award * (base - refunded) / base };
        self.expect(customer, kept).await;
        Ok(())
    }

    /// Points for a code; sometimes given back at once.
    async fn redemption(&self, customer: u64, id: &str, dice: &mut Dice) -> anyhow::Result<()> {
        let points = 1 + i64::try_from(dice.below(50))?;
        let redemption = self.redeem(id, points).await?;
        if dice.one_in(3) {
            let redemption = redemption["id"].as_str().context("a redemption has an id")?;
            let cancel = format!("/v1/customers/{id}/reward_redemptions/{redemption}/cancel");
            self.shop.make(&cancel, "not needed", &json!({})).await?;
        } else {
            self.expect(customer, -points).await;
        }
        Ok(())
    }

    /// A code that somebody else's order uses; the order is returned whole, and the points go back to the redeemer.
    async fn redemption_used_and_returned(&self, redeemer: &str, dice: &mut Dice) -> anyhow::Result<()> {
        let redemption = self.redeem(redeemer, 1 + i64::try_from(dice.below(50))?).await?;
        let code = redemption["code"].as_str().context("a redemption has a code")?.to_owned();
        let buyer = FIRST_CUSTOMER + dice.below(REGULARS);
        let order = OrderSample { discount_codes: vec![code], ..self.new_order(buyer, 5_000, 1) };
        let refund = order.full_refund(self.fresh(), at(120));
        self.deliver_at_once(vec![("orders/create", order.body()), ("refunds/create", refund.body())], dice).await?;
        self.expect(buyer, 0).await;
        Ok(())
    }

    /// Two newcomers who turn out to be one, while one of them is shopping.
    async fn merge(&self, dice: &mut Dice) -> anyhow::Result<()> {
        let (winner, loser) = (FIRST_CUSTOMER + 1_000 + self.fresh(), FIRST_CUSTOMER + 1_000 + self.fresh());
        let (first, second) = (self.new_order(winner, 10_000, 1), self.new_order(loser, 20_000, 1));
        let third = self.new_order(loser, 40_000, 1);
        self.deliver_at_once(vec![("orders/create", first.body()), ("orders/create", second.body())], dice).await?;
        let refund = second.refund_of(self.fresh(), at(240), &[(0, 1)]);
        let merge = MergeSample::completed(winner, loser).body();
        let together =
            vec![("customers/merge", merge), ("orders/create", third.body()), ("refunds/create", refund.body())];
        self.deliver_at_once(together, dice).await?;
        self.expect(winner, 100 + 400).await;
        Ok(())
    }

    async fn redeem(&self, id: &str, points: i64) -> anyhow::Result<serde_json::Value> {
        self.make(format!("/v1/customers/{id}/reward_redemptions"), json!({ "points": points })).await
    }

    async fn deliver_at_once(&self, webhooks: Vec<Webhook>, dice: &mut Dice) -> anyhow::Result<()> {
        let deliveries = webhooks.into_iter().map(|(topic, body)| self.deliver(topic, body, dice.one_in(AGAIN_ONE_IN)));
        try_join_all(deliveries).await.map(drop)
    }

    fn new_order(&self, customer: u64, price_minor: i64, pieces: u32) -> OrderSample {
        let order_id = 6_100_000_000_000 + self.fresh();
        OrderSample {
            customer_id: Some(customer),
            email: Some(format!("shopper-{customer}@example.com")),
            lines: vec![(price_minor, pieces)],
            processed_at: at(0),
            updated_at: at(0),
            ..OrderSample::new(order_id)
        }
    }
}
