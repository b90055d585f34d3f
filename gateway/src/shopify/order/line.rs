//! One line of an order; refunds carry a copy of the line they give back.

use aggregates::{
    money::Currency,
    order::{Item, OrderLine},
};
use serde::Deserialize;

use crate::shopify::{
    list::{List, add},
    money::{Counted, MoneySet, shop_currency},
    scalar::Scalar,
    unfit::{Required, UnfitField, Within},
};

#[derive(Deserialize, Default)]
#[serde(default)]
pub(in crate::shopify) struct LineShape<'a> {
    #[serde(borrow)]
    id: Scalar<'a>,
    product_id: Scalar<'a>,
    variant_id: Scalar<'a>,
    sku: Scalar<'a>,
    vendor: Scalar<'a>,
    gift_card: Scalar<'a>,
    quantity: Scalar<'a>,
    price: Scalar<'a>,
    price_set: Option<MoneySet<'a>>,
    total_discount: Scalar<'a>,
    total_discount_set: Option<MoneySet<'a>>,
    discount_allocations: List<AllocationShape<'a>>,
    tax_lines: List<TaxLineShape<'a>>,
}

/// The share of a discount that falls on this line.
#[derive(Deserialize, Default)]
#[serde(default)]
struct AllocationShape<'a> {
    #[serde(borrow)]
    amount: Scalar<'a>,
    amount_set: Option<MoneySet<'a>>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct TaxLineShape<'a> {
    #[serde(borrow)]
    price: Scalar<'a>,
    price_set: Option<MoneySet<'a>>,
}

impl LineShape<'_> {
    pub fn id(&self) -> Result<Option<String>, UnfitField> {
        self.id.id().at("id")
    }

    pub fn item(&self) -> Result<Item, UnfitField> {
        Ok(Item {
            product_id: self.product_id.id().at("product_id")?,
            variant_id: self.variant_id.id().at("variant_id")?,
            sku: self.sku.owned_text().at("sku")?,
            vendor: self.vendor.owned_text().at("vendor")?,
            gift_card: self.gift_card.flag().at("gift_card")?,
        })
    }

    /// The shop's currency, where the price tells it.
    pub fn shop_currency(&self) -> Result<Option<Currency>, UnfitField> {
        shop_currency(&self.price_set).at("price_set")
    }

    /// The line, known by its `place` in the order where it has no id. One without a price has no worth of its own: what
    /// the order comes to is the order's own statement.
    pub fn line(&self, place: usize, counted: Counted) -> Result<OrderLine, UnfitField> {
        let quantity = self.quantity.count().required().at("quantity")?;
        let net_minor = match self.gross_minor(quantity, counted)? {
            Some(gross) => add(gross, -self.discounts_minor(counted)?).at("price")?,
            None => 0,
        };
        Ok(OrderLine {
            line_id: self.id()?.unwrap_or_else(|| format!("#{place}")),
            item: self.item()?,
            quantity,
            net_minor,
            tax_minor: self
                .tax_lines
                .sum("tax_lines", |tax| counted.required_minor("price", &tax.price_set, tax.price))?,
        })
    }

    /// The price of so many pieces before discounts, where the line tells a price.
    pub fn gross_minor(&self, quantity: u32, counted: Counted) -> Result<Option<i64>, UnfitField> {
        let price = counted.minor("price", &self.price_set, self.price)?;
        price.map(|price| add(0, price.saturating_mul(i64::from(quantity)))).transpose().at("price")
    }

    /// The allocations hold every discount; `total_discount` leaves out those given to the order as a whole.
    fn discounts_minor(&self, counted: Counted) -> Result<i64, UnfitField> {
        if self.discount_allocations.is_empty() {
            let total = counted.minor("total_discount", &self.total_discount_set, self.total_discount)?;
            return Ok(total.unwrap_or(0));
        }
        self.discount_allocations
            .sum("discount_allocations", |share| counted.required_minor("amount", &share.amount_set, share.amount))
    }
}
