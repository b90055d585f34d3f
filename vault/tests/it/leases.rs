//! How long keys are used without asking again.

use std::time::Duration;

use vault::VaultError;

use crate::{
    database::{Home, new_merchant, new_person},
    people::destroy,
};

#[tokio::test]
async fn within_the_lease_nobody_asks_again() {
    let home = Home::new().await;
    let vault = home.vault().await;
    let merchant = new_merchant(&vault).await;
    let ada = new_person(&vault, merchant).await;
    vault.person(merchant, ada).await.unwrap();
    destroy(&home, ada).await;
    vault.person(merchant, ada).await.expect("still leased: the default is a minute");
}

#[tokio::test]
async fn when_the_lease_ends_a_destroyed_person_is_refused() {
    let home = Home::new().await;
    let vault = home.vault_with_lease(Duration::from_millis(300)).await;
    let merchant = new_merchant(&vault).await;
    let ada = new_person(&vault, merchant).await;
    vault.person(merchant, ada).await.unwrap();
    destroy(&home, ada).await;
    let refused = async {
        while vault.person(merchant, ada).await.is_ok() {
            tokio::task::yield_now().await;
        }
        vault.person(merchant, ada).await
    };
    let refused = tokio::time::timeout(Duration::from_secs(10), refused).await.expect("leases end");
    assert!(matches!(refused, Err(VaultError::Destroyed { .. })));
}

#[tokio::test]
async fn without_a_lease_a_destroyed_person_is_refused_at_once() {
    let home = Home::new().await;
    let vault = home.vault_with_lease(Duration::ZERO).await;
    let merchant = new_merchant(&vault).await;
    let ada = new_person(&vault, merchant).await;
    vault.person(merchant, ada).await.unwrap();
    destroy(&home, ada).await;
    assert!(matches!(vault.person(merchant, ada).await, Err(VaultError::Destroyed { .. })));
}
