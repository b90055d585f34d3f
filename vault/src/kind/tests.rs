//! Spellings that meet, and words that stay.

use super::*;

#[test]
fn emails_meet_without_regard_to_case() {
    assert_eq!(IndexKind::Email.normalise(" Ada.Lovelace@Example.ORG "), "ada.lovelace@example.org");
}

#[test]
fn phones_meet_in_their_international_form() {
    for spelled in ["+49 30 123456", "0049 30 123-456", "49(30)123456"] {
        assert_eq!(IndexKind::Phone.normalise(spelled), "4930123456");
    }
}

#[test]
fn order_numbers_meet_without_their_hash() {
    assert_eq!(IndexKind::OrderNumber.normalise("#1001-A"), "1001-a");
    assert_eq!(IndexKind::OrderNumber.normalise("1001-a"), "1001-a");
}

#[test]
fn items_live_as_long_as_their_purpose_allows() {
    let now = Timestamp::parse("2026-11-01T00:00:00Z").unwrap();
    assert_eq!(ItemPurpose::Parked.expires_at(now).to_rfc3339(), "2026-12-01T00:00:00Z");
    assert_eq!(ItemPurpose::Waiting.expires_at(now).to_rfc3339(), "2027-02-06T00:00:00Z");
}

/// These words stand in tables and inside keyed hashes: changing one loses what was written under it.
#[test]
fn stored_words_stay() {
    use DirectoryKind::{GdprRequest, RedemptionCode, ReferralCode, ReferralShop, Shop, ShopifyCustomer};
    let directory = [Shop, ShopifyCustomer, RedemptionCode, GdprRequest, ReferralCode, ReferralShop];
    let words = ["shop", "shopify_customer", "redemption_code", "gdpr_request", "referral_code", "referral_shop"];
    assert_eq!(directory.map(DirectoryKind::as_str), words);
    for kind in directory {
        assert_eq!(kind.lookup_kind(), format!("directory/{}", kind.as_str()));
    }
    use IndexKind::{Address, Device, Email, IpRange, OrderNumber, Payment, Phone};
    let index = [Email, Phone, OrderNumber, Address, Device, Payment, IpRange];
    let words = ["email", "phone", "order_number", "address", "device", "payment", "ip_range"];
    assert_eq!(index.map(IndexKind::as_str), words);
    for kind in index {
        assert_eq!(kind.lookup_kind(), format!("index/{}", kind.as_str()));
    }
    assert_eq!([ItemPurpose::Parked, ItemPurpose::Waiting].map(ItemPurpose::as_str), ["parked", "waiting"]);
}
