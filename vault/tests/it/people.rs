//! What a person's keys open, and for whom.

use aggregates::{id::CustomerId, sealed::Sealed};
use vault::{LinkKey, PersonState, SealError, VaultError, key_of};

use crate::database::{Home, fresh_person, new_id, new_merchant, new_person};

#[tokio::test]
async fn a_sealed_value_opens_only_for_its_person_field_and_merchant() {
    let home = Home::new().await;
    let vault = home.vault().await;
    let (merchant, elsewhere) = (new_merchant(&vault).await, new_merchant(&vault).await);
    let (ada, bob) = (new_person(&vault, merchant).await, new_person(&vault, merchant).await);
    let keys = vault.person(merchant, ada).await.unwrap();
    let name = keys.seal("name", &"Ada Lovelace".to_owned());

    assert_eq!(key_of(&name).unwrap(), ada.0);
    assert_eq!(keys.open("name", &name).unwrap(), "Ada Lovelace");
    assert_eq!(keys.open("street", &name), Err(SealError::Closed));
    let bobs = vault.person(merchant, bob).await.unwrap();
    assert_eq!(bobs.open("name", &name), Err(SealError::OtherKey { key: ada.0 }));
    let relabelled = Sealed::<String>::from_ciphertext(relabel(name.ciphertext(), bob));
    assert_eq!(bobs.open("name", &relabelled), Err(SealError::Closed));
    for merchant in [merchant, elsewhere] {
        let of_merchant = vault.merchant(merchant).await.unwrap();
        assert_eq!(of_merchant.open("name", &name), Err(SealError::OtherKey { key: ada.0 }));
    }
}

fn relabel(sealed: &[u8], as_of: CustomerId) -> Vec<u8> {
    let mut forged = sealed.to_vec();
    forged[1..17].copy_from_slice(as_of.0.as_bytes());
    forged
}

#[tokio::test]
async fn another_merchant_has_no_such_person() {
    let home = Home::new().await;
    let (vault, other) = (home.vault().await, home.vault().await);
    let (merchant, elsewhere) = (new_merchant(&vault).await, new_merchant(&vault).await);
    let ada = new_person(&vault, merchant).await;
    vault.person(merchant, ada).await.unwrap();
    for vault in [vault, other] {
        assert!(matches!(vault.person(elsewhere, ada).await, Err(VaultError::NeverMade)), "cached or not");
    }
}

#[tokio::test]
async fn keys_moved_to_another_persons_row_do_not_open() {
    let home = Home::new().await;
    let vault = home.vault().await;
    let merchant = new_merchant(&vault).await;
    let (ada, bob) = (new_person(&vault, merchant).await, new_person(&vault, merchant).await);
    sqlx::query(
        "update vault.person_keys to_row set bucket = from_row.bucket, generation = from_row.generation,
         wrapped = from_row.wrapped from vault.person_keys from_row where to_row.person = $1 and from_row.person = $2",
    )
    .bind(ada.0)
    .bind(bob.0)
    .execute(&home.pool)
    .await
    .unwrap();
    assert!(matches!(vault.person(merchant, ada).await, Err(VaultError::Tampered { .. })));
    vault.person(merchant, bob).await.unwrap();
}

#[tokio::test]
async fn a_merged_losers_orders_are_recognised_under_the_winners_key() {
    let home = Home::new().await;
    let vault = home.vault().await;
    let merchant = new_merchant(&vault).await;
    let loser = vault.person(merchant, new_person(&vault, merchant).await).await.unwrap();
    let winner = vault.person(merchant, new_person(&vault, merchant).await).await.unwrap();
    assert_ne!(loser.token("order", "1001"), winner.token("order", "1001"), "tokens link nobody to anybody");

    let sealed: Sealed<LinkKey> = winner.seal("link", &loser.link_key());
    let link = winner.open("link", &sealed).unwrap();
    assert_eq!(link.token("order", "1001"), loser.token("order", "1001"));
    assert_eq!(link.fingerprint(b"a refund"), loser.fingerprint(b"a refund"));
}

#[tokio::test]
async fn a_held_person_is_served_and_says_so() {
    let home = Home::new().await;
    let vault = home.vault().await;
    let merchant = new_merchant(&vault).await;
    let ada = new_person(&vault, merchant).await;
    home.execute("update vault.person_keys set state = 'held' where person = $1", ada.0).await;
    assert_eq!(vault.person(merchant, ada).await.unwrap().state(), PersonState::Held);
}

#[tokio::test]
async fn people_the_vault_never_heard_of_are_named() {
    let home = Home::new().await;
    let vault = home.vault().await;
    let merchant = new_merchant(&vault).await;
    let (ada, erased, stranger) =
        (new_person(&vault, merchant).await, new_person(&vault, merchant).await, fresh_person());
    destroy(&home, erased).await;

    assert_eq!(vault.unheard_of(merchant, &[ada, stranger, erased]).await.unwrap(), [stranger]);
    assert_eq!(vault.unheard_of(merchant, &[]).await.unwrap(), []);
    assert!(matches!(vault.person(merchant, stranger).await, Err(VaultError::NeverMade)));
    assert!(matches!(vault.person(merchant, erased).await, Err(VaultError::Destroyed { at }) if at.0 == 7));
}

#[tokio::test]
async fn a_destroyed_person_never_gets_keys_again() {
    let home = Home::new().await;
    let vault = home.vault().await;
    let merchant = new_merchant(&vault).await;
    let ada = new_person(&vault, merchant).await;
    destroy(&home, ada).await;
    let kind = vault::DirectoryKind::ShopifyCustomer;
    vault.person_for(merchant, kind, &new_id().to_string(), ada).await.unwrap();
    assert!(matches!(vault.person(merchant, ada).await, Err(VaultError::Destroyed { .. })));
}

pub async fn destroy(home: &Home, person: CustomerId) {
    let destroyed = home
        .execute(
            "update vault.person_keys set state = 'destroyed', destroyed_at_us = 7,
             bucket = null, generation = null, wrapped = null where person = $1",
            person.0,
        )
        .await;
    assert_eq!(destroyed, 1);
}
