//! Amounts in a body. Most stand there twice: as plain text, and as a set with one amount in the shop's currency and
//! one in the currency shown to the shopper. Points are earned in the shop's currency, so the set goes first.

use aggregates::money::Currency;
use serde::Deserialize;

use super::{
    scalar::Scalar,
    unfit::{Problem, UnfitField, Within},
};

/// A `*_set`. What the shopper was shown is left unread.
#[derive(Deserialize, Default)]
#[serde(default)]
pub(super) struct MoneySet<'a> {
    #[serde(borrow)]
    shop_money: Option<ShopMoney<'a>>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct ShopMoney<'a> {
    #[serde(borrow)]
    amount: Scalar<'a>,
    currency_code: Scalar<'a>,
}

impl<'a> MoneySet<'a> {
    fn currency(&self) -> Result<Option<Currency>, UnfitField> {
        let code = self.shop_money.as_ref().map(|money| money.currency_code).unwrap_or_default();
        parse_currency(code).at("shop_money.currency_code")
    }

    pub fn is_stated(&self) -> bool {
        self.stated().is_some()
    }

    fn stated(&self) -> Option<&ShopMoney<'a>> {
        self.shop_money.as_ref().filter(|money| money.amount.is_stated())
    }
}

/// The shop's currency, where a set tells it.
pub(super) fn shop_currency(set: &Option<MoneySet<'_>>) -> Result<Option<Currency>, UnfitField> {
    set.as_ref().map_or(Ok(None), MoneySet::currency)
}

/// A currency in letters of any case: payment providers write it small.
pub(super) fn parse_currency(code: Scalar<'_>) -> Result<Option<Currency>, Problem> {
    let code = code.text()?;
    code.map(|code| Currency::parse(&code.to_ascii_uppercase())).transpose().map_err(Problem::from)
}

/// The currency whose minor units a body's amounts are counted in. `None` where the body tells no currency: then what is
/// called minor units here are ten-thousandths of a whole unit, until the order tells what they are worth.
#[derive(Clone, Copy)]
pub(super) struct Counted(pub Option<Currency>);

impl Counted {
    /// The amount called `field`, in minor units: from its set, else as stated plainly.
    pub fn minor(self, field: &str, set: &Option<MoneySet<'_>>, plain: Scalar<'_>) -> Result<Option<i64>, UnfitField> {
        match set.as_ref().and_then(MoneySet::stated) {
            Some(money) => {
                let amount = self.minor_of_set(money);
                amount.map_err(|problem| problem.at(&format!("{field}_set.shop_money")))
            }
            None => self.minor_of(plain).at(field),
        }
    }

    /// The same for an amount that has to be there.
    pub fn required_minor(self, field: &str, set: &Option<MoneySet<'_>>, plain: Scalar<'_>) -> Result<i64, UnfitField> {
        self.minor(field, set, plain)?.ok_or(Problem::Missing).at(field)
    }

    fn minor_of_set(self, money: &ShopMoney<'_>) -> Result<Option<i64>, Problem> {
        match (self.0, parse_currency(money.currency_code)?) {
            (Some(counted), Some(stated)) if counted != stated => Err(Problem::OtherCurrency),
            _ => self.minor_of(money.amount),
        }
    }

    fn minor_of(self, amount: Scalar<'_>) -> Result<Option<i64>, Problem> {
        let Some(text) = amount.amount()? else { return Ok(None) };
        let minor = match self.0 {
            Some(currency) => currency.minor_units(&text)?,
            None => Currency::fine_units(&text)?,
        };
        Ok(Some(minor))
    }
}
