//! Links by which a reader ends it. A link names the merchant and the reader: a customer by their random id, a friend whom somebody
//! has invited by the keyed hash of their address. It carries a keyed hash that only the merchant's key makes: nobody can
//! make one for somebody else. It does not expire: mails are read years later.

use aggregates::id::{CustomerId, MerchantId};
use uuid::Uuid;
use vault::{AddressHash, MerchantKeys};

/// What the hashes are kept apart by from other uses of the key, and from each other.
const CUSTOMER_KIND: &str = "mail.unsubscribe";
const ADDRESS_KIND: &str = "mail.unsubscribe_address";
/// Bytes of the hash in a link.
const PROOF_BYTES: usize = 16;

/// Who a link is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReaderId {
    Customer(CustomerId),
    /// No customer, as far as was known when the mail was sent.
    Address(AddressHash),
}

/// A link's token, as it came in: whom it names, and its proof.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Token {
    pub merchant: MerchantId,
    pub reader: ReaderId,
    proof: [u8; PROOF_BYTES],
}

/// The token of one reader's links, in hexadecimal.
pub fn token(keys: &MerchantKeys, reader: ReaderId) -> String {
    let named = match &reader {
        ReaderId::Customer(customer) => &customer.0.as_bytes()[..],
        ReaderId::Address(address) => &address.0,
    };
    hex::encode([&keys.id().0.as_bytes()[..], named, &proof(keys, reader)].concat())
}

fn proof(keys: &MerchantKeys, reader: ReaderId) -> [u8; PROOF_BYTES] {
    let hash = match reader {
        ReaderId::Customer(customer) => keys.lookup_hash(CUSTOMER_KIND, &customer.to_string()),
        ReaderId::Address(address) => keys.lookup_hash(ADDRESS_KIND, &hex::encode(address.0)),
    };
    let (half, _) = hash.split_first_chunk().expect("a hash has 32 bytes");
    *half
}

impl Token {
    /// Reads a token; whether it is genuine says [`Token::is_genuine`], with the merchant's keys. Its length says what it names.
    pub fn parse(text: &str) -> Option<Token> {
        let bytes = hex::decode(text).ok()?;
        let (merchant, rest) = bytes.split_first_chunk::<16>()?;
        let (named, proof) = rest.split_last_chunk::<PROOF_BYTES>()?;
        let reader = match named.len() {
            16 => ReaderId::Customer(CustomerId(Uuid::from_slice(named).ok()?)),
            _ => ReaderId::Address(AddressHash(named.try_into().ok()?)),
        };
        Some(Token { merchant: MerchantId(Uuid::from_bytes(*merchant)), reader, proof: *proof })
    }

    /// Whether the merchant's key has made it. All bytes are looked at, wherever the first difference is.
    pub fn is_genuine(&self, keys: &MerchantKeys) -> bool {
        let expected = proof(keys, self.reader);
        let difference = expected.iter().zip(&self.proof).fold(0, |sum, (one, other)| sum | (one ^ other));
        difference == 0 && keys.id() == self.merchant
    }
}
