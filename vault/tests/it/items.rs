//! Keys of single items, and their end.

use aggregates::time::Timestamp;
use vault::{ItemPurpose, RootKeyError, SealError, VaultError, WAITING_DAYS, WAITING_LIFE_DAYS};

use crate::database::{Home, new_merchant};

const NOW: Timestamp = Timestamp(1_790_000_000_000_000);

#[tokio::test]
async fn an_item_is_opened_by_its_own_key_alone() {
    let home = Home::new().await;
    let (vault, other) = (home.vault().await, home.vault().await);
    let (merchant, elsewhere) = (new_merchant(&vault).await, new_merchant(&vault).await);
    let expires_at = ItemPurpose::Parked.expires_at(NOW);
    let first = vault.new_item(merchant, ItemPurpose::Parked, expires_at).await.unwrap();
    let second = vault.new_item(merchant, ItemPurpose::Parked, expires_at).await.unwrap();
    let sealed = first.seal_bytes("body", b"{\"email\":");

    let again = other.item(merchant, first.id()).await.unwrap();
    assert_eq!(*again.open_bytes("body", &sealed).unwrap(), b"{\"email\":");
    assert_eq!(second.open_bytes("body", &sealed), Err(SealError::OtherKey { key: first.id().0 }));
    assert!(matches!(other.item(elsewhere, first.id()).await, Err(VaultError::ItemGone)));
}

#[tokio::test]
async fn items_end_with_their_time() {
    let home = Home::new().await;
    let vault = home.vault().await;
    let merchant = new_merchant(&vault).await;
    let parked = vault.new_item(merchant, ItemPurpose::Parked, ItemPurpose::Parked.expires_at(NOW)).await.unwrap();
    let waiting = vault.new_item(merchant, ItemPurpose::Waiting, ItemPurpose::Waiting.expires_at(NOW)).await.unwrap();

    assert_eq!(vault.purge_items(NOW.plus_days(29)).await.unwrap(), 0);
    vault.item(merchant, parked.id()).await.unwrap();
    assert_eq!(vault.purge_items(NOW.plus_days(30)).await.unwrap(), 1);
    assert!(matches!(vault.item(merchant, parked.id()).await, Err(VaultError::ItemGone)));
    vault.item(merchant, waiting.id()).await.unwrap();
    assert_eq!(vault.purge_items(NOW.plus_days(WAITING_DAYS)).await.unwrap(), 0, "it can still be parked");
    assert_eq!(vault.purge_items(NOW.plus_days(WAITING_LIFE_DAYS)).await.unwrap(), 1);
    assert!(matches!(vault.item(merchant, waiting.id()).await, Err(VaultError::ItemGone)));
}

#[tokio::test]
async fn a_backup_of_the_database_does_not_bring_expired_items_back() {
    let home = Home::new().await;
    let vault = home.vault().await;
    let merchant = new_merchant(&vault).await;
    let item = vault.new_item(merchant, ItemPurpose::Parked, NOW).await.unwrap();
    sqlx::query("create table backup as select * from vault.item_keys").execute(&home.pool).await.unwrap();

    assert_eq!(vault.purge_items(NOW.plus_days(1)).await.unwrap(), 1);
    sqlx::query("insert into vault.item_keys select * from backup").execute(&home.pool).await.unwrap();
    let refused = vault.item(merchant, item.id()).await.unwrap_err();
    assert!(matches!(refused, VaultError::Root(RootKeyError::NoSuchKey { .. })), "{refused}");
}
