//! An order as the shop stated it. Facts arrive in any order and any number of times; what follows from them is a
//! function of the set of facts, never of their arrival.

use serde::{Deserialize, Serialize};

use crate::{money::Currency, time::Timestamp};

/// What one body of an order says. Identities in it are the shop's own and live only until they are tokenised or sealed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OrderBody {
    pub order_id: String,
    /// The number printed for people, such as `#1071`.
    pub name: String,
    pub currency: Currency,
    pub processed_at: Timestamp,
    /// Of two bodies of one order, the one updated later is believed.
    pub updated_at: Timestamp,
    pub cancelled_at: Option<Timestamp>,
    /// The payment was voided: nobody paid, nobody will.
    pub voided: bool,
    pub test: bool,
    pub taxes_included: bool,
    /// What the shop calls the subtotal: all lines after their discounts, before shipping; minor units.
    pub subtotal_minor: i64,
    /// Shipping after discounts, minor units.
    pub shipping_minor: i64,
    pub lines: Vec<OrderLine>,
    pub discount_codes: Vec<String>,
    pub refunds: Vec<Refund>,
}

/// What an earning rule can look at in a line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Default)]
pub struct Item {
    pub product_id: Option<String>,
    pub variant_id: Option<String>,
    pub sku: Option<String>,
    pub vendor: Option<String>,
    pub gift_card: bool,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OrderLine {
    pub line_id: String,
    pub item: Item,
    pub quantity: u32,
    /// Price times quantity less the discounts allocated to this line; minor units.
    pub net_minor: i64,
    pub tax_minor: i64,
}

/// A refund: goods that came back, money that went back, or both. Known by its id, whichever way it arrives.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refund {
    pub refund_id: String,
    /// The currency the amounts are minor units of. `None` where the body did not tell: then they are ten-thousandths of a
    /// whole unit, and mean what the order's currency makes of them.
    pub currency: Option<Currency>,
    pub at: Timestamp,
    pub lines: Vec<RefundLine>,
    /// Shipping given back, with its tax; minor units.
    pub shipping_minor: i64,
    /// Successful refund transactions; minor units of the shop's currency. `None` where they are only known in another.
    pub paid_minor: Option<i64>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RefundLine {
    pub line_id: String,
    /// As told by the refund itself; absent in thin bodies, then the order's line tells.
    pub item: Option<Item>,
    pub quantity: u32,
    pub subtotal_minor: i64,
    pub tax_minor: i64,
}

impl Refund {
    /// The same refund in minor units of the order's currency, where its own body did not tell one.
    pub fn in_currency(&self, order: Currency) -> Refund {
        if self.currency.is_some() {
            return self.clone();
        }
        let minor = |fine: i64| order.minor_of_fine(fine);
        let line = |line: &RefundLine| RefundLine {
            subtotal_minor: minor(line.subtotal_minor),
            tax_minor: minor(line.tax_minor),
            ..line.clone()
        };
        Refund {
            currency: Some(order),
            lines: self.lines.iter().map(line).collect(),
            shipping_minor: minor(self.shipping_minor),
            paid_minor: self.paid_minor.map(minor),
            ..self.clone()
        }
    }
}

impl OrderBody {
    /// Cancelled or voided: everything it earned goes back.
    pub fn is_off(&self) -> bool {
        self.cancelled_at.is_some() || self.voided
    }
}
