//! A database, a root key store, or both, restored from before an erasure: the deletion journal knows, and it is carried out
//! again.

use std::path::PathBuf;

use aggregates::{
    id::{CustomerId, GdprRequestId, MerchantId},
    time::Timestamp,
};
use vault::{
    CarriedOut, DeletionEntry, DeletionJournal, DeletionSubject, DirectoryKind, KeyState, RootKeyError, Vault,
    VaultError,
};

use crate::{
    database::{Home, fresh_person, new_id, new_merchant, new_person},
    dump::{Dump, KeyCopy},
};

const AT: Timestamp = Timestamp(1_790_000_000_000_000);
const CUSTOMER: DirectoryKind = DirectoryKind::ShopifyCustomer;
const NOTHING: CarriedOut = CarriedOut { people: 0, merchants: 0, rotated: 0 };

fn places(home: &Home) -> [PathBuf; 2] {
    ["deletions-1", "deletions-2"].map(|name| home.root_path().with_file_name(name))
}

fn journal(home: &Home, vault: &Vault) -> DeletionJournal {
    DeletionJournal::open(&places(home), &vault.installation().unwrap()).unwrap()
}

/// As an erasure does it: written down, then done.
async fn erase(vault: &Vault, journal: &DeletionJournal, merchant: MerchantId, person: CustomerId) {
    let entry = DeletionEntry {
        request: GdprRequestId(new_id()),
        merchant,
        subject: DeletionSubject::Person(person),
        keys: vault.key_ids(merchant, &[person]).await.unwrap(),
        at: AT,
    };
    journal.append(vec![entry]).await.unwrap();
    let destroyed = vault.destroy_people(merchant, &[person], AT).await.unwrap();
    vault.rotate_away(merchant, &destroyed.hung_from, AT).await.unwrap();
}

#[tokio::test]
async fn a_restored_database_forgets_again_whom_the_journal_names() {
    let home = Home::new().await;
    let vault = home.vault().await;
    let journal = journal(&home, &vault);
    let merchant = new_merchant(&vault).await;
    let (ada, _) = vault.person_for(merchant, CUSTOMER, "1", fresh_person()).await.unwrap();
    vault.claim_order(merchant, "1001", ada).await.unwrap();
    vault.hold_person(merchant, ada).await.unwrap();
    let dump = Dump::take(&home, "before").await;
    let keys = KeyCopy::take(&home);

    vault.release_person(merchant, ada).await.unwrap();
    erase(&vault, &journal, merchant, ada).await;
    // Somebody who came after the dump was taken, and was erased too.
    let bob = new_person(&vault, merchant).await;
    erase(&vault, &journal, merchant, bob).await;
    assert_eq!(vault.carry_out(&journal, AT).await.unwrap(), NOTHING, "all that is known here");

    // Both halves from before: her keys open again, and she is even on hold. The journal outranks both.
    dump.restore(&home).await;
    keys.restore(&home);
    let restored = home.vault().await;
    restored.person(merchant, ada).await.expect("an old copy of everything opens");
    let again = restored.carry_out(&journal, AT).await.unwrap();
    assert_eq!(again, CarriedOut { people: 2, merchants: 0, rotated: 1 });
    for person in [ada, bob] {
        assert_eq!(restored.key_state(merchant, person).await.unwrap(), KeyState::Destroyed { at: AT });
        assert_eq!(restored.traces_of(merchant, person).await.unwrap(), []);
        assert!(matches!(home.vault().await.person(merchant, person).await, Err(VaultError::Destroyed { at: AT })));
    }
    assert!(matches!(restored.find(merchant, CUSTOMER, "1").await, Err(VaultError::Destroyed { at: AT })));
    assert_eq!(restored.unheard_of(merchant, &[bob]).await.unwrap(), []);
    restored.check_keys().await.unwrap();
    assert_eq!(restored.carry_out(&journal, AT).await.unwrap(), NOTHING);
}

/// The database alone is old: the erased stay erased; the living of that bucket cannot be read, and it is said why.
#[tokio::test]
async fn a_dump_older_than_the_root_key_store_opens_nothing_and_is_refused() {
    let home = Home::new().await;
    let vault = home.vault().await;
    let journal = journal(&home, &vault);
    let merchant = new_merchant(&vault).await;
    let mut people = Vec::new();
    for _ in 0..12 {
        people.push(new_person(&vault, merchant).await);
    }
    let dump = Dump::take(&home, "before").await;
    erase(&vault, &journal, merchant, people[0]).await;

    dump.restore(&home).await;
    let restored = home.vault().await;
    let refused = restored.person(merchant, people[0]).await.unwrap_err();
    assert!(matches!(refused, VaultError::Root(RootKeyError::Forgotten { .. })), "{refused}");
    // The rotation that the erasure asks for finds its living under a key that is gone.
    assert_eq!(restored.carry_out(&journal, AT).await.unwrap().people, 1);
    let refused = restored.check_keys().await.unwrap_err().to_string();
    assert!(refused.contains("the database is older than the store"), "{refused}");
    assert_eq!(restored.key_state(merchant, people[0]).await.unwrap(), KeyState::Destroyed { at: AT });
}

#[tokio::test]
async fn a_destroyed_merchant_that_both_halves_bring_back_is_destroyed_again() {
    let home = Home::new().await;
    let vault = home.vault().await;
    let journal = journal(&home, &vault);
    let merchant = new_merchant(&vault).await;
    let ada = new_person(&vault, merchant).await;
    let (dump, keys) = (Dump::take(&home, "before").await, KeyCopy::take(&home));
    let request = GdprRequestId(new_id());
    let subject = DeletionSubject::Merchant;
    journal.append(vec![DeletionEntry { request, merchant, subject, keys: vec![], at: AT }]).await.unwrap();
    vault.destroy_merchant(merchant, AT).await.unwrap();

    dump.restore(&home).await;
    keys.restore(&home);
    let restored = home.vault().await;
    restored.person(merchant, ada).await.expect("an old copy of everything opens");
    let again = restored.carry_out(&journal, AT).await.unwrap();
    assert_eq!(again, CarriedOut { people: 0, merchants: 1, rotated: 0 });
    let fresh = home.vault().await;
    assert!(matches!(fresh.person(merchant, ada).await, Err(VaultError::Destroyed { at: AT })));
    assert!(matches!(fresh.merchant(merchant).await, Err(VaultError::Destroyed { at: AT })));
}

/// Killed after the point of no return: the journal has it, and nothing was done.
#[tokio::test]
async fn an_erasure_killed_after_its_entry_is_finished_at_the_next_start() {
    let home = Home::new().await;
    let vault = home.vault().await;
    let journal = journal(&home, &vault);
    let merchant = new_merchant(&vault).await;
    let ada = new_person(&vault, merchant).await;
    let entry = DeletionEntry {
        request: GdprRequestId(new_id()),
        merchant,
        subject: DeletionSubject::Person(ada),
        keys: vault.key_ids(merchant, &[ada]).await.unwrap(),
        at: AT,
    };
    assert_eq!(entry.keys.len(), 2, "hers, and the one above: {:?}", entry.keys);
    journal.append(vec![entry]).await.unwrap();

    let next = home.vault().await;
    assert_eq!(next.carry_out(&journal, AT).await.unwrap(), CarriedOut { people: 1, merchants: 0, rotated: 1 });
    assert_eq!(next.traces_of(merchant, ada).await.unwrap(), []);
}

#[tokio::test]
async fn a_database_that_has_carried_out_another_journal_is_refused() {
    let home = Home::new().await;
    let vault = home.vault().await;
    let merchant = new_merchant(&vault).await;
    let (ada, bob) = (new_person(&vault, merchant).await, new_person(&vault, merchant).await);
    let first = journal(&home, &vault);
    erase(&vault, &first, merchant, ada).await;
    vault.carry_out(&first, AT).await.unwrap();

    for place in places(&home) {
        std::fs::remove_file(place).unwrap();
    }
    let other = journal(&home, &vault);
    let refused = vault.carry_out(&other, AT).await.unwrap_err();
    assert!(matches!(refused, VaultError::OtherDeletions { sequence: 1 }), "it has nothing: {refused}");
    erase(&vault, &other, merchant, bob).await;
    let refused = vault.carry_out(&other, AT).await.unwrap_err();
    assert!(matches!(refused, VaultError::OtherDeletions { sequence: 1 }), "it has another: {refused}");
}
