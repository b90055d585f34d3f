//! The word in a referral link. Its first half says which shop, so that a click finds it without a key; the second is made
//! from the link's id with the merchant's key, so that nobody can guess another one.

use std::fmt;

use crate::id::MerchantId;

/// Crockford's alphabet: no I, L, O, U, so a code survives being read aloud.
pub const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
/// Characters that say which shop: 40 bits.
pub const SHOP_CHARACTERS: usize = 8;
/// Characters that say which link: 60 bits.
pub const LINK_CHARACTERS: usize = 12;
pub const CODE_CHARACTERS: usize = SHOP_CHARACTERS + LINK_CHARACTERS;

const BITS_PER_CHARACTER: usize = 5;

/// Text of the right shape; whether it leads anywhere, the vault knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ReferralCode([u8; CODE_CHARACTERS]);

impl ReferralCode {
    /// From the shop, and a keyed hash of the link's id.
    pub fn new(merchant: MerchantId, keyed: &[u8; 32]) -> Self {
        let mut code = [0; CODE_CHARACTERS];
        write(&mut code[..SHOP_CHARACTERS], merchant.0.as_bytes());
        write(&mut code[SHOP_CHARACTERS..], keyed);
        ReferralCode(code)
    }

    /// Any spelling: hyphens, spaces and case do not count, nor letters that look like digits. `None` for other words.
    pub fn parse(text: &str) -> Option<Self> {
        let mut code = [0; CODE_CHARACTERS];
        let mut length = 0;
        for letter in text.bytes().filter(|letter| !matches!(letter, b'-' | b' ')) {
            let letter = match letter.to_ascii_uppercase() {
                b'O' => b'0',
                b'I' | b'L' => b'1',
                letter => letter,
            };
            *code.get_mut(length)? = ALPHABET.contains(&letter).then_some(letter)?;
            length += 1;
        }
        (length == CODE_CHARACTERS).then_some(ReferralCode(code))
    }

    /// What the codes of this shop begin with.
    pub fn shop_of(merchant: MerchantId) -> String {
        Self::new(merchant, &[0; 32]).shop().to_owned()
    }

    pub fn shop(&self) -> &str {
        &self.as_str()[..SHOP_CHARACTERS]
    }

    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).expect("the alphabet is ASCII")
    }
}

impl fmt::Display for ReferralCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Five bits of `bytes` for each character.
fn write(characters: &mut [u8], bytes: &[u8]) {
    for (place, character) in characters.iter_mut().enumerate() {
        let first_bit = place * BITS_PER_CHARACTER;
        let pair = u16::from_be_bytes([bytes[first_bit / 8], bytes[first_bit / 8 + 1]]);
        let index = (pair >> (16 - BITS_PER_CHARACTER - first_bit % 8)) & 0x1f;
        *character = ALPHABET[usize::from(index)];
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    #[test]
    fn a_code_is_read_however_it_is_spelled_and_says_which_shop() {
        let merchant = MerchantId(Uuid::from_u128(0x0123_4567_89ab_cdef_0123_4567_89ab_cdef));
        let code = ReferralCode::new(merchant, &[0xa5; 32]);
        assert_eq!(code.shop(), ReferralCode::shop_of(merchant));
        let text = code.to_string();
        assert_eq!(text.len(), CODE_CHARACTERS);
        for spelled in [text.clone(), text.to_lowercase(), format!("{}-{}", &text[..8], &text[8..])] {
            assert_eq!(ReferralCode::parse(&spelled), Some(code), "{spelled}");
        }
        assert_eq!(ReferralCode::parse(&text.replace('0', "o").replace('1', "i")), Some(code));
        for other in ["", "SUMMER20", &text[1..], &format!("{text}0"), "ÄÄÄÄÄÄÄÄÄÄ"] {
            assert_eq!(ReferralCode::parse(other), None, "{other}");
        }
    }
}
