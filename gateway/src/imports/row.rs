//! From a record to what it says about a customer. The first thing that is wrong with it turns it away.

use std::collections::HashMap;

use aggregates::{
    customer::Profile,
    id::CustomerId,
    import::{Column, DateOrder, Rejection, RejectionReason, Source},
    points::LotExpiry,
    time::Timestamp,
};

use super::{OldLink, Record, number, time};

/// Characters of one field.
const FIELD_MAX: usize = 320;
/// What a lot is called where a file has one balance for each customer.
const BALANCE: &str = "balance";
/// Stands before the shop's id where an export of ours names it.
const SHOPIFY: &str = "shopify:";

/// Whom a row is about.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Who {
    /// The shop's id.
    Id(String),
    /// In lower case.
    Email(String),
}

/// A lot as a file states it. `None` leaves it to whoever takes it in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RowLot {
    /// What tells it from the customer's other lots.
    pub name: String,
    pub points: i64,
    pub earned_at: Option<Timestamp>,
    pub available_at: Option<Timestamp>,
    pub expiry: Option<LotExpiry>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    pub line: u64,
    pub who: Who,
    pub profile: Profile,
    pub lot: Option<RowLot>,
    pub last_activity_at: Option<Timestamp>,
    pub tier: Option<String>,
    /// When the tier ends; left to the programme's rule, if not said.
    pub tier_until: Option<Timestamp>,
    pub old_link: Option<OldLink>,
    /// Whose row it was where it was exported: here, perhaps.
    pub customer: Option<CustomerId>,
}

impl Row {
    /// `now` is when the file was handed in: what has expired by then is not brought along.
    pub fn read(record: Record, order: DateOrder, now: Timestamp) -> Result<Row, Rejection> {
        let line = record.line;
        let rejected = |(column, reason)| Rejection { line, column, reason };
        let fields = record.fields.map_err(|reason| rejected((Column::Row, reason)))?;
        if let Some((column, _)) = fields.iter().find(|(_, text)| text.chars().count() > FIELD_MAX) {
            return Err(rejected((*column, RejectionReason::TooLong)));
        }
        Fields { of: fields.into_iter().collect(), order }.row(line, now).map_err(rejected)
    }

    /// What tells this row from every other of its source, for ever: whoever brings it again brings the same thing.
    pub fn business_key(&self, source: Source) -> String {
        let who = match &self.who {
            Who::Id(id) => format!("id {id}"),
            Who::Email(email) => format!("email {email}"),
        };
        let lot = self.lot.as_ref().map_or("", |lot| lot.name.as_str());
        format!("{}\n{who}\n{lot}", source.as_str())
    }
}

struct Fields {
    of: HashMap<Column, String>,
    order: DateOrder,
}

type Fault = (Column, RejectionReason);

impl Fields {
    fn row(mut self, line: u64, now: Timestamp) -> Result<Row, Fault> {
        let id = self.of.remove(&Column::ExternalId).map(|id| shop_id(&id)).transpose()?;
        let email = self.of.remove(&Column::Email).map(|email| address(&email)).transpose()?;
        let who = match (&id, &email) {
            (Some(id), _) => Who::Id(id.clone()),
            (None, Some(email)) => Who::Email(email.clone()),
            (None, None) => return Err((Column::Row, RejectionReason::NoIdentity)),
        };
        let last_activity_at = self.time(Column::LastActivityAt)?;
        Ok(Row {
            line,
            who,
            lot: self.lot(now)?,
            last_activity_at,
            profile: Profile {
                external_id: id.unwrap_or_default(),
                email,
                phone: self.of.remove(&Column::Phone),
                first_name: self.of.remove(&Column::FirstName),
                last_name: self.of.remove(&Column::LastName),
                locale: self.of.remove(&Column::Locale),
            },
            tier: self.of.remove(&Column::Tier),
            tier_until: self.tier_until(now)?,
            old_link: self.old_link()?,
            customer: self.of.remove(&Column::CustomerId).and_then(|id| id.parse().ok()),
        })
    }

    /// None without points: then the row is about the customer alone.
    fn lot(&mut self, now: Timestamp) -> Result<Option<RowLot>, Fault> {
        let points = self.of.get(&Column::Points).map(|text| number::points(text)).transpose();
        let points = points.map_err(|reason| (Column::Points, reason))?.unwrap_or(0);
        let (earned_at, available_at) = (self.time(Column::EarnedAt)?, self.time(Column::AvailableAt)?);
        let expiry = self.expiry()?;
        if points == 0 {
            return Ok(None);
        }
        if let Some(LotExpiry::At(end)) = expiry {
            if end <= now {
                return Err((Column::ExpiresAt, RejectionReason::ExpiredAlready));
            }
            if [earned_at, available_at].into_iter().flatten().any(|begin| begin >= end) {
                return Err((Column::ExpiresAt, RejectionReason::OutOfOrder));
            }
        }
        let name = self.of.remove(&Column::Lot).unwrap_or_else(|| BALANCE.to_owned());
        Ok(Some(RowLot { name, points, earned_at, available_at, expiry }))
    }

    fn tier_until(&self, now: Timestamp) -> Result<Option<Timestamp>, Fault> {
        let until = self.time(Column::TierUntil)?;
        match until {
            Some(until) if until <= now => Err((Column::TierUntil, RejectionReason::ExpiredAlready)),
            until => Ok(until),
        }
    }

    fn old_link(&mut self) -> Result<Option<OldLink>, Fault> {
        let Some(text) = self.of.remove(&Column::ReferralCode) else { return Ok(None) };
        OldLink::read(&text).map(Some).ok_or((Column::ReferralCode, RejectionReason::NotACode))
    }

    fn time(&self, column: Column) -> Result<Option<Timestamp>, Fault> {
        let parsed = self.of.get(&column).map(|text| time::time(text, self.order));
        parsed.transpose().map_err(|reason| (column, reason))
    }

    /// A date, `never`, or `inactivity:365` for as many days without activity.
    fn expiry(&self) -> Result<Option<LotExpiry>, Fault> {
        let column = Column::ExpiresAt;
        let Some(text) = self.of.get(&column) else { return Ok(None) };
        if text.eq_ignore_ascii_case("never") {
            return Ok(Some(LotExpiry::Never));
        }
        if let Some(days) = text.strip_prefix("inactivity:") {
            let days = days.parse().ok().filter(|days| (1..=aggregates::program::DAYS_MAX).contains(days));
            return days.map(|days| Some(LotExpiry::Inactivity { days })).ok_or((column, RejectionReason::NotADate));
        }
        Ok(self.time(column)?.map(LotExpiry::At))
    }
}

/// `shopify:207119551`, `gid://shopify/Customer/207119551` or the number alone, also as a spreadsheet shows it.
fn shop_id(text: &str) -> Result<String, Fault> {
    let id = text.strip_prefix(SHOPIFY).or(text.strip_prefix("gid://shopify/Customer/")).unwrap_or(text);
    let id = id.strip_prefix('\'').unwrap_or(id);
    let is_number = !id.is_empty() && id.bytes().all(|digit| digit.is_ascii_digit());
    is_number.then(|| id.to_owned()).ok_or((Column::ExternalId, RejectionReason::NotAnId))
}

/// Something before an `@`, something with a dot behind it, and nothing that would end it.
fn address(text: &str) -> Result<String, Fault> {
    let fault = (Column::Email, RejectionReason::NotAnEmail);
    let (local, domain) = text.rsplit_once('@').ok_or(fault)?;
    let is_one = !local.is_empty()
        && domain.contains('.')
        && !domain.starts_with('.')
        && !domain.ends_with('.')
        && !text.contains(|letter: char| letter.is_whitespace() || letter.is_control() || ",;<>".contains(letter));
    is_one.then(|| text.to_lowercase()).ok_or(fault)
}
