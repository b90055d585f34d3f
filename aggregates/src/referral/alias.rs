//! The word in a referral link of another programme. It leads to its owner's link here, for as long as they have one; whoever
//! follows it is sent on with the word of that.

use std::fmt;

/// Characters of such a word. Shorter ones would be guessed, or claimed by several shops.
pub const ALIAS_CHARACTERS: std::ops::RangeInclusive<usize> = 4..=64;

/// ASCII letters, digits, `-` and `_`; unlike our own, every letter counts as it is written.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct AliasCode(String);

impl AliasCode {
    /// `None` for anything else.
    pub fn parse(text: &str) -> Option<Self> {
        let fits = ALIAS_CHARACTERS.contains(&text.len())
            && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_');
        fits.then(|| AliasCode(text.to_owned()))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for AliasCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_of_others_are_taken_as_they_are_written_or_not_at_all() {
        let longest = "x".repeat(64);
        for word in ["ada1", "Ada-Lovelace_10", longest.as_str()] {
            assert_eq!(AliasCode::parse(word).as_ref().map(AliasCode::as_str), Some(word));
        }
        assert_ne!(AliasCode::parse("ADA10"), AliasCode::parse("ada10"));
        let too_long = "x".repeat(65);
        for word in ["", "ada", "ada 10", "ada/10", "ädä10", "ada?x=10", too_long.as_str()] {
            assert_eq!(AliasCode::parse(word), None, "{word}");
        }
    }
}
