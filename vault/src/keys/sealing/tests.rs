//! What opens, what does not, and bytes that must open for ever.

use aggregates::id::CustomerId;
use proptest::prelude::*;

use super::*;
use crate::{LinkKey, PersonKeys, PersonState, SEAL_OVERHEAD};

fn secret(first: u8) -> Secret {
    Secret::take(&mut (first..first + 32).collect::<Vec<u8>>()).unwrap()
}

fn key() -> SealingKey {
    SealingKey::new(MerchantId(Uuid::from_u128(1)), Uuid::from_u128(2), secret(0))
}

#[derive(Debug, Clone, PartialEq, Serialize, serde::Deserialize)]
struct Address {
    street: String,
    lines: Vec<Option<String>>,
    since: i64,
}

fn addresses() -> impl Strategy<Value = Address> {
    (".{0,40}", prop::collection::vec(prop::option::of(".{0,20}"), 0..4), any::<i64>())
        .prop_map(|(street, lines, since)| Address { street, lines, since })
}

proptest! {
    #[test]
    fn what_was_sealed_opens_again(address in addresses()) {
        let sealed = key().seal("address", &address);
        prop_assert_eq!(key().open("address", &sealed).unwrap(), address);
    }

    #[test]
    fn sealed_bytes_are_longer_by_the_overhead_and_never_the_same(plain in prop::collection::vec(any::<u8>(), 0..300)) {
        let (once, again) = (key().seal_bytes("body", &plain), key().seal_bytes("body", &plain));
        prop_assert_eq!(once.len(), plain.len() + SEAL_OVERHEAD);
        prop_assert_ne!(&once, &again);
        prop_assert_eq!(&*key().open_bytes("body", &once).unwrap(), &plain);
    }

    #[test]
    fn one_changed_bit_closes_it(address in addresses(), at in any::<prop::sample::Index>(), bit in 0_u32..8) {
        let mut bytes = key().seal("address", &address).ciphertext().to_vec();
        let at = at.index(bytes.len());
        bytes[at] ^= 1 << bit;
        prop_assert!(key().open("address", &Sealed::<Address>::from_ciphertext(bytes)).is_err());
    }

    #[test]
    fn bytes_from_anywhere_are_refused(bytes in prop::collection::vec(any::<u8>(), 0..100)) {
        prop_assert!(key().open_bytes("body", &bytes).is_err());
    }
}

#[test]
fn any_part_of_the_binding_closes_it() {
    let sealed = key().seal("name", &7_u32);
    let elsewhere = SealingKey::new(MerchantId(Uuid::from_u128(9)), Uuid::from_u128(2), secret(0));
    let other_secret = SealingKey::new(MerchantId(Uuid::from_u128(1)), Uuid::from_u128(2), secret(1));
    let other_owner = SealingKey::new(MerchantId(Uuid::from_u128(1)), Uuid::from_u128(3), secret(0));
    assert_eq!(key().open("street", &sealed), Err(SealError::Closed));
    assert_eq!(elsewhere.open("name", &sealed), Err(SealError::Closed));
    assert_eq!(other_secret.open("name", &sealed), Err(SealError::Closed));
    assert_eq!(other_owner.open("name", &sealed), Err(SealError::OtherKey { key: Uuid::from_u128(2) }));
    assert_eq!(key_of(&sealed), Ok(Uuid::from_u128(2)));
}

#[test]
fn a_value_of_another_type_is_told_apart_from_a_closed_one() {
    let sealed = Sealed::<String>::from_ciphertext(key().seal("name", &u64::MAX).ciphertext());
    assert_eq!(key().open("name", &sealed), Err(SealError::OtherType));
    assert_eq!(key_of(&Sealed::<String>::from_ciphertext([1; 10])), Err(SealError::Malformed));
}

/// Sealed values lie in the journal for ever: these bytes, made by another implementation, open in every release.
#[test]
fn golden_bytes_open() {
    let sealed = unhex(concat!(
        "01",
        "00000000000000000000000000000002",
        "404142434445464748494a4b",
        "e1f8ca423e1efbfa77652970a45a929beb715bdb",
    ));
    assert_eq!(key().open("name", &Sealed::<String>::from_ciphertext(sealed)).unwrap(), "Ada");
}

#[test]
fn golden_tokens_stay() {
    let link = LinkKey(secret(0));
    assert_eq!(hex(&link.token("order", "1001").0), "b207300a97a2a38a8371a63bf11c7a06");
    assert_eq!(link.fingerprint(b"a refund").0, 0xdeda_48c2_fa7f_7b5c);
    assert_ne!(link.token("order", "1001"), link.token("line", "1001"));
    assert_ne!(link.token("order", "1001"), LinkKey(secret(1)).token("order", "1001"));
}

#[test]
fn debug_shows_no_key() {
    let both = zeroize::Zeroizing::new((0..64).collect());
    let (merchant, person) = (MerchantId(Uuid::nil()), CustomerId(Uuid::nil()));
    let keys = PersonKeys::from_bytes(merchant, person, PersonState::Active, both).unwrap();
    let shown = format!("{keys:?} {:?} {:?}", keys.link_key(), secret(0));
    assert_eq!(shown, format!("PersonKeys({person}) LinkKey(Secret(…)) Secret(…)"));
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn unhex(text: &str) -> Vec<u8> {
    (0..text.len() / 2).map(|n| u8::from_str_radix(&text[2 * n..2 * n + 2], 16).unwrap()).collect()
}
