//! Many people who come together.

use std::collections::HashSet;

use vault::{
    BUCKET_CAPACITY, DirectoryKind, Entrant, INTAKE_MAX,
    IndexKind::{Email, Phone},
    VaultError,
};

use crate::database::{Home, fresh_person, new_merchant};

const CUSTOMER: DirectoryKind = DirectoryKind::ShopifyCustomer;

fn ids(count: usize) -> Vec<String> {
    (0..count).map(|n| n.to_string()).collect()
}

fn entrants<'a>(ids: &'a [String], emails: &'a [String]) -> Vec<Entrant<'a>> {
    let entrant = |(id, email): (&'a String, &'a String)| Entrant {
        person: fresh_person(),
        kind: CUSTOMER,
        external_id: id,
        findable_by: vec![(Email, email.as_str()), (Phone, "-")],
    };
    ids.iter().zip(emails).map(entrant).collect()
}

#[tokio::test]
async fn whoever_is_new_is_made_with_keys_and_with_what_they_are_found_by() {
    let home = Home::new().await;
    let (vault, other) = (home.vault().await, home.vault().await);
    let merchant = new_merchant(&vault).await;
    let ids = ids(INTAKE_MAX);
    let emails: Vec<String> = ids.iter().map(|id| format!("shopper{id}@example.org")).collect();
    let known = fresh_person();
    vault.person_for(merchant, CUSTOMER, &ids[7], known).await.unwrap();

    let entrants = entrants(&ids, &emails);
    let made = vault.take_in(merchant, &entrants).await.unwrap();
    assert_eq!(made.len(), INTAKE_MAX - 1);
    assert!(!made.contains_key(&entrants[7].person), "they were somebody already");
    for entrant in [&entrants[0], &entrants[500]] {
        let sealed = made[&entrant.person].seal("name", &"Ada".to_owned());
        let fetched = other.person(merchant, entrant.person).await.unwrap();
        assert_eq!(fetched.open("name", &sealed).unwrap(), "Ada");
        assert_eq!(other.find(merchant, CUSTOMER, entrant.external_id).await.unwrap(), Some(entrant.person.0));
    }
    let asked: Vec<_> = ids.iter().map(|id| (CUSTOMER, id.as_str())).chain([(CUSTOMER, "nobody")]).collect();
    let found: Vec<_> = other.find_each(merchant, &asked).await.unwrap().into_iter().map(Result::unwrap).collect();
    let wanted = entrants.iter().map(|entrant| Some(entrant.person.0)).chain([None]);
    let wanted: Vec<_> = wanted.enumerate().map(|(n, id)| if n == 7 { Some(known.0) } else { id }).collect();
    assert_eq!(found, wanted, "in the order of the questions");
    let searched = other.search_each(merchant, Email, &["Shopper3@example.org", "", "nobody@example.org"]).await;
    assert_eq!(searched.unwrap(), [vec![entrants[3].person], vec![], vec![]]);
    assert_eq!(
        other.search(merchant, Email, "shopper7@example.org").await.unwrap(),
        [],
        "nothing of whoever was known"
    );
    assert!(vault.take_in(merchant, &entrants).await.unwrap().is_empty(), "nobody is made twice");
}

#[tokio::test]
async fn buckets_stay_within_their_bounds_however_many_come() {
    let home = Home::new().await;
    let vault = home.vault().await;
    let merchant = new_merchant(&vault).await;
    for round in 0..9 {
        let ids: Vec<String> = (0..INTAKE_MAX).map(|n| format!("{round}-{n}")).collect();
        assert_eq!(vault.take_in(merchant, &entrants(&ids, &ids)).await.unwrap().len(), INTAKE_MAX);
    }
    let fullest = home.count("select max(people)::bigint from vault.bucket").await;
    assert!(fullest <= i64::from(BUCKET_CAPACITY), "{fullest}");
    assert_eq!(home.count("select count(*) from vault.person_keys").await, 9 * INTAKE_MAX as i64);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_who_take_the_same_people_in_make_each_of_them_once() {
    let home = Home::new().await;
    let vaults = [home.vault().await, home.vault().await];
    let merchant = new_merchant(&vaults[0]).await;
    let mut backwards = ids(200);
    backwards.reverse();
    let forwards = ids(200);
    let (ours, theirs) = (entrants(&forwards, &forwards), entrants(&backwards, &backwards));
    let (ours, theirs) = tokio::join!(vaults[0].take_in(merchant, &ours), vaults[1].take_in(merchant, &theirs));
    let made: HashSet<_> = ours.unwrap().into_keys().chain(theirs.unwrap().into_keys()).collect();
    assert_eq!(made.len(), 200);
    assert_eq!(home.count("select count(*) from vault.person_keys").await, 200);
}

#[tokio::test]
async fn the_first_to_register_a_word_has_it() {
    let home = Home::new().await;
    let vault = home.vault().await;
    let merchant = new_merchant(&vault).await;
    let (ada, bob) = (fresh_person(), fresh_person());
    vault.person_for(merchant, CUSTOMER, "1", ada).await.unwrap();
    vault.person_for(merchant, CUSTOMER, "2", bob).await.unwrap();
    let kind = DirectoryKind::ReferralAlias;
    let register = async |words: &[(&str, uuid::Uuid)]| vault.register_each(merchant, kind, words).await.unwrap();
    let first = register(&[("one", ada.0), ("two", bob.0), ("one", bob.0)]).await;
    assert_eq!(first.into_iter().map(Result::unwrap).collect::<Vec<_>>(), [ada.0, bob.0, ada.0]);
    vault.destroy_people(merchant, &[ada], aggregates::time::Timestamp(1)).await.unwrap();
    let later = register(&[("one", bob.0), ("two", ada.0)]).await;
    assert!(matches!(later[0], Err(VaultError::Destroyed { .. })));
    assert_eq!(later[1].as_ref().unwrap(), &bob.0);
}
