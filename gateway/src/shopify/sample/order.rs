//! Samples of orders, for every topic that sends one.

use std::sync::LazyLock;

use aggregates::{money::Currency, time::Timestamp};
use serde_json::{Value, json};

use super::{CustomerSample, RefundSample, RefundedLineSample, amount};

static TEMPLATE: LazyLock<Value> = LazyLock::new(|| {
    serde_json::from_str(include_str!("../fixtures/orders_create.json")).expect("the committed body is JSON")
});

/// 2026-11-22T16:00:00Z, when every sample happens unless it says otherwise.
pub(super) const EXAMPLE_TIME: Timestamp = Timestamp(1_795_363_200 * Timestamp::MICROS_PER_SECOND);
/// The rate on every line but gift cards, and on shipping.
const TAX_PERCENT: i64 = 19;

/// An order. All amounts in minor units of its currency.
#[derive(Debug, Clone)]
pub struct OrderSample {
    pub order_id: u64,
    /// The number printed for people, such as `#1071`.
    pub name: String,
    /// Nobody for a guest.
    pub customer_id: Option<u64>,
    pub email: Option<String>,
    pub phone: Option<String>,
    pub first_name: String,
    pub last_name: String,
    /// Price of one piece, and how many.
    pub lines: Vec<(i64, u32)>,
    /// The same for gift cards, which stand after the other lines.
    pub gift_cards: Vec<(i64, u32)>,
    /// Taken off the lines from the first on; gift cards are never discounted.
    pub discount_minor: i64,
    pub discount_codes: Vec<String>,
    pub shipping_minor: i64,
    pub currency: Currency,
    pub taxes_included: bool,
    pub processed_at: Timestamp,
    pub updated_at: Timestamp,
    pub cancelled_at: Option<Timestamp>,
    /// `paid`, `pending`, `voided`, `refunded`, …
    pub financial_status: String,
    pub test: bool,
    pub refunds: Vec<RefundSample>,
    /// Attributes of the cart, such as the code of a referral link.
    pub note_attributes: Vec<(String, String)>,
    /// Where the customer came in, such as `/?ref=…`.
    pub landing_site: Option<String>,
    /// Other than everybody's.
    pub browser_ip: Option<String>,
    /// Street of both addresses, other than everybody's.
    pub street: Option<String>,
}

/// A line while its amounts are being worked out.
struct Line {
    id: u64,
    price_minor: i64,
    quantity: u32,
    discount_minor: i64,
    gift_card: bool,
}

impl Line {
    fn net_minor(&self) -> i64 {
        self.price_minor * i64::from(self.quantity) - self.discount_minor
    }
}

impl OrderSample {
    /// One piece at 50.00 EUR, paid by a customer of its own.
    pub fn new(order_id: u64) -> Self {
        OrderSample {
            order_id,
            name: format!("#{order_id}"),
            customer_id: Some(order_id.wrapping_add(7_000_000_000_000)),
            email: Some(format!("order-{order_id}@example.com")),
            phone: None,
            first_name: "Ida".to_owned(),
            last_name: "Probst".to_owned(),
            lines: vec![(5_000, 1)],
            gift_cards: Vec::new(),
            discount_minor: 0,
            discount_codes: Vec::new(),
            shipping_minor: 0,
            currency: Currency::parse("EUR").expect("three capital letters"),
            taxes_included: true,
            processed_at: EXAMPLE_TIME,
            updated_at: EXAMPLE_TIME,
            cancelled_at: None,
            financial_status: "paid".to_owned(),
            test: false,
            refunds: Vec::new(),
            note_attributes: Vec::new(),
            landing_site: None,
            browser_ip: None,
            street: None,
        }
    }

    /// The id of a line by its place, gift cards counted on after the others.
    pub fn line_id(&self, index: usize) -> u64 {
        self.order_id.wrapping_mul(1_000).wrapping_add(index as u64 + 1)
    }

    /// All lines after their discounts, before shipping.
    pub fn subtotal_minor(&self) -> i64 {
        self.priced().iter().map(Line::net_minor).sum()
    }

    /// What the customer pays.
    pub fn total_minor(&self) -> i64 {
        let added_tax = if self.taxes_included { 0 } else { self.tax_minor() };
        self.subtotal_minor() + self.shipping_minor + added_tax
    }

    /// Pieces that came back, `(place of the line, how many)`, with their money.
    pub fn refund_of(&self, refund_id: u64, at: Timestamp, pieces: &[(usize, u32)]) -> RefundSample {
        let priced = self.priced();
        let lines: Vec<RefundedLineSample> = pieces
            .iter()
            .filter_map(|&(index, quantity)| {
                let line = priced.get(index)?;
                let subtotal_minor = line.net_minor() * i64::from(quantity) / i64::from(line.quantity.max(1));
                let tax_minor = self.tax_on(line, subtotal_minor);
                Some(RefundedLineSample {
                    line_id: line.id,
                    gift_card: line.gift_card,
                    quantity,
                    subtotal_minor,
                    tax_minor,
                })
            })
            .collect();
        let added_tax = |line: &RefundedLineSample| if self.taxes_included { 0 } else { line.tax_minor };
        let paid = lines.iter().map(|line| line.subtotal_minor + added_tax(line)).sum();
        RefundSample { lines, ..self.refund_of_amount(refund_id, at, paid, 0) }
    }

    /// An amount typed in by hand: no lines, only money.
    pub fn manual_refund(&self, refund_id: u64, at: Timestamp, amount_minor: i64) -> RefundSample {
        self.refund_of_amount(refund_id, at, amount_minor, -amount_minor)
    }

    /// Everything back, shipping included.
    pub fn full_refund(&self, refund_id: u64, at: Timestamp) -> RefundSample {
        let all: Vec<(usize, u32)> = self.priced().iter().map(|line| line.quantity).enumerate().collect();
        RefundSample {
            shipping_minor: self.shipping_minor,
            paid_minor: Some(self.total_minor()),
            ..self.refund_of(refund_id, at, &all)
        }
    }

    fn refund_of_amount(&self, refund_id: u64, at: Timestamp, paid: i64, discrepancy_minor: i64) -> RefundSample {
        RefundSample {
            refund_id,
            order_id: self.order_id,
            currency: self.currency,
            at,
            lines: Vec::new(),
            shipping_minor: 0,
            paid_minor: Some(paid),
            discrepancy_minor,
        }
    }

    fn priced(&self) -> Vec<Line> {
        let goods = self.lines.iter().map(|line| (line, false));
        let cards = self.gift_cards.iter().map(|line| (line, true));
        let mut discount_left = self.discount_minor;
        goods
            .chain(cards)
            .enumerate()
            .map(|(index, (&(price_minor, quantity), gift_card))| {
                let gross = price_minor * i64::from(quantity);
                let discount_minor = if gift_card { 0 } else { discount_left.clamp(0, gross) };
                discount_left -= discount_minor;
                Line { id: self.line_id(index), price_minor, quantity, discount_minor, gift_card }
            })
            .collect()
    }

    /// Tax within or on top of an amount, rounded half up.
    fn tax_of(&self, minor: i64) -> i64 {
        let whole = if self.taxes_included { 100 + TAX_PERCENT } else { 100 };
        (2 * minor * TAX_PERCENT + whole) / (2 * whole)
    }

    fn tax_on(&self, line: &Line, minor: i64) -> i64 {
        if line.gift_card { 0 } else { self.tax_of(minor) }
    }

    fn tax_minor(&self) -> i64 {
        let lines: i64 = self.priced().iter().map(|line| self.tax_on(line, line.net_minor())).sum();
        lines + self.tax_of(self.shipping_minor)
    }

    /// The body of `orders/create` and its kin; above 10 KB, like real ones.
    pub fn body(&self) -> String {
        let mut body = TEMPLATE.clone();
        body["id"] = self.order_id.into();
        body["admin_graphql_api_id"] = format!("gid://shopify/Order/{}", self.order_id).into();
        body["name"] = self.name.clone().into();
        body["created_at"] = self.processed_at.to_rfc3339().into();
        body["processed_at"] = self.processed_at.to_rfc3339().into();
        body["updated_at"] = self.updated_at.to_rfc3339().into();
        body["cancelled_at"] = self.cancelled_at.map(Timestamp::to_rfc3339).into();
        body["cancel_reason"] = self.cancelled_at.map(|_| "customer").into();
        body["financial_status"] = self.financial_status.clone().into();
        body["test"] = self.test.into();
        body["refunds"] = self.refunds.iter().map(RefundSample::value).collect();
        self.state_people(&mut body);
        self.state_lines(&mut body);
        self.state_totals(&mut body);
        body.to_string()
    }

    fn state_people(&self, body: &mut Value) {
        let customer = self.customer_id.map(|customer_id| CustomerSample {
            customer_id,
            email: self.email.clone(),
            phone: self.phone.clone(),
            first_name: self.first_name.clone(),
            last_name: self.last_name.clone(),
            updated_at: self.updated_at,
        });
        body["customer"] = customer.map_or(Value::Null, |customer| customer.value());
        body["email"] = self.email.clone().into();
        body["contact_email"] = self.email.clone().into();
        body["phone"] = self.phone.clone().into();
        for address in ["billing_address", "shipping_address"] {
            readdress(&mut body[address], &self.first_name, &self.last_name, &self.phone);
            if let Some(street) = &self.street {
                body[address]["address1"] = street.as_str().into();
            }
        }
        let attribute = |(name, value): &(String, String)| json!({ "name": name, "value": value });
        body["note_attributes"] = self.note_attributes.iter().map(attribute).collect();
        if let Some(landing_site) = &self.landing_site {
            body["landing_site"] = landing_site.as_str().into();
        }
        if let Some(browser_ip) = &self.browser_ip {
            body["browser_ip"] = browser_ip.as_str().into();
        }
    }

    fn state_lines(&self, body: &mut Value) {
        body["line_items"] = self.priced().iter().map(|line| self.line(line)).collect();
        let discount = amount::text(self.currency, self.discount_minor);
        let code = |code: &String| json!({ "code": code, "amount": discount, "type": "fixed_amount" });
        body["discount_codes"] = self.discount_codes.iter().map(code).collect();
        let application = |code: &String| {
            let mut application = TEMPLATE["discount_applications"][0].clone();
            application["code"] = code.as_str().into();
            application["value"] = discount.as_str().into();
            application
        };
        body["discount_applications"] = self.discount_codes.iter().map(application).collect();
        body["shipping_lines"] = if self.shipping_minor == 0 {
            json!([])
        } else {
            let mut shipping = TEMPLATE["shipping_lines"][0].clone();
            amount::state(&mut shipping, "price", self.currency, self.shipping_minor);
            amount::state(&mut shipping, "discounted_price", self.currency, self.shipping_minor);
            shipping["current_discounted_price_set"] = amount::set(self.currency, self.shipping_minor);
            shipping["tax_lines"] = self.tax_lines(self.tax_of(self.shipping_minor));
            json!([shipping])
        };
    }

    fn line(&self, line: &Line) -> Value {
        let mut body = TEMPLATE["line_items"][0].clone();
        body["id"] = line.id.into();
        body["admin_graphql_api_id"] = format!("gid://shopify/LineItem/{}", line.id).into();
        body["quantity"] = line.quantity.into();
        body["current_quantity"] = line.quantity.into();
        body["fulfillable_quantity"] = line.quantity.into();
        body["gift_card"] = line.gift_card.into();
        amount::state(&mut body, "price", self.currency, line.price_minor);
        amount::state(&mut body, "total_discount", self.currency, 0);
        body["tax_lines"] = if line.gift_card { json!([]) } else { self.tax_lines(self.tax_of(line.net_minor())) };
        body["discount_allocations"] = if line.discount_minor == 0 {
            json!([])
        } else {
            let mut share = json!({ "discount_application_index": 0 });
            amount::state(&mut share, "amount", self.currency, line.discount_minor);
            json!([share])
        };
        body
    }

    fn tax_lines(&self, minor: i64) -> Value {
        let mut tax = TEMPLATE["line_items"][0]["tax_lines"][0].clone();
        amount::state(&mut tax, "price", self.currency, minor);
        json!([tax])
    }

    fn state_totals(&self, body: &mut Value) {
        let gross = self.priced().iter().map(|line| line.net_minor() + line.discount_minor).sum();
        let discount = self.priced().iter().map(|line| line.discount_minor).sum();
        let totals = [
            ("subtotal_price", self.subtotal_minor()),
            ("total_price", self.total_minor()),
            ("total_tax", self.tax_minor()),
            ("total_discounts", discount),
            ("total_line_items_price", gross),
        ];
        for (field, minor) in totals {
            amount::state(body, field, self.currency, minor);
            if field != "total_line_items_price" {
                amount::state(body, &format!("current_{field}"), self.currency, minor);
            }
        }
        body["currency"] = self.currency.as_str().into();
        body["presentment_currency"] = self.currency.as_str().into();
        body["taxes_included"] = self.taxes_included.into();
        body["tax_lines"] = self.tax_lines(self.tax_minor());
        body["total_shipping_price_set"] = amount::set(self.currency, self.shipping_minor);
        for rounding in ["payment", "refund"] {
            body[format!("total_cash_rounding_{rounding}_adjustment_set")] = amount::set(self.currency, 0);
        }
    }
}

/// Puts a person's name and phone on an address of the template.
pub(super) fn readdress(address: &mut Value, first_name: &str, last_name: &str, phone: &Option<String>) {
    address["first_name"] = first_name.into();
    address["last_name"] = last_name.into();
    address["name"] = format!("{first_name} {last_name}").into();
    address["phone"] = phone.clone().into();
}
