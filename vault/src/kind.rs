//! The words by which the vault's tables tell things apart. They are stored: a word never changes its meaning.

use std::borrow::Cow;

use aggregates::time::Timestamp;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// What an entry of the directory is the outside identity of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum DirectoryKind {
    /// A shop's domain → merchant. Asked before any merchant is known: the merchant given is the nil UUID.
    Shop,
    /// A shop's customer id → person.
    ShopifyCustomer,
    /// A discount code handed out for points → redemption.
    RedemptionCode,
    /// A shop's id of a privacy request → request.
    GdprRequest,
    /// A word in a referral link → customer whose link it is.
    ReferralCode,
    /// What all referral codes of a shop begin with → merchant. Asked before any merchant is known, as a shop is.
    ReferralShop,
    /// A client's idempotency key with the route it was used on → customer it was used for.
    IdempotencyKey,
    /// E-mail address of somebody whom an import brought along without an id of the shop → person.
    ImportedCustomer,
    /// A code on a card that is shown at a till → person.
    LoyaltyCard,
    /// A word in a referral link of another programme → customer whose link it was; of the nil merchant → merchant, asked
    /// before any merchant is known.
    ReferralAlias,
}

impl DirectoryKind {
    pub const fn as_str(self) -> &'static str {
        match self {
            DirectoryKind::Shop => "shop",
            DirectoryKind::ShopifyCustomer => "shopify_customer",
            DirectoryKind::RedemptionCode => "redemption_code",
            DirectoryKind::GdprRequest => "gdpr_request",
            DirectoryKind::ReferralCode => "referral_code",
            DirectoryKind::ReferralShop => "referral_shop",
            DirectoryKind::IdempotencyKey => "idempotency_key",
            DirectoryKind::ImportedCustomer => "imported_customer",
            DirectoryKind::LoyaltyCard => "loyalty_card",
            DirectoryKind::ReferralAlias => "referral_alias",
        }
    }

    /// Separates the directory's hashes from those of other tables.
    pub(crate) const fn lookup_kind(self) -> &'static str {
        match self {
            DirectoryKind::Shop => "directory/shop",
            DirectoryKind::ShopifyCustomer => "directory/shopify_customer",
            DirectoryKind::RedemptionCode => "directory/redemption_code",
            DirectoryKind::GdprRequest => "directory/gdpr_request",
            DirectoryKind::ReferralCode => "directory/referral_code",
            DirectoryKind::ReferralShop => "directory/referral_shop",
            DirectoryKind::IdempotencyKey => "directory/idempotency_key",
            DirectoryKind::ImportedCustomer => "directory/imported_customer",
            DirectoryKind::LoyaltyCard => "directory/loyalty_card",
            DirectoryKind::ReferralAlias => "directory/referral_alias",
        }
    }
}

/// What people can be searched by while their profiles stay sealed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum IndexKind {
    Email,
    Phone,
    OrderNumber,
    /// The end of a date, such as `05-17`.
    Birthday,
    /// Traces of those who take part in referrals, as `aggregates::referral` spells them.
    Address,
    Device,
    Payment,
    IpRange,
}

impl IndexKind {
    pub const fn as_str(self) -> &'static str {
        match self {
            IndexKind::Email => "email",
            IndexKind::Phone => "phone",
            IndexKind::OrderNumber => "order_number",
            IndexKind::Birthday => "birthday",
            IndexKind::Address => "address",
            IndexKind::Device => "device",
            IndexKind::Payment => "payment",
            IndexKind::IpRange => "ip_range",
        }
    }

    pub(crate) const fn lookup_kind(self) -> &'static str {
        match self {
            IndexKind::Email => "index/email",
            IndexKind::Phone => "index/phone",
            IndexKind::OrderNumber => "index/order_number",
            IndexKind::Birthday => "index/birthday",
            IndexKind::Address => "index/address",
            IndexKind::Device => "index/device",
            IndexKind::Payment => "index/payment",
            IndexKind::IpRange => "index/ip_range",
        }
    }

    /// The spelling that is hashed, so that ways of writing the same thing meet: e-mail without regard to case,
    /// phone as digits of its international form, order number without its `#`.
    pub(crate) fn normalise(self, value: &str) -> Cow<'_, str> {
        let value = value.trim();
        match self {
            IndexKind::Email => value.to_lowercase().into(),
            IndexKind::Phone => {
                let digits: String = value.chars().filter(char::is_ascii_digit).collect();
                match digits.strip_prefix("00") {
                    Some(international) => international.to_owned().into(),
                    None => digits.into(),
                }
            }
            IndexKind::Birthday => value.into(),
            IndexKind::Address | IndexKind::Device | IndexKind::Payment | IndexKind::IpRange => value.into(),
            IndexKind::OrderNumber => value.strip_prefix('#').unwrap_or(value).to_lowercase().into(),
        }
    }
}

/// Something sealed that belongs to no person yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ItemId(pub Uuid);

impl std::fmt::Display for ItemId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.as_hyphenated().fmt(f)
    }
}

/// Days a parked body, an upload or an invitation may be kept: it may hold anybody's data, so no longer than the law's month.
pub const PARKED_LIFE_DAYS: u32 = 30;

/// Days after which a fact whose order never came stops waiting and is parked. Longer than a body may be parked,
/// because it is understood, names only an order, and points depend on it: refunds come months after a sale.
pub const WAITING_DAYS: u32 = 90;

/// Days the key of a waiting fact lives: a week more than it waits, so that parking it, which opens it once more, is
/// never overtaken by the purge.
pub const WAITING_LIFE_DAYS: u32 = WAITING_DAYS + 7;

/// Why an item has a key of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ItemPurpose {
    /// A body that could not be understood or handled.
    Parked,
    /// A fact about an order whose owner is not known yet.
    Waiting,
    /// A file of customers that was handed in.
    Upload,
    /// A friend's address, until the invitation is sent.
    Invitation,
}

impl ItemPurpose {
    pub const fn as_str(self) -> &'static str {
        match self {
            ItemPurpose::Parked => "parked",
            ItemPurpose::Waiting => "waiting",
            ItemPurpose::Upload => "upload",
            ItemPurpose::Invitation => "invitation",
        }
    }

    pub const fn life_days(self) -> u32 {
        match self {
            ItemPurpose::Parked | ItemPurpose::Upload | ItemPurpose::Invitation => PARKED_LIFE_DAYS,
            ItemPurpose::Waiting => WAITING_LIFE_DAYS,
        }
    }

    /// When an item made `now` is to expire at the latest.
    pub fn expires_at(self, now: Timestamp) -> Timestamp {
        now.plus_days(self.life_days())
    }
}

#[cfg(test)]
mod tests;
