//! What columns are called, by whoever wrote the file. Case, blanks and punctuation do not matter: exports differ in them
//! from one year to the next.

use aggregates::import::{Column, Source};

/// Which of our columns stands where in a record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Header {
    columns: Vec<Option<Column>>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum HeaderError {
    #[error("no column says who a row is about: an e-mail address or an id of the shop")]
    NobodyNamed,
    #[error("two columns both mean `{}`", .0.as_str())]
    Twice(Column),
}

impl Header {
    /// Columns that mean nothing here are passed over.
    pub fn read<'a>(source: Source, names: impl Iterator<Item = &'a str>) -> Result<Self, HeaderError> {
        let columns: Vec<Option<Column>> = names.map(|name| meaning(source, &plain(name))).collect();
        for column in Column::ALL {
            if columns.iter().filter(|here| **here == Some(*column)).count() > 1 {
                return Err(HeaderError::Twice(*column));
            }
        }
        let names_people = |column: &Option<Column>| matches!(column, Some(Column::Email | Column::ExternalId));
        if !columns.iter().any(names_people) {
            return Err(HeaderError::NobodyNamed);
        }
        Ok(Header { columns })
    }

    pub fn len(&self) -> usize {
        self.columns.len()
    }

    pub fn is_empty(&self) -> bool {
        self.columns.is_empty()
    }

    /// What the field at this place is.
    pub fn column(&self, place: usize) -> Option<Column> {
        self.columns.get(place).copied().flatten()
    }
}

/// `Points Balance`, `points_balance` and `points-balance` are one name.
fn plain(name: &str) -> String {
    name.chars().filter(|letter| letter.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

fn meaning(source: Source, name: &str) -> Option<Column> {
    let names = match source {
        Source::Own => OWN,
        Source::Smile => SMILE,
        Source::Loyaltylion => LOYALTYLION,
        Source::Yotpo => YOTPO,
    };
    names.iter().find(|(_, known)| known.contains(&name)).map(|(column, _)| *column)
}

type Names = &'static [(Column, &'static [&'static str])];

const OWN: Names = &[
    (Column::ExternalId, &["externalid"]),
    (Column::Email, &["email"]),
    (Column::Phone, &["phone"]),
    (Column::FirstName, &["firstname"]),
    (Column::LastName, &["lastname"]),
    (Column::Locale, &["locale"]),
    (Column::Lot, &["lot"]),
    (Column::Points, &["points"]),
    (Column::EarnedAt, &["earnedat"]),
    (Column::AvailableAt, &["availableat"]),
    (Column::ExpiresAt, &["expiresat"]),
    (Column::LastActivityAt, &["lastactivityat"]),
    (Column::Tier, &["tier"]),
    (Column::TierUntil, &["tieruntil"]),
    (Column::ReferralCode, &["referralcode"]),
    (Column::CustomerId, &["customerid"]),
];

const SMILE: Names = &[
    (Column::ExternalId, &["shopifycustomerid", "shopifyid", "platformcustomerid"]),
    (Column::Email, &["email", "emailaddress", "customeremail"]),
    (Column::Phone, &["phone", "phonenumber"]),
    (Column::FirstName, &["firstname"]),
    (Column::LastName, &["lastname"]),
    (Column::Points, &["pointsbalance", "points", "balance"]),
    (Column::EarnedAt, &["lastearnedat", "lastearnedon"]),
    (Column::ExpiresAt, &["pointsexpiry", "pointsexpirydate", "pointsexpireat"]),
    (Column::LastActivityAt, &["lastactivityat", "lastactivity", "lastseenat"]),
    (Column::Tier, &["viptier", "viptiername", "tier"]),
    (Column::ReferralCode, &["referralurl", "referrallink", "referralcode"]),
];

const LOYALTYLION: Names = &[
    (Column::ExternalId, &["merchantid", "customerid", "shopifycustomerid", "platformid"]),
    (Column::Email, &["email", "emailaddress", "customeremail"]),
    (Column::Phone, &["phone", "phonenumber"]),
    (Column::FirstName, &["firstname"]),
    (Column::LastName, &["lastname"]),
    // Pending points are left behind: nobody says when they would become available.
    (Column::Points, &["pointsapproved", "approvedpoints", "points", "pointsbalance", "currentpoints"]),
    (Column::ExpiresAt, &["pointsexpireat", "pointsexpirydate", "expirydate"]),
    (Column::LastActivityAt, &["lastactivityat", "lastactivity", "lastseenat"]),
    (Column::Tier, &["loyaltytier", "loyaltytiername", "tier", "tiername"]),
    (Column::ReferralCode, &["referralurl", "referrallink", "referralid", "referralcode"]),
];

const YOTPO: Names = &[
    (Column::ExternalId, &["customerid", "thirdpartyid", "externalid", "shopifycustomerid"]),
    (Column::Email, &["email", "emailaddress", "customeremail"]),
    (Column::Phone, &["phone", "phonenumber"]),
    (Column::FirstName, &["firstname"]),
    (Column::LastName, &["lastname"]),
    (Column::Points, &["pointsbalance", "points", "currentpointsbalance"]),
    (Column::ExpiresAt, &["pointsexpireat", "pointsexpirationdate", "pointsexpireson"]),
    (Column::LastActivityAt, &["lastseenat", "lastactivityat", "lastactivity"]),
    (Column::Tier, &["viptier", "viptiername", "tier"]),
    (Column::ReferralCode, &["referrallink", "referralurl", "referralcode"]),
];
