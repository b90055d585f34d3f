//! What is not to end with a person, and what is to end with a request about them.

use aggregates::time::Timestamp;
use uuid::Uuid;
use vault::{
    DirectoryKind::{GdprRequest, RedemptionCode, ShopifyCustomer},
    HandedOver,
    IndexKind::{Email, OrderNumber, Phone},
    ItemPurpose, OrderOwner, VaultError,
};

use crate::database::{Home, fresh_person, new_merchant};

const LATER: Timestamp = Timestamp(5);

#[tokio::test]
async fn orders_and_codes_change_hands_once_and_identities_do_not() {
    let home = Home::new().await;
    let vault = home.vault().await;
    let (merchant, elsewhere) = (new_merchant(&vault).await, new_merchant(&vault).await);
    let (loser, _) = vault.person_for(merchant, ShopifyCustomer, "1", fresh_person()).await.unwrap();
    let (winner, _) = vault.person_for(merchant, ShopifyCustomer, "2", fresh_person()).await.unwrap();
    vault.claim_order(merchant, "1001", loser).await.unwrap();
    vault.claim_order(elsewhere, "1001", loser).await.unwrap();
    vault.register(merchant, RedemptionCode, "LN-1", loser.0).await.unwrap();

    let handed = vault.hand_over(merchant, loser, winner).await.unwrap();
    assert_eq!(handed, HandedOver { orders: 1, codes: 1 });
    assert_eq!(vault.hand_over(merchant, loser, winner).await.unwrap(), HandedOver::default());
    let owner = |account| Some(OrderOwner::Account { account, was_waiting: false });
    assert_eq!(vault.order_owner(merchant, "1001").await.unwrap(), owner(winner));
    assert_eq!(vault.order_owner(elsewhere, "1001").await.unwrap(), owner(loser), "another shop's");
    assert_eq!(vault.find(merchant, RedemptionCode, "LN-1").await.unwrap(), Some(winner.0));
    assert_eq!(vault.find(merchant, ShopifyCustomer, "1").await.unwrap(), Some(loser.0));

    vault.destroy_people(merchant, &[loser], LATER).await.unwrap();
    assert_eq!(vault.order_owner(merchant, "1001").await.unwrap(), owner(winner), "it does not end with the loser");
}

#[tokio::test]
async fn a_request_that_ended_with_its_person_is_not_found_by_its_words() {
    let home = Home::new().await;
    let vault = home.vault().await;
    let merchant = new_merchant(&vault).await;
    let request = Uuid::from_u128(7);
    vault.register(merchant, GdprRequest, "redact 1", request).await.unwrap();
    assert_eq!(vault.forget_subjects(merchant, GdprRequest, &[request], LATER).await.unwrap(), 1);
    let found = vault.register(merchant, GdprRequest, "redact 1", Uuid::from_u128(8)).await;
    assert!(matches!(found, Err(VaultError::Destroyed { at: LATER })), "{found:?}");
}

#[tokio::test]
async fn an_order_of_somebody_forgotten_is_buried_with_what_waited_for_it() {
    let home = Home::new().await;
    let vault = home.vault().await;
    let merchant = new_merchant(&vault).await;
    let expires_at = ItemPurpose::Waiting.expires_at(Timestamp(0));
    let fact = vault.new_item(merchant, ItemPurpose::Waiting, expires_at).await.unwrap().id();
    vault.add_waiting_item(merchant, "1001", fact).await.unwrap();
    vault.claim_order(merchant, "1003", fresh_person()).await.unwrap();

    for order in ["1001", "1002", "1003"] {
        vault.bury_order(merchant, order, LATER).await.unwrap();
    }
    assert!(matches!(vault.item(merchant, fact).await, Err(VaultError::ItemGone)));
    for order in ["1001", "1002"] {
        assert_eq!(vault.await_order(merchant, order).await.unwrap(), OrderOwner::Erased { at: LATER });
    }
    let owned = vault.order_owner(merchant, "1003").await.unwrap();
    assert!(matches!(owned, Some(OrderOwner::Account { .. })), "an order that has an owner stays theirs");
}

#[tokio::test]
async fn a_person_is_found_by_their_newest_values_alone() {
    let home = Home::new().await;
    let vault = home.vault().await;
    let merchant = new_merchant(&vault).await;
    let (ada, bob) = (fresh_person(), fresh_person());
    vault.index(merchant, ada, OrderNumber, "1001").await.unwrap();
    vault.index(merchant, bob, Email, "old@example.org").await.unwrap();
    vault.reindex_person(merchant, ada, &[(Email, "old@example.org"), (Phone, "+49301234")]).await.unwrap();
    for _ in 0..2 {
        vault.reindex_person(merchant, ada, &[(Email, "new@example.org")]).await.unwrap();
        assert_eq!(vault.search(merchant, Email, "new@example.org").await.unwrap(), [ada]);
        assert_eq!(vault.search(merchant, Email, "old@example.org").await.unwrap(), [bob], "somebody else still is");
        assert_eq!(vault.search(merchant, Phone, "+49301234").await.unwrap(), []);
        assert_eq!(vault.search(merchant, OrderNumber, "1001").await.unwrap(), [ada], "orders are no addresses");
    }
    vault.reindex_person(merchant, ada, &[]).await.unwrap();
    assert_eq!(vault.search(merchant, Email, "new@example.org").await.unwrap(), []);
}

#[tokio::test]
async fn whether_anybody_is_held_is_known_for_each_merchant() {
    let home = Home::new().await;
    let vault = home.vault().await;
    let (merchant, elsewhere) = (new_merchant(&vault).await, new_merchant(&vault).await);
    let (ada, _) = vault.person_for(merchant, ShopifyCustomer, "1", fresh_person()).await.unwrap();
    vault.hold_person(merchant, ada).await.unwrap();
    assert!(vault.anybody_is_held(merchant).await.unwrap());
    assert!(!vault.anybody_is_held(elsewhere).await.unwrap());
    vault.release_person(merchant, ada).await.unwrap();
    assert!(!vault.anybody_is_held(merchant).await.unwrap());
}
