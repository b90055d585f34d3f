//! Money as shops state it: integer minor units of a currency. Decimal text is read exactly; binary fractions never occur.

use rust_decimal::{Decimal, RoundingStrategy, prelude::ToPrimitive};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::text;

/// Three capital letters, such as `EUR`. Any well-formed code is taken, also one that is newer than this program:
/// a shop that opens in a new currency must not stop earning.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Currency([u8; 3]);

impl Serialize for Currency {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        text::write(serializer, self.as_str(), &self.0)
    }
}

impl<'de> Deserialize<'de> for Currency {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        text::read(deserializer, |text| Currency::parse(text).ok(), Currency)
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum MoneyError {
    #[error("a currency is three capital letters")]
    Currency,
    #[error("not a decimal amount")]
    Amount,
    #[error("the amount is too large")]
    TooLarge,
}

impl Currency {
    pub fn parse(text: &str) -> Result<Self, MoneyError> {
        match text.as_bytes() {
            &[a, b, c] if [a, b, c].iter().all(u8::is_ascii_uppercase) => Ok(Currency([a, b, c])),
            _ => Err(MoneyError::Currency),
        }
    }

    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).expect("three ASCII letters, checked by parse")
    }

    /// Decimal places of the minor unit, by ISO 4217. Codes not listed there, and those newer than this list, have two.
    pub const fn exponent(self) -> u32 {
        match &self.0 {
            b"BIF" | b"CLP" | b"DJF" | b"GNF" | b"ISK" | b"JPY" | b"KMF" | b"KRW" | b"PYG" | b"RWF" | b"UGX"
            | b"UYI" | b"VND" | b"VUV" | b"XAF" | b"XOF" | b"XPF" => 0,
            b"BHD" | b"IQD" | b"JOD" | b"KWD" | b"LYD" | b"OMR" | b"TND" => 3,
            b"CLF" | b"UYW" => 4,
            _ => 2,
        }
    }

    /// Reads `"398.00"` as `39800`. Places beyond the minor unit are rounded half away from zero, as shops print them.
    pub fn minor_units(self, amount: &str) -> Result<i64, MoneyError> {
        let amount = Decimal::from_str_exact(amount.trim()).map_err(|_| MoneyError::Amount)?;
        let scale = Decimal::from(10_u32.pow(self.exponent()));
        amount
            .checked_mul(scale)
            .ok_or(MoneyError::TooLarge)?
            .round_dp_with_strategy(0, RoundingStrategy::MidpointAwayFromZero)
            .to_i64()
            .filter(|minor| minor.abs() <= MINOR_UNITS_MAX)
            .ok_or(MoneyError::TooLarge)
    }

    /// Reads an amount whose currency is not known yet, as ten-thousandths of a whole unit.
    pub fn fine_units(amount: &str) -> Result<i64, MoneyError> {
        // The unidad de fomento has four decimal places, more than any other.
        Currency(*b"CLF").minor_units(amount)
    }

    /// Ten-thousandths of a whole unit as minor units of this currency, rounded half away from zero.
    pub fn minor_of_fine(self, fine: i64) -> i64 {
        let step = 10_i64.pow(4 - self.exponent());
        let half = if fine < 0 { -(step / 2) } else { step / 2 };
        (fine + half) / step
    }

    /// Minor units as an exact decimal number of whole units.
    pub fn whole_units(self, minor: i64) -> Decimal {
        Decimal::new(minor, self.exponent())
    }
}

/// Largest amount accepted, in minor units, of one value or of the sum of an order: far from where arithmetic overflows.
pub const MINOR_UNITS_MAX: i64 = 1_000_000_000_000_000;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_read_exactly_in_the_minor_unit_of_their_currency() {
        let minor = |code, text| Currency::parse(code).and_then(|currency| currency.minor_units(text));
        assert_eq!(minor("EUR", "398.00"), Ok(39_800));
        assert_eq!(minor("EUR", "0.1"), Ok(10));
        assert_eq!(minor("JPY", "5000.0"), Ok(5_000));
        assert_eq!(minor("KWD", "1.234"), Ok(1_234));
        assert_eq!(minor("XYZ", "-5.005"), Ok(-501));
        assert_eq!(minor("eur", "1"), Err(MoneyError::Currency));
        assert_eq!(minor("EUR", "1e3"), Err(MoneyError::Amount));
        assert_eq!(minor("EUR", "99999999999999999999"), Err(MoneyError::TooLarge));
    }
}
