//! The figures of a period, and the text that is signed for them.

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::Flow;
use crate::{
    id::MerchantId,
    money::Currency,
    program::{ProgramVersion, RedemptionRate},
    time::Timestamp,
};

/// What points are worth: the programme's redemption rate as of the end of the period.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rate {
    pub program_version: u32,
    pub points: i64,
    pub amount_minor: i64,
    /// As the shop's orders state it; none before the first order.
    pub currency: Option<Currency>,
}

impl Rate {
    pub fn of(version: &ProgramVersion, currency: Option<Currency>) -> Rate {
        let RedemptionRate { points, amount_minor } = version.settings.redemption;
        Rate { program_version: version.version, points, amount_minor, currency }
    }

    /// The discount that these points buy: minor units, rounded towards zero, at most what an `i64` holds.
    pub fn value_of(&self, points: i64) -> i64 {
        let value = i128::from(points) * i128::from(self.amount_minor) / i128::from(self.points.max(1));
        i64::try_from(value.clamp(i128::from(i64::MIN), i128::from(i64::MAX))).expect("it was cut to fit")
    }
}

/// A closed period: everything of book time `from` (the beginning of the books) up to `until`, that instant excluded.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Statement {
    /// From 1, without gaps.
    pub period: u32,
    pub from: Option<Timestamp>,
    pub until: Timestamp,
    /// Points that customers held, less what they owed, when the period began.
    pub opening: i64,
    pub flow: Flow,
    /// The same when it ended: the sum of all lots less all debt.
    pub closing: i64,
    /// Position in the log of the line that ended it.
    pub line: u64,
    pub rate: Rate,
}

impl Statement {
    pub const fn balances(&self) -> bool {
        self.opening + self.flow.net() == self.closing
    }

    /// What the signature covers: plain text, so that anybody with the public key can check it with any tool.
    pub fn text(&self, merchant: MerchantId) -> String {
        let Statement { period, from, until, opening, flow, closing, line, rate } = self;
        let from = from.map_or_else(|| "the beginning".to_owned(), Timestamp::to_rfc3339);
        let currency = rate.currency.as_ref().map_or("unknown", Currency::as_str);
        format!(
            "loyalnest books 1\n\
             merchant {merchant}\n\
             period {period}\n\
             from {from}\n\
             until {until}\n\
             line {line}\n\
             opening {opening}\n\
             issued {issued}\n\
             restored {restored}\n\
             redeemed {redeemed}\n\
             expired {expired}\n\
             reversed {reversed}\n\
             forfeited {forfeited}\n\
             closing {closing}\n\
             rate {points} points = {amount} minor units of {currency}, program version {version}\n\
             value {value}\n",
            issued = flow.issued,
            restored = flow.restored,
            redeemed = flow.redeemed,
            expired = flow.expired,
            reversed = flow.reversed,
            forfeited = flow.forfeited,
            points = rate.points,
            amount = rate.amount_minor,
            version = rate.program_version,
            value = rate.value_of(*closing),
        )
    }
}

/// An Ed25519 signature: 64 bytes. In documents, hexadecimal.
#[derive(Clone, PartialEq, Eq)]
pub struct Signature(pub [u8; 64]);

impl std::fmt::Display for Signature {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl std::fmt::Debug for Signature {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Signature({self})")
    }
}

impl Serialize for Signature {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        crate::text::write(serializer, self, &self.0.as_slice())
    }
}

impl<'de> Deserialize<'de> for Signature {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let bytes: Box<[u8]> = crate::text::read(deserializer, |_| None, |bytes: Box<[u8]>| bytes)?;
        <[u8; 64]>::try_from(&*bytes).map(Signature).map_err(|_| serde::de::Error::custom("a signature has 64 bytes"))
    }
}
