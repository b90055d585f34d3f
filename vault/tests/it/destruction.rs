//! The end of a person's keys, and of what leads to them.

use aggregates::{
    id::{CustomerId, MerchantId},
    time::Timestamp,
};
use std::time::Duration;
use vault::{
    DirectoryKind, IndexKind, ItemId, ItemPurpose, KEY_LEASE, KeyState, OrderOwner, TOMBSTONE_DAYS, Trace, Vault,
    VaultError,
};

use crate::database::{Home, fresh_person, new_id, new_merchant, new_person};

const AT: Timestamp = Timestamp(1_790_000_000_000_000);
const CUSTOMER: DirectoryKind = DirectoryKind::ShopifyCustomer;

/// Somebody with all that the vault may know of a person.
struct Known {
    merchant: MerchantId,
    person: CustomerId,
    waiting: ItemId,
}

async fn somebody(vault: &Vault) -> Known {
    let merchant = new_merchant(vault).await;
    let (person, _) = vault.person_for(merchant, CUSTOMER, "207119551", fresh_person()).await.unwrap();
    vault.claim_order(merchant, "1001", person).await.unwrap();
    vault.index(merchant, person, IndexKind::Email, "ada@example.com").await.unwrap();
    vault.register(merchant, DirectoryKind::RedemptionCode, "LN-1", person.0).await.unwrap();
    let expires_at = ItemPurpose::Waiting.expires_at(AT);
    let waiting = vault.new_item(merchant, ItemPurpose::Waiting, expires_at).await.unwrap().id();
    let friend = vault.merchant(merchant).await.unwrap().address_hash("grace@example.com");
    vault.invite(merchant, (person, &[]), friend, new_id(), (AT, 20)).await.unwrap();
    vault.add_waiting_item_of_owned(merchant, "1001", waiting).await.unwrap();
    Known { merchant, person, waiting }
}

#[tokio::test]
async fn a_destroyed_person_leaves_tombstones_and_nothing_else() {
    let home = Home::new().await;
    let (vault, other) = (home.vault().await, home.vault().await);
    let Known { merchant, person, waiting } = somebody(&vault).await;
    let sealed = vault.person(merchant, person).await.unwrap().seal("name", &"Ada".to_owned());
    let before = vault.traces_of(merchant, person).await.unwrap();
    let everything = [
        Trace::KeysOpen,
        Trace::Leased,
        Trace::Identities(2),
        Trace::Orders(1),
        Trace::WaitingFacts(1),
        Trace::SearchTerms(1),
        Trace::Invitations(1),
    ];
    assert_eq!(before, everything);

    let destroyed = vault.destroy_people(merchant, &[person], AT).await.unwrap();
    assert_eq!(destroyed.people, [person]);
    let [above] = destroyed.hung_from[..] else { panic!("keys hang from one bucket: {destroyed:?}") };

    for vault in [&vault, &other] {
        assert!(matches!(vault.person(merchant, person).await, Err(VaultError::Destroyed { at: AT })));
        let found = vault.find(merchant, CUSTOMER, "207119551").await;
        assert!(matches!(found, Err(VaultError::Destroyed { at: AT })));
        assert_eq!(vault.order_owner(merchant, "1001").await.unwrap(), Some(OrderOwner::Erased { at: AT }));
        assert_eq!(vault.claim_order(merchant, "1001", person).await.unwrap(), OrderOwner::Erased { at: AT });
        assert_eq!(vault.search(merchant, IndexKind::Email, "ada@example.com").await.unwrap(), []);
        assert!(matches!(vault.item(merchant, waiting).await, Err(VaultError::ItemGone)));
        assert_eq!(vault.key_state(merchant, person).await.unwrap(), KeyState::Destroyed { at: AT });
    }
    // Copies of the row from before still open under the key above.
    assert_eq!(vault.traces_of(merchant, person).await.unwrap(), [Trace::KeyAbove(above)]);
    vault.rotate_away(merchant, &destroyed.hung_from, AT).await.unwrap();
    assert_eq!(vault.traces_of(merchant, person).await.unwrap(), []);
    let others = vault.person(merchant, new_person(&vault, merchant).await).await.unwrap();
    assert!(others.open("name", &sealed).is_err());
}

#[tokio::test]
async fn destroying_again_keeps_the_first_date_and_names_the_same_keys() {
    let home = Home::new().await;
    let vault = home.vault().await;
    let Known { merchant, person, .. } = somebody(&vault).await;
    let first = vault.destroy_people(merchant, &[person], AT).await.unwrap();
    let again = vault.destroy_people(merchant, &[person, person], AT.plus_days(1)).await.unwrap();
    assert_eq!(again, first);
    assert_eq!(vault.key_state(merchant, person).await.unwrap(), KeyState::Destroyed { at: AT });
}

/// A process that still has the keys on a lease may name the person once more. Asking for traces finds it.
#[tokio::test]
async fn what_is_written_under_a_lease_after_the_destruction_is_found_and_wiped() {
    let home = Home::new().await;
    let (vault, late) = (home.vault().await, home.vault().await);
    let Known { merchant, person, .. } = somebody(&vault).await;
    late.person(merchant, person).await.unwrap();
    let destroyed = vault.destroy_people(merchant, &[person], AT).await.unwrap();
    vault.rotate_away(merchant, &destroyed.hung_from, AT).await.unwrap();

    late.claim_order(merchant, "1002", person).await.unwrap();
    late.register(merchant, DirectoryKind::RedemptionCode, "LN-2", person.0).await.unwrap();
    assert_eq!(vault.traces_of(merchant, person).await.unwrap(), [Trace::Identities(1), Trace::Orders(1)]);
    vault.destroy_people(merchant, &[person], AT).await.unwrap();
    assert_eq!(vault.traces_of(merchant, person).await.unwrap(), []);
    assert_eq!(Vault::caches_end(AT).0 - AT.0, i64::try_from(KEY_LEASE.as_micros()).unwrap());
}

#[tokio::test]
async fn a_person_on_hold_is_served_and_not_destroyed_until_released() {
    let home = Home::new().await;
    let vault = home.vault().await;
    let merchant = new_merchant(&vault).await;
    let (ada, bob) = (new_person(&vault, merchant).await, new_person(&vault, merchant).await);
    vault.hold_person(merchant, ada).await.unwrap();
    vault.hold_person(merchant, ada).await.unwrap();
    assert_eq!(vault.key_state(merchant, ada).await.unwrap(), KeyState::Held);
    vault.person(merchant, ada).await.expect("held keys work");

    let refused = vault.destroy_people(merchant, &[ada, bob], AT).await.unwrap_err();
    assert!(matches!(refused, VaultError::Held { person } if person == ada));
    assert_eq!(vault.key_state(merchant, bob).await.unwrap(), KeyState::Active, "all of them or nobody");

    vault.release_person(merchant, ada).await.unwrap();
    vault.destroy_people(merchant, &[ada, bob], AT).await.unwrap();
    assert!(matches!(vault.hold_person(merchant, ada).await, Err(VaultError::Destroyed { at: AT })));
}

#[tokio::test]
async fn who_never_had_keys_is_neither_held_nor_destroyed() {
    let home = Home::new().await;
    let vault = home.vault().await;
    let (merchant, elsewhere) = (new_merchant(&vault).await, new_merchant(&vault).await);
    let (ada, stranger) = (new_person(&vault, merchant).await, fresh_person());
    for (merchant, person) in [(merchant, stranger), (elsewhere, ada)] {
        assert_eq!(vault.key_state(merchant, person).await.unwrap(), KeyState::NeverMade);
        assert!(matches!(vault.hold_person(merchant, person).await, Err(VaultError::NeverMade)));
        assert!(matches!(vault.destroy_people(merchant, &[person], AT).await, Err(VaultError::NeverMade)));
    }
    assert_eq!(vault.key_state(merchant, ada).await.unwrap(), KeyState::Active);
}

#[tokio::test]
async fn who_comes_back_is_somebody_new_and_what_arrives_late_is_nobodys() {
    let home = Home::new().await;
    let (vault, other) = (home.vault().await, home.vault().await);
    let Known { merchant, person, .. } = somebody(&vault).await;
    vault.destroy_people(merchant, &[person], AT).await.unwrap();

    let acting =
        async |vault: &Vault, at| vault.person_acting(merchant, CUSTOMER, "207119551", fresh_person(), at).await;
    for late in [AT.plus_days(0), Timestamp(AT.0 - 1)] {
        assert!(matches!(acting(&vault, late).await, Err(VaultError::Destroyed { at: AT })));
    }
    let (newcomer, made) = acting(&vault, AT.plus_seconds(1)).await.unwrap();
    assert!(made && newcomer != person);
    assert_eq!(acting(&other, AT.plus_seconds(2)).await.unwrap(), (newcomer, false));
    vault.person(merchant, newcomer).await.expect("with keys of their own");
    assert!(matches!(vault.person(merchant, person).await, Err(VaultError::Destroyed { at: AT })));

    let known = other.identity(merchant, CUSTOMER, "207119551").await.unwrap().unwrap();
    assert_eq!((known.subject, known.erased_at), (Some(newcomer.0), Some(AT)));
    assert_eq!(other.identity(merchant, CUSTOMER, "never seen").await.unwrap(), None);
}

/// Many processes meet the one who came back at the same moment.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_comes_back_everywhere_at_once_is_one_person() {
    let home = Home::new().await;
    let vaults = [home.vault().await, home.vault().await];
    let Known { merchant, person, .. } = somebody(&vaults[0]).await;
    vaults[0].destroy_people(merchant, &[person], AT).await.unwrap();
    let asks = (0..40).map(|n| {
        let vault = vaults[n % 2].clone();
        tokio::spawn(async move {
            let later = AT.plus_seconds(1);
            vault.person_acting(merchant, CUSTOMER, "207119551", fresh_person(), later).await.unwrap()
        })
    });
    let answers: Vec<_> = futures::future::join_all(asks).await.into_iter().map(Result::unwrap).collect();
    assert_eq!(answers.iter().filter(|(_, made)| *made).count(), 1);
    assert!(answers.iter().all(|(newcomer, _)| *newcomer == answers[0].0));
    let rows = home.count("select count(*) from vault.person_keys").await;
    assert_eq!(rows, 2, "the tombstone, and one newcomer");
}

#[tokio::test]
async fn tombstones_of_identities_and_orders_end_and_those_of_keys_do_not() {
    let home = Home::new().await;
    let vault = home.vault().await;
    let Known { merchant, person, .. } = somebody(&vault).await;
    vault.destroy_people(merchant, &[person], AT).await.unwrap();
    let (returned, _) =
        vault.person_acting(merchant, CUSTOMER, "207119551", fresh_person(), AT.plus_days(1)).await.unwrap();

    let a_day_short = Timestamp(AT.plus_days(TOMBSTONE_DAYS).0 - 1);
    assert_eq!(vault.purge_tombstones(a_day_short).await.unwrap(), 0);
    assert_eq!(vault.purge_tombstones(AT.plus_days(TOMBSTONE_DAYS)).await.unwrap(), 3, "an order, a code, a date");
    assert_eq!(vault.order_owner(merchant, "1001").await.unwrap(), None);
    assert_eq!(vault.identity(merchant, DirectoryKind::RedemptionCode, "LN-1").await.unwrap(), None);
    let known = vault.identity(merchant, CUSTOMER, "207119551").await.unwrap().unwrap();
    assert_eq!((known.subject, known.erased_at), (Some(returned.0), None));
    assert_eq!(vault.key_state(merchant, person).await.unwrap(), KeyState::Destroyed { at: AT });
}

#[tokio::test]
async fn more_people_than_one_transaction_takes_are_all_destroyed() {
    let home = Home::new().await;
    let vault = home.vault_with_lease(Duration::ZERO).await;
    let merchant = new_merchant(&vault).await;
    let enrol = (0..1_200).map(|_| {
        let vault = vault.clone();
        tokio::spawn(async move {
            vault.person_for(merchant, CUSTOMER, &new_id().to_string(), fresh_person()).await.unwrap().0
        })
    });
    let people: Vec<_> = futures::future::join_all(enrol).await.into_iter().map(Result::unwrap).collect();
    let destroyed = vault.destroy_people(merchant, &people, AT).await.unwrap();
    assert_eq!(destroyed.people.len(), people.len());
    let left = home.count("select count(*) from vault.person_keys where state <> 'destroyed'").await;
    assert_eq!(left, 0);
    let rotated = vault.rotate_away(merchant, &destroyed.hung_from, AT).await.unwrap();
    assert!(rotated.buckets.len() <= 4, "many erasures share one rotation");
}
