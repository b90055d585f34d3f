//! Codes and look-ups that must never change.

use super::*;

fn secret(first: u8) -> Secret {
    Secret::take(&mut (first..first + 32).collect::<Vec<u8>>()).unwrap()
}

fn keys() -> MerchantKeys {
    MerchantKeys::new(MerchantId(Uuid::from_u128(1)), &secret(0), vec![(1, secret(100))], 1)
}

/// The same merchant after its key was turned.
fn turned() -> MerchantKeys {
    MerchantKeys::new(MerchantId(Uuid::from_u128(1)), &secret(0), vec![(1, secret(100)), (2, secret(150))], 2)
}

#[test]
fn a_turned_key_opens_what_was_sealed_before_and_seals_what_the_earlier_one_does_not_open() {
    let (before, after) = (keys(), turned());
    let old = before.seal("secret", &7_u64);
    let new = after.seal("secret", &8_u64);
    assert_eq!((after.open("secret", &old), after.open("secret", &new)), (Ok(7), Ok(8)));
    assert_eq!(before.open("secret", &new), Err(SealError::Closed));
    assert_eq!(after.open("another", &old), Err(SealError::Closed));
    assert_eq!(after.open_bytes("secret", &before.seal_bytes("secret", b"plain")).as_deref(), Ok(&b"plain".to_vec()));
}

/// Other processes may not have heard of the new generation yet.
#[test]
fn a_generation_that_has_only_been_made_opens_and_does_not_seal() {
    let made =
        MerchantKeys::new(MerchantId(Uuid::from_u128(1)), &secret(0), vec![(1, secret(100)), (2, secret(150))], 1);
    assert_eq!(keys().open("secret", &made.seal("secret", &7_u64)), Ok(7));
    assert_eq!(made.open("secret", &turned().seal("secret", &8_u64)), Ok(8));
    assert_eq!(made.current_items().0, 1);
}

#[test]
fn turning_changes_no_look_up_and_no_code() {
    let (before, after) = (keys(), turned());
    assert_eq!(before.lookup_hash("order", "1001"), after.lookup_hash("order", "1001"));
    assert_eq!(before.derive_code(Uuid::from_u128(7)), after.derive_code(Uuid::from_u128(7)));
}

#[test]
fn items_are_wrapped_by_the_generation_that_seals_and_opened_by_their_own() {
    let (before, after) = (keys(), turned());
    let (first, old) = before.current_items();
    let (second, new) = after.current_items();
    assert_eq!((first, second), (1, 2));
    assert_eq!(after.items_of(1).map(Secret::expose), Some(old.expose()));
    assert_eq!(after.items_of(2).map(Secret::expose), Some(new.expose()));
    assert!(before.items_of(2).is_none());
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
    let all = [&keys.codes, keys.current_items().1, &keys.lookup.0].map(|secret| *secret.expose());
    let distinct: std::collections::HashSet<_> = all.iter().collect();
    assert_eq!(distinct.len(), all.len());
}
