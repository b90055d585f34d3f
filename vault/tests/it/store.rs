//! The database without its root key store, and with another one.

use std::time::Duration;

use vault::{DirectoryKind, ItemPurpose, RootKeyError, RootKeyStore, Vault, VaultError};

use crate::database::{Home, fresh_person, new_merchant, new_person};

#[tokio::test]
async fn a_merchant_made_by_another_process_is_known_at_once() {
    let home = Home::new().await;
    let (gateway, cli) = (home.vault().await, home.vault().await);
    let merchant = new_merchant(&cli).await;
    gateway.merchant(merchant).await.unwrap();
    let ada = new_person(&gateway, merchant).await;
    cli.person(merchant, ada).await.unwrap();
}

#[tokio::test]
async fn what_is_said_of_the_whole_installation_opens_in_every_process_and_under_no_merchants_key() {
    let home = Home::new().await;
    let (cli, gateway) = (home.vault().await, home.vault().await);
    let merchant = new_merchant(&gateway).await;
    let said = cli.installation().unwrap().seal_bytes("test", b"a reason");
    assert_eq!(*gateway.installation().unwrap().open_bytes("test", &said).unwrap(), *b"a reason");
    assert!(gateway.installation().unwrap().open_bytes("another", &said).is_err());
    assert!(gateway.merchant(merchant).await.unwrap().open_bytes("test", &said).is_err());
}

#[tokio::test]
async fn without_the_root_key_store_nothing_opens() {
    let home = Home::new().await;
    let vault = home.vault_with_lease(Duration::ZERO).await;
    let merchant = new_merchant(&vault).await;
    let ada = new_person(&vault, merchant).await;
    let item = vault.new_item(merchant, ItemPurpose::Parked, ItemPurpose::Parked.expires_at(Default::default()));
    let item = item.await.unwrap().id();
    std::fs::remove_file(home.root_path()).unwrap();

    let gone = |error: VaultError| matches!(error, VaultError::Root(RootKeyError::Missing { .. }));
    assert!(gone(vault.merchant(merchant).await.unwrap_err()));
    assert!(gone(vault.person(merchant, ada).await.unwrap_err()));
    assert!(gone(vault.item(merchant, item).await.unwrap_err()));
    assert!(gone(vault.claim_order(merchant, "1001", ada).await.unwrap_err()));
    assert!(gone(vault.ping().await.unwrap_err()));
    let lookup = vault.person_for(merchant, DirectoryKind::ShopifyCustomer, "1", fresh_person()).await;
    assert!(gone(lookup.unwrap_err()));

    assert!(matches!(RootKeyStore::open(&home.root_path()), Err(RootKeyError::Missing { .. })));
    let other = Vault::open(home.pool.clone(), home.root()).await;
    assert!(
        matches!(other.err(), Some(VaultError::Root(RootKeyError::OtherStore { .. }))),
        "a new store is not the old"
    );
}

#[tokio::test]
async fn a_store_older_than_the_database_says_so() {
    let home = Home::new().await;
    let vault = home.vault_with_lease(Duration::ZERO).await;
    let merchant = new_merchant(&vault).await;
    let old = std::fs::read(home.root_path()).unwrap();
    sqlx::query("update vault.bucket set people = $1").bind(vault::BUCKET_CAPACITY).execute(&home.pool).await.unwrap();
    let ada = new_person(&vault, merchant).await;
    std::fs::write(home.root_path(), old).unwrap();
    let refused = vault.person(merchant, ada).await.unwrap_err();
    assert!(matches!(refused, VaultError::Root(RootKeyError::NoSuchKey { .. })), "{refused}");
}
