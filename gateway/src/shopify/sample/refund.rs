//! Samples of refunds, for `refunds/create` and inside an order.

use std::sync::LazyLock;

use aggregates::{money::Currency, time::Timestamp};
use serde_json::{Value, json};

use super::amount;

static TEMPLATE: LazyLock<Value> = LazyLock::new(|| {
    serde_json::from_str(include_str!("../fixtures/refunds_create.json")).expect("the committed body is JSON")
});

/// A refund; made from an order by [`super::OrderSample::refund_of`] and its siblings. All amounts in minor units.
#[derive(Debug, Clone)]
pub struct RefundSample {
    pub refund_id: u64,
    pub order_id: u64,
    pub currency: Currency,
    pub at: Timestamp,
    pub lines: Vec<RefundedLineSample>,
    pub shipping_minor: i64,
    /// The amount of one successful transaction; none when no money has moved.
    pub paid_minor: Option<i64>,
    /// Calculated less paid: what the shop states when somebody types in the amount.
    pub discrepancy_minor: i64,
}

#[derive(Debug, Clone)]
pub struct RefundedLineSample {
    pub line_id: u64,
    pub gift_card: bool,
    pub quantity: u32,
    pub subtotal_minor: i64,
    pub tax_minor: i64,
}

impl RefundSample {
    pub fn body(&self) -> String {
        self.value().to_string()
    }

    pub(super) fn value(&self) -> Value {
        let mut body = TEMPLATE.clone();
        let at = self.at.to_rfc3339();
        body["id"] = self.refund_id.into();
        body["admin_graphql_api_id"] = format!("gid://shopify/Refund/{}", self.refund_id).into();
        body["order_id"] = self.order_id.into();
        body["created_at"] = at.clone().into();
        body["processed_at"] = at.into();
        body["total_duties_set"] = amount::set(self.currency, 0);
        body["refund_line_items"] = self.lines.iter().enumerate().map(|(index, line)| self.line(index, line)).collect();
        body["refund_shipping_lines"] = self.shipping_lines();
        body["order_adjustments"] = self.adjustments();
        body["transactions"] = self.paid_minor.map(|paid| self.transaction(paid)).into_iter().collect();
        body
    }

    fn line(&self, index: usize, line: &RefundedLineSample) -> Value {
        let mut body = TEMPLATE["refund_line_items"][0].clone();
        body["id"] = self.refund_id.wrapping_mul(100).wrapping_add(index as u64).into();
        body["line_item_id"] = line.line_id.into();
        body["quantity"] = line.quantity.into();
        amount::state_bare(&mut body, "subtotal", self.currency, line.subtotal_minor);
        amount::state_bare(&mut body, "total_tax", self.currency, line.tax_minor);
        let described = &mut body["line_item"];
        described["id"] = line.line_id.into();
        described["gift_card"] = line.gift_card.into();
        described["quantity"] = line.quantity.into();
        let price = line.subtotal_minor / i64::from(line.quantity.max(1));
        amount::state(described, "price", self.currency, price);
        amount::state(described, "total_discount", self.currency, 0);
        described["discount_allocations"] = json!([]);
        described["tax_lines"] = json!([]);
        body
    }

    fn shipping_lines(&self) -> Value {
        if self.shipping_minor == 0 {
            return json!([]);
        }
        let mut body = TEMPLATE["refund_shipping_lines"][0].clone();
        body["subtotal_amount_set"] = amount::set(self.currency, self.shipping_minor);
        amount::state(&mut body["shipping_line"], "price", self.currency, self.shipping_minor);
        amount::state(&mut body["shipping_line"], "discounted_price", self.currency, self.shipping_minor);
        json!([body])
    }

    fn adjustments(&self) -> Value {
        if self.discrepancy_minor == 0 {
            return json!([]);
        }
        let mut adjustment = json!({
            "id": self.refund_id.wrapping_add(2),
            "order_id": self.order_id,
            "refund_id": self.refund_id,
            "kind": "refund_discrepancy",
            "reason": "Refund discrepancy",
        });
        amount::state(&mut adjustment, "amount", self.currency, self.discrepancy_minor);
        amount::state(&mut adjustment, "tax_amount", self.currency, 0);
        json!([adjustment])
    }

    fn transaction(&self, paid_minor: i64) -> Value {
        let mut body = TEMPLATE["transactions"][0].clone();
        body["order_id"] = self.order_id.into();
        body["amount"] = amount::text(self.currency, paid_minor).into();
        body["currency"] = self.currency.as_str().into();
        body["created_at"] = self.at.to_rfc3339().into();
        body["processed_at"] = self.at.to_rfc3339().into();
        body
    }
}
