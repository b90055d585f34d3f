//! Who brought the customer of an order, and traces by which two people may be one. None of it is needed to take an order
//! in: whatever cannot be read here says nothing, and parks nothing.

use aggregates::referral::{AliasCode, ReferralCode, address_line, ip_range};
use serde::Deserialize;

use super::OrderShape;
use crate::{
    imports::is_code_parameter,
    shopify::{fact::ReferralClues, scalar::Scalar},
};

/// The parameter by which a link hands its code to the shop.
pub const CODE_PARAMETER: &str = "ref";
/// Cart attributes and parameters of a landing page that may hold a code of ours.
const CODE_NAMES: [&str; 3] = [CODE_PARAMETER, "referral", "referral_code"];
/// Codes of one order that are looked up.
const CODES_MAX: usize = 4;
/// Words of one order that are looked up as those of other programmes, where none of its codes leads anywhere.
const OLD_WORDS_MAX: usize = 4;
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

/// A word that stands where codes may.
struct Word {
    text: String,
    /// Codes of other programmes stand in more places than ours.
    may_be_ours: bool,
}

impl OrderShape<'_> {
    pub(super) fn clues(&self) -> ReferralClues {
        let words: Vec<Word> = self.attributes().into_iter().chain(self.landing()).chain(self.used()).collect();
        let ours = words.iter().filter(|word| word.may_be_ours);
        ReferralClues {
            codes: first_few(ours.filter_map(|word| ReferralCode::parse(&word.text)), CODES_MAX),
            old_words: first_few(words.iter().filter_map(|word| AliasCode::parse(&word.text)), OLD_WORDS_MAX),
            ip_range: text(self.browser_ip).and_then(|ip| ip_range(&ip)),
            address: address(self.shipping_address).or_else(|| address(self.billing_address)),
        }
    }

    fn attributes(&self) -> Vec<Word> {
        let attributes: Vec<AttributeShape<'_>> = parsed(self.note_attributes).unwrap_or_default();
        let attributes = attributes.iter().take(ATTRIBUTES_MAX);
        attributes.filter_map(|attribute| Word::under(&text(attribute.name)?, || text(attribute.value))).collect()
    }

    /// Codes are plain letters and digits: nothing in them is ever escaped.
    fn landing(&self) -> Vec<Word> {
        let Some(landing) = text(self.landing_site) else { return Vec::new() };
        let Some((_, query)) = landing.split_once('?') else { return Vec::new() };
        let pairs = query.split('#').next().unwrap_or_default().split('&').filter_map(|pair| pair.split_once('='));
        pairs.filter_map(|(name, value)| Word::under(name, || Some(value.to_owned()))).collect()
    }

    /// A shop may give each friend a coupon with the code as its word.
    fn used(&self) -> impl Iterator<Item = Word> {
        let used = self.discount_codes.iter().filter_map(|discount| text(discount.code));
        used.map(|text| Word { text, may_be_ours: true })
    }
}

impl Word {
    /// What stands under this name, if that is one for codes.
    fn under(name: &str, word: impl FnOnce() -> Option<String>) -> Option<Word> {
        let may_be_ours = CODE_NAMES.contains(&name.to_ascii_lowercase().as_str());
        if !may_be_ours && !is_code_parameter(name) {
            return None;
        }
        Some(Word { text: word()?, may_be_ours })
    }
}

/// The first that differ, at most so many.
fn first_few<T: PartialEq>(found: impl Iterator<Item = T>, most: usize) -> Vec<T> {
    let mut few = Vec::new();
    for one in found {
        if few.len() == most {
            break;
        }
        if !few.contains(&one) {
            few.push(one);
        }
    }
    few
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
