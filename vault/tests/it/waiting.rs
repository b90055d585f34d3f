//! Facts that come before their order.

use aggregates::{id::MerchantId, time::Timestamp};
use vault::{ItemId, ItemPurpose, OrderOwner, PlacedItem, Vault, VaultError, WaitingItem};

use crate::database::{Home, fresh_person, new_merchant};

async fn new_fact(vault: &Vault, merchant: MerchantId) -> ItemId {
    let expires_at = ItemPurpose::Waiting.expires_at(Timestamp(0));
    vault.new_item(merchant, ItemPurpose::Waiting, expires_at).await.unwrap().id()
}

#[tokio::test]
async fn what_waits_is_found_by_the_claimer_in_the_journals_order() {
    let home = Home::new().await;
    let vault = home.vault().await;
    let merchant = new_merchant(&vault).await;
    let mut facts = Vec::new();
    for _ in 0..3 {
        let fact = new_fact(&vault, merchant).await;
        assert_eq!(vault.add_waiting_item(merchant, "1001", fact).await.unwrap(), OrderOwner::Waiting);
        facts.push(fact);
    }
    vault.set_waiting_position(facts[1], 5).await.unwrap();
    vault.set_waiting_position(facts[0], u64::MAX >> 1).await.unwrap();

    let found = vault.waiting_items(merchant, "1001").await.unwrap();
    let item = |n: usize, position| WaitingItem { item: facts[n], position };
    assert_eq!(found, [item(1, Some(5)), item(0, Some(u64::MAX >> 1)), item(2, None)]);
    assert_eq!(vault.waiting_items(merchant, "1002").await.unwrap(), []);
}

#[tokio::test]
async fn applied_facts_are_dropped_with_their_keys() {
    let home = Home::new().await;
    let vault = home.vault().await;
    let merchant = new_merchant(&vault).await;
    let (first, second) = (new_fact(&vault, merchant).await, new_fact(&vault, merchant).await);
    for fact in [first, second] {
        vault.add_waiting_item(merchant, "1001", fact).await.unwrap();
    }
    let ada = fresh_person();
    vault.claim_order(merchant, "1001", ada).await.unwrap();

    let owner = async || vault.order_owner(merchant, "1001").await.unwrap().unwrap();
    vault.drop_waiting_items(merchant, "1002", &[first]).await.unwrap();
    vault.item(merchant, first).await.expect("dropped of another order: nothing happens");
    vault.drop_waiting_items(merchant, "1001", &[first]).await.unwrap();
    assert!(matches!(vault.item(merchant, first).await, Err(VaultError::ItemGone)));
    assert_eq!(owner().await, OrderOwner::Account { account: ada, was_waiting: true }, "one is left");
    vault.drop_waiting_items(merchant, "1001", &[second]).await.unwrap();
    assert_eq!(owner().await, OrderOwner::Account { account: ada, was_waiting: false });
    vault.set_waiting_position(second, 9).await.expect("a late position is of no use, and no harm");
}

#[tokio::test]
async fn facts_that_the_journal_has_lost_are_forgotten_with_their_keys() {
    let home = Home::new().await;
    let vault = home.vault().await;
    let merchant = new_merchant(&vault).await;
    let (kept, lost, on_its_way) =
        (new_fact(&vault, merchant).await, new_fact(&vault, merchant).await, new_fact(&vault, merchant).await);
    for fact in [kept, lost, on_its_way] {
        vault.add_waiting_item(merchant, "1001", fact).await.unwrap();
    }
    vault.set_waiting_position(kept, 3).await.unwrap();
    vault.set_waiting_position(lost, 7).await.unwrap();

    let placed = |item, position| PlacedItem { merchant, item, position };
    let mut expected = [placed(kept, 3), placed(lost, 7)];
    expected.sort_by_key(|placed| placed.item);
    assert_eq!(vault.placed_waiting(None).await.unwrap(), expected);
    assert_eq!(vault.placed_waiting(Some(expected[0].item)).await.unwrap(), expected[1..]);

    vault.forget_waiting(&[placed(lost, 7)]).await.unwrap();
    assert_eq!(vault.placed_waiting(None).await.unwrap(), [placed(kept, 3)]);
    assert!(matches!(vault.item(merchant, lost).await, Err(VaultError::ItemGone)));
    vault.item(merchant, kept).await.expect("what the journal has still opens");
}

#[tokio::test]
async fn a_fact_that_comes_after_the_claim_is_sent_to_the_owner() {
    let home = Home::new().await;
    let vault = home.vault().await;
    let merchant = new_merchant(&vault).await;
    let ada = fresh_person();
    vault.claim_order(merchant, "1001", ada).await.unwrap();
    let fact = new_fact(&vault, merchant).await;
    let owner = vault.add_waiting_item(merchant, "1001", fact).await.unwrap();
    assert_eq!(owner, OrderOwner::Account { account: ada, was_waiting: false });
    assert_eq!(vault.waiting_items(merchant, "1001").await.unwrap(), []);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_fact_falls_between_waiting_and_claiming() {
    let home = Home::new().await;
    let (left, right) = (home.vault().await, home.vault().await);
    let merchant = new_merchant(&left).await;
    for n in 0..100 {
        let order = n.to_string();
        if n % 2 == 0 {
            left.await_order(merchant, &order).await.unwrap();
        }
        let fact = new_fact(&left, merchant).await;
        let waits = left.add_waiting_item(merchant, &order, fact);
        let claims = async {
            right.claim_order(merchant, &order, fresh_person()).await.unwrap();
            right.waiting_items(merchant, &order).await.unwrap()
        };
        let (waits, found) = tokio::join!(waits, claims);
        let noted = waits.unwrap() == OrderOwner::Waiting;
        assert_eq!(noted, found.iter().any(|found| found.item == fact), "order {n}: noted facts are found");
    }
}
