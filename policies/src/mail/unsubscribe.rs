//! Links by which a reader ends it. A link names the merchant and the customer by their random ids, and carries a keyed hash that
//! only the merchant's key makes: nobody can make one for somebody else. It does not expire: mails are read years later.

use aggregates::id::{CustomerId, MerchantId};
use uuid::Uuid;
use vault::MerchantKeys;

/// What the hash is kept apart by from other uses of the key.
const LOOKUP_KIND: &str = "mail.unsubscribe";
/// Bytes of the hash in a link.
const PROOF_BYTES: usize = 16;

/// A link's token, as it came in: whom it names, and its proof.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Token {
    pub merchant: MerchantId,
    pub customer: CustomerId,
    proof: [u8; PROOF_BYTES],
}

/// The token of one reader's links, in hexadecimal.
pub fn token(keys: &MerchantKeys, customer: CustomerId) -> String {
    let bytes = [&keys.id().0.as_bytes()[..], customer.0.as_bytes(), &proof(keys, customer)].concat();
    hex::encode(bytes)
}

fn proof(keys: &MerchantKeys, customer: CustomerId) -> [u8; PROOF_BYTES] {
    let hash = keys.lookup_hash(LOOKUP_KIND, &customer.to_string());
    let (half, _) = hash.split_first_chunk().expect("a hash has 32 bytes");
    *half
}

impl Token {
    /// Reads a token; whether it is genuine says [`Token::is_genuine`], with the merchant's keys.
    pub fn parse(text: &str) -> Option<Token> {
        let bytes = hex::decode(text).ok()?;
        let (merchant, rest) = bytes.split_first_chunk::<16>()?;
        let (customer, proof) = rest.split_first_chunk::<16>()?;
        Some(Token {
            merchant: MerchantId(Uuid::from_bytes(*merchant)),
            customer: CustomerId(Uuid::from_bytes(*customer)),
            proof: proof.try_into().ok()?,
        })
    }

    /// Whether the merchant's key has made it. All bytes are looked at, wherever the first difference is.
    pub fn is_genuine(&self, keys: &MerchantKeys) -> bool {
        let expected = proof(keys, self.customer);
        let difference = expected.iter().zip(&self.proof).fold(0, |sum, (one, other)| sum | (one ^ other));
        difference == 0 && keys.id() == self.merchant
    }
}
