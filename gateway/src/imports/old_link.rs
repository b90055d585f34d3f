//! Referral links of other programmes: a code, or an address with one in it.

use aggregates::referral::AliasCode;

/// Parameters in which programmes put their codes, in addresses and in the attributes of a cart.
const CODE_PARAMETERS: [&str; 8] =
    ["ref", "referral", "referral_code", "ref_id", "sref_id", "ll_ref_id", "referral_id", "code"];

/// A link as a file has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OldLink {
    /// What stands in the file.
    pub text: String,
    pub code: AliasCode,
}

impl OldLink {
    /// `None` where there is no word in it that can lead anywhere here.
    pub fn read(text: &str) -> Option<Self> {
        let code = match text.split_once("://") {
            Some((_, address)) => code_in(address)?,
            None => AliasCode::parse(text)?,
        };
        Some(OldLink { text: text.to_owned(), code })
    }
}

/// Whether programmes put their codes under this name.
pub fn is_code_parameter(name: &str) -> bool {
    CODE_PARAMETERS.contains(&name.to_ascii_lowercase().as_str())
}

/// In a parameter of a known name; else the end of the path; else in any parameter. Such words are plain letters and digits:
/// nothing in them is ever escaped.
fn code_in(address: &str) -> Option<AliasCode> {
    let address = address.split('#').next().unwrap_or_default();
    let (place, query) = address.split_once('?').unwrap_or((address, ""));
    let in_parameter = |is_wanted: &dyn Fn(&str) -> bool| {
        let pairs = query.split('&').filter_map(|pair| pair.split_once('='));
        pairs.filter(|(name, _)| is_wanted(name)).find_map(|(_, value)| AliasCode::parse(value))
    };
    // The first part is the host.
    let end_of_path = || place.split('/').skip(1).filter(|part| !part.is_empty()).last().and_then(AliasCode::parse);
    in_parameter(&is_code_parameter).or_else(end_of_path).or_else(|| in_parameter(&|_| true))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_word_is_found_in_whatever_address_it_stands() {
        for (text, code) in [
            ("ADA-10", Some("ADA-10")),
            ("https://i.refs.example/AbCd12?smile_ref=eyJh", Some("AbCd12")),
            ("https://shop.example/pages/referral?ref=AbCd12", Some("AbCd12")),
            ("https://shop.example/?sref_id=AbCd12", Some("AbCd12")),
            ("https://shop.example/?x=ab&advocate=AbCd12", Some("AbCd12")),
            ("https://refs.example/ada1/", Some("ada1")),
            ("https://shop.example", None),
            ("ada 10", None),
        ] {
            assert_eq!(OldLink::read(text).as_ref().map(|link| link.code.as_str()), code, "{text}");
        }
    }
}
