//! The end of a whole shop.

use aggregates::{id::MerchantId, time::Timestamp};
use uuid::Uuid;
use vault::{DirectoryKind, IndexKind, ItemPurpose, KeyState, Vault, VaultError};

use crate::{
    database::{Home, new_id, new_merchant, new_person},
    dump::Dump,
};

const AT: Timestamp = Timestamp(1_790_000_000_000_000);
const PLATFORM: MerchantId = MerchantId(Uuid::nil());
const SHOP: &str = "demo.myshopify.com";

/// A shop with a customer, an order, a search term and a parked body; how many rows of the vault are its own.
async fn shop(vault: &Vault, domain: &str) -> MerchantId {
    let merchant = new_merchant(vault).await;
    vault.register(PLATFORM, DirectoryKind::Shop, domain, merchant.0).await.unwrap();
    let person = new_person(vault, merchant).await;
    vault.claim_order(merchant, "1001", person).await.unwrap();
    vault.index(merchant, person, IndexKind::Email, "ada@example.com").await.unwrap();
    vault.new_item(merchant, ItemPurpose::Parked, ItemPurpose::Parked.expires_at(AT)).await.unwrap();
    merchant
}

async fn rows_of(home: &Home, merchant: MerchantId) -> i64 {
    let counted = "select (select count(*) from vault.directory where merchant = $1)
                        + (select count(*) from vault.order_owner where merchant = $1)
                        + (select count(*) from vault.blind_index where merchant = $1)
                        + (select count(*) from vault.item_keys where merchant = $1)
                        + (select count(*) from vault.bucket where merchant = $1)
                        + (select count(*) from vault.person_keys where merchant = $1 and state <> 'destroyed')";
    sqlx::query_scalar(counted).bind(merchant.0).fetch_one(&home.pool).await.unwrap()
}

#[tokio::test]
async fn everything_of_a_destroyed_merchant_is_gone_and_nothing_of_another() {
    let home = Home::new().await;
    let (vault, other) = (home.vault().await, home.vault().await);
    let (ours, theirs) = (shop(&vault, SHOP).await, shop(&vault, "other.myshopify.com").await);
    let person = new_person(&vault, ours).await;
    let their_rows = rows_of(&home, theirs).await;

    let destroyed = vault.destroy_merchant(ours, AT).await.unwrap();
    assert_eq!((destroyed.buckets.len(), destroyed.people, destroyed.rows), (4, 2, 5));
    assert_eq!((rows_of(&home, ours).await, rows_of(&home, theirs).await), (0, their_rows));
    for vault in [&vault, &other] {
        assert!(matches!(vault.merchant(ours).await, Err(VaultError::Destroyed { at: AT })));
        assert!(matches!(vault.person(ours, person).await, Err(VaultError::Destroyed { at: AT })));
        assert!(matches!(vault.create_merchant(ours).await, Err(VaultError::Destroyed { at: AT })));
        vault.merchant(theirs).await.unwrap();
        vault.check_keys().await.unwrap();
    }
    assert_eq!(vault.key_state(ours, person).await.unwrap(), KeyState::Destroyed { at: AT });
    assert_eq!(vault.traces_of(ours, person).await.unwrap(), []);

    let again = vault.destroy_merchant(ours, AT.plus_days(1)).await.unwrap();
    assert_eq!((again.buckets.len(), again.people, again.rows), (0, 0, 0));
    assert!(matches!(home.vault().await.merchant(ours).await, Err(VaultError::Destroyed { at: AT })));
}

#[tokio::test]
async fn a_shop_that_comes_back_is_another_merchant() {
    let home = Home::new().await;
    let (vault, other) = (home.vault().await, home.vault().await);
    let merchant = shop(&vault, SHOP).await;
    vault.destroy_merchant(merchant, AT).await.unwrap();
    let gone = other.find(PLATFORM, DirectoryKind::Shop, SHOP).await;
    assert!(matches!(gone, Err(VaultError::Destroyed { at: AT })));

    let newcomer = new_merchant(&vault).await;
    assert_eq!(vault.register(PLATFORM, DirectoryKind::Shop, SHOP, newcomer.0).await.unwrap(), newcomer.0);
    assert_eq!(other.register(PLATFORM, DirectoryKind::Shop, SHOP, new_id()).await.unwrap(), newcomer.0);
    assert_eq!(other.find(PLATFORM, DirectoryKind::Shop, SHOP).await.unwrap(), Some(newcomer.0));
}

#[tokio::test]
async fn a_merchant_with_somebody_on_hold_is_not_destroyed() {
    let home = Home::new().await;
    let vault = home.vault().await;
    let merchant = shop(&vault, SHOP).await;
    let person = new_person(&vault, merchant).await;
    vault.hold_person(merchant, person).await.unwrap();
    let refused = vault.destroy_merchant(merchant, AT).await.unwrap_err();
    assert!(matches!(refused, VaultError::Held { person: held } if held == person));
    home.vault().await.person(merchant, person).await.expect("nothing was destroyed");
    vault.release_person(merchant, person).await.unwrap();
    vault.destroy_merchant(merchant, AT).await.unwrap();
}

/// The keys are gone with the first step, whatever rows are left, or come back with a dump.
#[tokio::test]
async fn rows_that_are_left_or_come_back_open_nothing_and_go_the_next_time() {
    let home = Home::new().await;
    let vault = home.vault().await;
    let merchant = shop(&vault, SHOP).await;
    let person = new_person(&vault, merchant).await;
    let dump = Dump::take(&home, "before").await;
    vault.destroy_merchant(merchant, AT).await.unwrap();
    dump.restore(&home).await;

    let restored = home.vault().await;
    assert!(matches!(restored.person(merchant, person).await, Err(VaultError::Destroyed { at: AT })));
    restored.check_keys().await.expect("a destroyed merchant needs no keys");
    let again = restored.destroy_merchant(merchant, AT).await.unwrap();
    assert_eq!((again.people, again.rows), (2, 5));
    assert_eq!(rows_of(&home, merchant).await, 0);
}
