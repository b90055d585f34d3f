//! `orders/create`, `paid`, `updated`, `cancelled` and `fulfilled`: one shape, always the whole order as it now stands.

mod clues;
mod line;

use aggregates::{
    money::Currency,
    order::{OrderBody, OrderLine},
    time::Timestamp,
};
use serde::Deserialize;

pub use self::clues::CODE_PARAMETER;
pub(super) use self::line::LineShape;
use super::{
    customer::CustomerShape,
    fact::{Fact, SeenCustomer},
    list::{List, add},
    money::{Counted, MoneySet, parse_currency, shop_currency},
    refund::RefundShape,
    scalar::Scalar,
    unfit::{Problem, Required, UnfitField, Within},
};

/// Refunds of one order. With amounts of at most `MINOR_UNITS_MAX` each, their sum cannot overflow.
const REFUNDS_MAX: usize = 1_000;

#[derive(Deserialize, Default)]
#[serde(default)]
pub(super) struct OrderShape<'a> {
    #[serde(borrow)]
    id: Scalar<'a>,
    name: Scalar<'a>,
    created_at: Scalar<'a>,
    processed_at: Scalar<'a>,
    updated_at: Scalar<'a>,
    cancelled_at: Scalar<'a>,
    financial_status: Scalar<'a>,
    test: Scalar<'a>,
    taxes_included: Scalar<'a>,
    currency: Scalar<'a>,
    subtotal_price: Scalar<'a>,
    subtotal_price_set: Option<MoneySet<'a>>,
    total_shipping_price_set: Option<MoneySet<'a>>,
    shipping_lines: List<ShippingLineShape<'a>>,
    line_items: List<LineShape<'a>>,
    discount_codes: List<DiscountCodeShape<'a>>,
    refunds: List<RefundShape<'a>>,
    email: Scalar<'a>,
    contact_email: Scalar<'a>,
    customer_locale: Scalar<'a>,
    customer: Option<CustomerShape<'a>>,
    note_attributes: Scalar<'a>,
    landing_site: Scalar<'a>,
    browser_ip: Scalar<'a>,
    shipping_address: Scalar<'a>,
    billing_address: Scalar<'a>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct ShippingLineShape<'a> {
    #[serde(borrow)]
    price: Scalar<'a>,
    price_set: Option<MoneySet<'a>>,
    discounted_price: Scalar<'a>,
    discounted_price_set: Option<MoneySet<'a>>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct DiscountCodeShape<'a> {
    #[serde(borrow)]
    code: Scalar<'a>,
}

pub(super) fn read(shape: &OrderShape<'_>, received_at: Timestamp) -> Result<Fact, UnfitField> {
    Ok(Fact::Order { body: shape.body(received_at)?, customer: shape.customer()?, clues: shape.clues() })
}

impl OrderShape<'_> {
    fn body(&self, received_at: Timestamp) -> Result<OrderBody, UnfitField> {
        let order_id = self.id.id().required().at("id")?;
        let currency = self.currency()?;
        let counted = Counted(Some(currency));
        let created_at = self.created_at.time().at("created_at")?;
        let updated_at = self.updated_at.time().at("updated_at")?;
        let processed_at = self.processed_at.time().at("processed_at")?.or(created_at).or(updated_at);
        let processed_at = processed_at.unwrap_or(received_at);
        let refunded_by = updated_at.unwrap_or(received_at);
        self.refunds.at_most(REFUNDS_MAX).at("refunds")?;
        Ok(OrderBody {
            order_id,
            name: self.name.owned_text().at("name")?.unwrap_or_default(),
            currency,
            processed_at,
            updated_at: updated_at.or(created_at).unwrap_or(processed_at),
            cancelled_at: self.cancelled_at.time().at("cancelled_at")?,
            voided: self.is_voided().at("financial_status")?,
            test: self.test.flag().at("test")?,
            taxes_included: self.taxes_included.flag().at("taxes_included")?,
            subtotal_minor: counted.required_minor("subtotal_price", &self.subtotal_price_set, self.subtotal_price)?,
            shipping_minor: self.shipping_minor(counted)?,
            lines: self.lines(counted)?,
            discount_codes: self.codes()?,
            refunds: self.refunds.each("refunds", |refund| refund.refund(counted, refunded_by))?,
        })
    }

    fn currency(&self) -> Result<Currency, UnfitField> {
        match shop_currency(&self.subtotal_price_set).at("subtotal_price_set")? {
            Some(currency) => Ok(currency),
            None => parse_currency(self.currency).required().at("currency"),
        }
    }

    fn is_voided(&self) -> Result<bool, Problem> {
        Ok(self.financial_status.text()?.is_some_and(|status| status.eq_ignore_ascii_case("voided")))
    }

    fn shipping_minor(&self, counted: Counted) -> Result<i64, UnfitField> {
        let total = counted.minor("total_shipping_price", &self.total_shipping_price_set, Scalar::default())?;
        match total {
            Some(total) => Ok(total),
            None => self.shipping_lines.sum("shipping_lines", |line| line.discounted_minor(counted)),
        }
    }

    /// The lines, with totals that later sums over them can rely on.
    fn lines(&self, counted: Counted) -> Result<Vec<OrderLine>, UnfitField> {
        let (mut place, mut net, mut tax) = (0, 0, 0);
        self.line_items.each("line_items", |shape| {
            let line = shape.line(place, counted)?;
            place += 1;
            net = add(net, line.net_minor.abs()).at("price")?;
            tax = add(tax, line.tax_minor.abs()).at("tax_lines")?;
            Ok(line)
        })
    }

    /// Codes in capitals: the shop accepts them in any case, so nothing may depend on how the shopper typed them.
    fn codes(&self) -> Result<Vec<String>, UnfitField> {
        let codes = self.discount_codes.each("discount_codes", |discount| discount.code.text().at("code"))?;
        Ok(codes.into_iter().flatten().map(|code| code.to_uppercase()).collect())
    }

    fn customer(&self) -> Result<Option<SeenCustomer>, UnfitField> {
        let Some(shape) = &self.customer else { return Ok(None) };
        let Some(mut seen) = shape.seen().at("customer")? else { return Ok(None) };
        if seen.profile.email.is_none() {
            let email = match self.email.text().at("email")? {
                Some(email) => Some(email),
                None => self.contact_email.text().at("contact_email")?,
            };
            seen.profile.email = email.map(|email| email.to_lowercase());
        }
        if let Some(locale) = self.customer_locale.owned_text().at("customer_locale")? {
            seen.profile.locale = Some(locale);
        }
        Ok(Some(seen))
    }
}

impl ShippingLineShape<'_> {
    fn discounted_minor(&self, counted: Counted) -> Result<i64, UnfitField> {
        let discounted = counted.minor("discounted_price", &self.discounted_price_set, self.discounted_price)?;
        match discounted {
            Some(discounted) => Ok(discounted),
            None => counted.required_minor("price", &self.price_set, self.price),
        }
    }
}
