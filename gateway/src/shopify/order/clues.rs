//! Who brought the customer of an order, and traces by which two people may be one. None of it is needed to take an order
//! in: whatever cannot be read here says nothing, and parks nothing.

use aggregates::referral::{ReferralCode, address_line, ip_range};
use serde::Deserialize;

use super::OrderShape;
use crate::shopify::{fact::ReferralClues, scalar::Scalar};

/// The parameter by which a link hands its code to the shop.
pub const CODE_PARAMETER: &str = "ref";
/// Cart attributes and parameters of a landing page that may hold a referral code.
const CODE_NAMES: [&str; 3] = [CODE_PARAMETER, "referral", "referral_code"];
/// Words of one order that are looked up.
const CODES_MAX: usize = 4;
/// Attributes of a cart that are looked at.
const ATTRIBUTES_MAX: usize = 100;

#[derive(Deserialize, Default)]
#[serde(default)]
struct AttributeShape<'a> {
    #[serde(borrow)]
    name: Scalar<'a>,
    value: Scalar<'a>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct AddressShape<'a> {
    #[serde(borrow)]
    address1: Scalar<'a>,
    zip: Scalar<'a>,
    country_code: Scalar<'a>,
}

impl OrderShape<'_> {
    pub(super) fn clues(&self) -> ReferralClues {
        let mut codes: Vec<ReferralCode> = Vec::new();
        let found = self.attributes().into_iter().chain(self.landing()).chain(self.used());
        for code in found.take(CODES_MAX) {
            if !codes.contains(&code) {
                codes.push(code);
            }
        }
        ReferralClues {
            codes,
            ip_range: text(self.browser_ip).and_then(|ip| ip_range(&ip)),
            address: address(self.shipping_address).or_else(|| address(self.billing_address)),
        }
    }

    fn attributes(&self) -> Vec<ReferralCode> {
        let attributes: Vec<AttributeShape<'_>> = parsed(self.note_attributes).unwrap_or_default();
        let named = attributes.iter().take(ATTRIBUTES_MAX).filter(|attribute| {
            text(attribute.name).is_some_and(|name| CODE_NAMES.contains(&name.to_ascii_lowercase().as_str()))
        });
        named.filter_map(|attribute| ReferralCode::parse(&text(attribute.value)?)).collect()
    }

    /// Codes are plain letters and digits: nothing in them is ever escaped.
    fn landing(&self) -> Vec<ReferralCode> {
        let Some(landing) = text(self.landing_site) else { return Vec::new() };
        let Some((_, query)) = landing.split_once('?') else { return Vec::new() };
        let pairs = query.split('#').next().unwrap_or_default().split('&').filter_map(|pair| pair.split_once('='));
        let named = pairs.filter(|(name, _)| CODE_NAMES.contains(&name.to_ascii_lowercase().as_str()));
        named.filter_map(|(_, value)| ReferralCode::parse(value)).collect()
    }

    /// A shop may give each friend a coupon with the code as its word.
    fn used(&self) -> Vec<ReferralCode> {
        let used = self.discount_codes.iter().filter_map(|discount| text(discount.code));
        used.filter_map(|code| ReferralCode::parse(&code)).collect()
    }
}

fn text(scalar: Scalar<'_>) -> Option<String> {
    scalar.owned_text().ok().flatten()
}

fn parsed<'a, T: Deserialize<'a>>(scalar: Scalar<'a>) -> Option<T> {
    serde_json::from_str(scalar.json()?).ok()
}

fn address(scalar: Scalar<'_>) -> Option<String> {
    let address: AddressShape<'_> = parsed(scalar)?;
    let part = |scalar| text(scalar).unwrap_or_default();
    address_line(&part(address.address1), &part(address.zip), &part(address.country_code))
}
