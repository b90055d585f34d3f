//! `refunds/create`, and the refunds inside an order: one shape, read by one piece of code, so that a refund says the
//! same whichever way it comes.

mod settlement;

use aggregates::{
    money::Currency,
    order::{Refund, RefundLine},
    time::Timestamp,
};
use serde::Deserialize;

use self::settlement::{AdjustmentShape, RefundShippingShape, Settlement, TransactionShape};
use super::{
    fact::Fact,
    list::{List, add},
    money::{Counted, MoneySet, shop_currency},
    order::LineShape,
    scalar::Scalar,
    unfit::{Problem, Required, UnfitField, Within},
};

#[derive(Deserialize, Default)]
#[serde(default)]
pub(super) struct RefundShape<'a> {
    #[serde(borrow)]
    id: Scalar<'a>,
    order_id: Scalar<'a>,
    created_at: Scalar<'a>,
    processed_at: Scalar<'a>,
    updated_at: Scalar<'a>,
    refund_line_items: List<RefundLineShape<'a>>,
    refund_shipping_lines: List<RefundShippingShape<'a>>,
    order_adjustments: List<AdjustmentShape<'a>>,
    transactions: List<TransactionShape<'a>>,
    total_duties_set: Option<MoneySet<'a>>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct RefundLineShape<'a> {
    #[serde(borrow)]
    line_item_id: Scalar<'a>,
    quantity: Scalar<'a>,
    subtotal: Scalar<'a>,
    subtotal_set: Option<MoneySet<'a>>,
    total_tax: Scalar<'a>,
    total_tax_set: Option<MoneySet<'a>>,
    line_item: Option<LineShape<'a>>,
}

pub(super) fn read(shape: &RefundShape<'_>, received_at: Timestamp) -> Result<Fact, UnfitField> {
    let order_id = shape.order_id.id().required().at("order_id")?;
    let counted = Counted(shape.shop_currency()?);
    Ok(Fact::Refund { order_id, refund: shape.refund(counted, received_at)? })
}

impl RefundShape<'_> {
    /// The refund, with amounts as `counted`. `made_by` is when it was there at the latest, and its time where it does
    /// not tell one.
    pub fn refund(&self, counted: Counted, made_by: Timestamp) -> Result<Refund, UnfitField> {
        let created_at = self.created_at.time().at("created_at")?;
        let updated_at = self.updated_at.time().at("updated_at")?;
        let at = self.processed_at.time().at("processed_at")?.or(created_at).or(updated_at).unwrap_or(made_by);
        let (mut goods, mut tax) = (0, 0);
        let lines = self.refund_line_items.each("refund_line_items", |shape| {
            let line = shape.line(counted)?;
            goods = add(goods, line.subtotal_minor.abs()).at("subtotal")?;
            tax = add(tax, line.tax_minor.abs()).at("total_tax")?;
            Ok(line)
        })?;
        let settlement = Settlement {
            shipping_lines: &self.refund_shipping_lines,
            adjustments: &self.order_adjustments,
            transactions: &self.transactions,
        };
        let shipping_minor = settlement.shipping_minor(counted)?;
        let paid_minor = settlement.paid_minor(counted, &lines, shipping_minor)?;
        Ok(Refund {
            refund_id: self.id.id().required().at("id")?,
            currency: counted.0,
            at,
            lines,
            shipping_minor,
            paid_minor,
        })
    }

    /// A refund does not name the shop's currency; any set in it does. Without one, the money went back in a currency
    /// that a transaction names, and in a shop old enough to send no sets that is the shop's own. `None` where nothing
    /// names a currency.
    fn shop_currency(&self) -> Result<Option<Currency>, UnfitField> {
        if let Some(currency) = shop_currency(&self.total_duties_set).at("total_duties_set")? {
            return Ok(Some(currency));
        }
        let of_lines = self.refund_line_items.each("refund_line_items", RefundLineShape::shop_currency)?;
        let of_shipping =
            self.refund_shipping_lines.each("refund_shipping_lines", RefundShippingShape::shop_currency)?;
        let of_adjustments = self.order_adjustments.each("order_adjustments", AdjustmentShape::shop_currency)?;
        let of_sets = self.transactions.each("transactions", TransactionShape::shop_currency)?;
        let own = self.transactions.each("transactions", TransactionShape::own_currency)?;
        Ok([of_lines, of_shipping, of_adjustments, of_sets, own].into_iter().flatten().flatten().next())
    }
}

impl RefundLineShape<'_> {
    fn line(&self, counted: Counted) -> Result<RefundLine, UnfitField> {
        let described = self.line_item.as_ref();
        let quantity = self.quantity.count().at("quantity")?.unwrap_or(1);
        let line_id = match self.line_item_id.id().at("line_item_id")? {
            Some(line_id) => Some(line_id),
            None => described.map_or(Ok(None), LineShape::id).at("line_item")?,
        };
        Ok(RefundLine {
            line_id: line_id.ok_or(Problem::Missing).at("line_item_id")?,
            item: described.map(LineShape::item).transpose().at("line_item")?,
            quantity,
            subtotal_minor: self.subtotal_minor(quantity, counted)?,
            tax_minor: counted.minor("total_tax", &self.total_tax_set, self.total_tax)?.unwrap_or(0),
        })
    }

    /// What the pieces were sold for; their full price where the refund itself does not say.
    fn subtotal_minor(&self, quantity: u32, counted: Counted) -> Result<i64, UnfitField> {
        if let Some(subtotal) = counted.minor("subtotal", &self.subtotal_set, self.subtotal)? {
            return Ok(subtotal);
        }
        let gross = self.line_item.as_ref().map_or(Ok(None), |line| line.gross_minor(quantity, counted));
        Ok(gross.at("line_item")?.unwrap_or(0))
    }

    fn shop_currency(&self) -> Result<Option<Currency>, UnfitField> {
        if let Some(currency) = shop_currency(&self.subtotal_set).at("subtotal_set")? {
            return Ok(Some(currency));
        }
        if let Some(currency) = shop_currency(&self.total_tax_set).at("total_tax_set")? {
            return Ok(Some(currency));
        }
        self.line_item.as_ref().map_or(Ok(None), LineShape::shop_currency).at("line_item")
    }
}
