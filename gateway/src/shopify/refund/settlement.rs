//! What of a refund went back as money, and what of it was shipping. Three lists tell it, none of them alone: the
//! shipping lines, the adjustments between what was calculated and what was paid, and the transactions.

use aggregates::{money::Currency, order::RefundLine};
use serde::Deserialize;

use crate::shopify::{
    list::{List, add},
    money::{Counted, MoneySet, parse_currency, shop_currency},
    scalar::Scalar,
    unfit::{Problem, UnfitField, Within},
};

#[derive(Deserialize, Default)]
#[serde(default)]
pub(super) struct RefundShippingShape<'a> {
    #[serde(borrow)]
    subtotal_amount_set: Option<MoneySet<'a>>,
    tax_amount_set: Option<MoneySet<'a>>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
pub(super) struct AdjustmentShape<'a> {
    #[serde(borrow)]
    kind: Scalar<'a>,
    amount: Scalar<'a>,
    amount_set: Option<MoneySet<'a>>,
    tax_amount: Scalar<'a>,
    tax_amount_set: Option<MoneySet<'a>>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
pub(super) struct TransactionShape<'a> {
    #[serde(borrow)]
    kind: Scalar<'a>,
    status: Scalar<'a>,
    amount: Scalar<'a>,
    amount_set: Option<MoneySet<'a>>,
    currency: Scalar<'a>,
}

pub(super) struct Settlement<'r, 'a> {
    pub shipping_lines: &'r List<RefundShippingShape<'a>>,
    pub adjustments: &'r List<AdjustmentShape<'a>>,
    pub transactions: &'r List<TransactionShape<'a>>,
}

impl<'a> Settlement<'_, 'a> {
    /// Shipping given back, with its tax. Newer bodies state it in lines of its own and may repeat it among the
    /// adjustments, older ones only there; the tax may stand in either place.
    pub fn shipping_minor(&self, counted: Counted) -> Result<i64, UnfitField> {
        let name = "refund_shipping_lines";
        let subtotal = if self.shipping_lines.is_empty() {
            self.adjusted_shipping(counted, AdjustmentShape::minor)?
        } else {
            self.shipping_lines.sum(name, |line| line.minor(counted))?
        };
        let tax = match self.shipping_lines.sum(name, |line| line.tax_minor(counted))? {
            0 => self.adjusted_shipping(counted, AdjustmentShape::tax_minor)?,
            tax => tax,
        };
        add(subtotal, tax).at(name)
    }

    fn adjusted_shipping(
        &self,
        counted: Counted,
        amount: fn(&AdjustmentShape<'a>, Counted) -> Result<i64, UnfitField>,
    ) -> Result<i64, UnfitField> {
        self.adjustments.sum("order_adjustments", |adjustment| {
            if adjustment.is_shipping()? { Ok(amount(adjustment, counted)?.abs()) } else { Ok(0) }
        })
    }

    /// Money paid back by transactions that succeeded. `None` when some of it is known only in another currency and
    /// the adjustments do not tell either.
    pub fn paid_minor(
        &self,
        counted: Counted,
        lines: &[RefundLine],
        shipping_minor: i64,
    ) -> Result<Option<i64>, UnfitField> {
        let paid = self.transactions.each("transactions", |transaction| transaction.paid_minor(counted))?;
        let known: Option<Vec<i64>> = paid.into_iter().collect();
        match known {
            Some(amounts) => amounts.into_iter().try_fold(0, add).map(Some).at("transactions"),
            None => self.calculated_minor(counted, lines, shipping_minor),
        }
    }

    /// What must have been paid: goods and shipping, corrected by the discrepancy. A discrepancy is negative when more
    /// went back than was calculated, such as an amount typed in by hand, and positive when less did.
    fn calculated_minor(
        &self,
        counted: Counted,
        lines: &[RefundLine],
        shipping_minor: i64,
    ) -> Result<Option<i64>, UnfitField> {
        let discrepancies = self.adjustments.each("order_adjustments", |adjustment| {
            let is_told =
                adjustment.amount_set.as_ref().is_some_and(MoneySet::is_stated) && !adjustment.is_shipping()?;
            if is_told { adjustment.minor(counted).map(Some) } else { Ok(None) }
        })?;
        let discrepancies: Vec<i64> = discrepancies.into_iter().flatten().collect();
        if discrepancies.is_empty() {
            return Ok(None);
        }
        let goods = lines.iter().map(|line| line.subtotal_minor);
        let given = goods.chain([shipping_minor]).chain(discrepancies.iter().map(|minor| -minor));
        let paid = given.into_iter().try_fold(0, add).at("order_adjustments")?;
        Ok(Some(paid.max(0)))
    }
}

impl RefundShippingShape<'_> {
    fn minor(&self, counted: Counted) -> Result<i64, UnfitField> {
        counted.required_minor("subtotal_amount", &self.subtotal_amount_set, Scalar::default())
    }

    fn tax_minor(&self, counted: Counted) -> Result<i64, UnfitField> {
        Ok(counted.minor("tax_amount", &self.tax_amount_set, Scalar::default())?.unwrap_or(0))
    }

    pub fn shop_currency(&self) -> Result<Option<Currency>, UnfitField> {
        match shop_currency(&self.subtotal_amount_set).at("subtotal_amount_set")? {
            Some(currency) => Ok(Some(currency)),
            None => shop_currency(&self.tax_amount_set).at("tax_amount_set"),
        }
    }
}

impl AdjustmentShape<'_> {
    /// Shopify no longer promises `kind`; an adjustment without one is not shipping, which then has lines of its own.
    fn is_shipping(&self) -> Result<bool, UnfitField> {
        Ok(self.kind.text().at("kind")?.is_some_and(|kind| kind == "shipping_refund"))
    }

    fn minor(&self, counted: Counted) -> Result<i64, UnfitField> {
        Ok(counted.minor("amount", &self.amount_set, self.amount)?.unwrap_or(0))
    }

    fn tax_minor(&self, counted: Counted) -> Result<i64, UnfitField> {
        Ok(counted.minor("tax_amount", &self.tax_amount_set, self.tax_amount)?.unwrap_or(0))
    }

    pub fn shop_currency(&self) -> Result<Option<Currency>, UnfitField> {
        match shop_currency(&self.amount_set).at("amount_set")? {
            Some(currency) => Ok(Some(currency)),
            None => shop_currency(&self.tax_amount_set).at("tax_amount_set"),
        }
    }
}

impl TransactionShape<'_> {
    /// What this transaction paid back: nothing unless it is a refund that succeeded, `None` if only another currency
    /// tells how much.
    fn paid_minor(&self, counted: Counted) -> Result<Option<i64>, UnfitField> {
        let is = |field: Scalar<'_>, word: &str| -> Result<bool, Problem> {
            Ok(field.text()?.is_some_and(|text| text.eq_ignore_ascii_case(word)))
        };
        if !is(self.kind, "refund").at("kind")? || !is(self.status, "success").at("status")? {
            return Ok(Some(0));
        }
        if self.amount_set.as_ref().is_some_and(MoneySet::is_stated) {
            return counted.required_minor("amount", &self.amount_set, self.amount).map(Some);
        }
        match (self.own_currency()?, counted.0) {
            (Some(own), Some(shop)) if own != shop => Ok(None),
            _ => counted.required_minor("amount", &None, self.amount).map(Some),
        }
    }

    pub fn shop_currency(&self) -> Result<Option<Currency>, UnfitField> {
        shop_currency(&self.amount_set).at("amount_set")
    }

    pub fn own_currency(&self) -> Result<Option<Currency>, UnfitField> {
        parse_currency(self.currency).at("currency")
    }
}
