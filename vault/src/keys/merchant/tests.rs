//! Codes and look-ups that must never change.

use super::*;

fn keys() -> MerchantKeys {
    let secret = Secret::take(&mut (0..32).collect::<Vec<u8>>()).unwrap();
    MerchantKeys::new(MerchantId(Uuid::from_u128(1)), &secret)
}

#[test]
fn codes_are_four_groups_that_can_be_read_aloud() {
    let code = keys().derive_code(Uuid::from_u128(7));
    assert_eq!(code, "LN-9SKX-TCWV-8DJB-XM4C");
    assert_ne!(code, keys().derive_code(Uuid::from_u128(8)));
    let groups: Vec<&str> = code.split('-').collect();
    assert_eq!(groups.iter().map(|group| group.len()).collect::<Vec<_>>(), [2, 4, 4, 4, 4]);
    assert!(groups[1..].concat().bytes().all(|letter| CODE_ALPHABET.contains(&letter)));
}

/// Crockford's own order: the first letter is the five highest bits.
#[test]
fn codes_spell_the_leading_eighty_bits() {
    let keys = keys();
    let mac = keys.codes.mac(&[Uuid::from_u128(7).as_bytes()]);
    let bits: String = mac[..10].iter().map(|byte| format!("{byte:08b}")).collect();
    let letters: String = (0..16)
        .map(|n| char::from(CODE_ALPHABET[usize::from_str_radix(&bits[5 * n..5 * n + 5], 2).unwrap()]))
        .collect();
    assert_eq!(keys.derive_code(Uuid::from_u128(7)).replace('-', ""), format!("LN{letters}"));
}

/// What has been written under these hashes must be found for ever.
#[test]
fn lookups_stay() {
    let hash = keys().lookup_hash("order", "1001");
    assert_eq!(hex(&hash), "93645f15c56a2368a6158507397fe7479f4a945c08fe947a2c8882df85f0c4ca");
    assert_ne!(hash, keys().lookup_hash("orders", "1001"));
    assert_ne!(hash, keys().lookup_hash("order", "1002"));
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[test]
fn keys_of_different_uses_differ() {
    let keys = keys();
    let all = [&keys.codes, &keys.wrapping, &keys.items, &keys.lookup.0].map(|secret| *secret.expose());
    let distinct: std::collections::HashSet<_> = all.iter().collect();
    assert_eq!(distinct.len(), all.len());
}
