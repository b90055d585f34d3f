//! First sight of people.

use std::collections::{HashMap, HashSet};

use aggregates::id::MerchantId;
use futures::future::join_all;
use uuid::Uuid;
use vault::{BUCKET_CAPACITY, DirectoryKind, VaultError};

use crate::database::{Home, fresh_person, new_id, new_merchant, new_person};

const CUSTOMER: DirectoryKind = DirectoryKind::ShopifyCustomer;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_outside_identity_is_one_person_whoever_asks_first() {
    let home = Home::new().await;
    let vaults = [home.vault().await, home.vault().await];
    let merchant = new_merchant(&vaults[0]).await;

    let asks = (0..400).map(|n| {
        let vault = vaults[n % 2].clone();
        // Every identity is asked for by both vaults, ten times each, in opposite directions.
        let shopper = if n % 2 == 0 { n / 2 % 20 } else { 19 - n / 2 % 20 };
        tokio::spawn(async move {
            let fresh = fresh_person();
            let (person, made) = vault.person_for(merchant, CUSTOMER, &shopper.to_string(), fresh).await.unwrap();
            assert_eq!(made, person == fresh, "exactly the one who made the person is told so");
            (shopper, person, made)
        })
    });
    let answers: Vec<_> = join_all(asks).await.into_iter().map(Result::unwrap).collect();

    let people: HashMap<_, _> = answers.iter().map(|&(shopper, person, _)| (shopper, person)).collect();
    assert_eq!(people.len(), 20);
    assert!(answers.iter().all(|(shopper, person, _)| people[shopper] == *person));
    assert_eq!(answers.iter().filter(|(_, _, made)| *made).count(), 20);
    assert_eq!(home.count("select count(*) from vault.person_keys").await, 20);
    for person in people.values() {
        let sealed = vaults[0].person(merchant, *person).await.unwrap().seal("name", &"Ada".to_owned());
        assert_eq!(vaults[1].person(merchant, *person).await.unwrap().open("name", &sealed).unwrap(), "Ada");
    }
}

#[tokio::test]
async fn an_enrolment_that_fails_leaves_no_name_without_keys() {
    let home = Home::new().await;
    let vault = home.vault().await;
    let merchant = new_merchant(&vault).await;
    sqlx::query("alter table vault.person_keys rename to gone").execute(&home.pool).await.unwrap();
    let failed = vault.person_for(merchant, CUSTOMER, "1", fresh_person()).await;
    assert!(matches!(failed, Err(VaultError::Unavailable(_))));
    assert_eq!(home.count("select count(*) from vault.directory").await, 0);

    sqlx::query("alter table vault.gone rename to person_keys").execute(&home.pool).await.unwrap();
    let fresh = fresh_person();
    assert_eq!(vault.person_for(merchant, CUSTOMER, "1", fresh).await.unwrap(), (fresh, true));
    vault.person(merchant, fresh).await.unwrap();
}

#[tokio::test]
async fn the_same_customer_number_in_two_shops_is_two_people() {
    let home = Home::new().await;
    let vault = home.vault().await;
    let (ours, theirs) = (new_merchant(&vault).await, new_merchant(&vault).await);
    let (our_fresh, their_fresh) = (fresh_person(), fresh_person());
    let (our_person, their_person) = tokio::join!(
        vault.person_for(ours, CUSTOMER, "207119551", our_fresh),
        vault.person_for(theirs, CUSTOMER, "207119551", their_fresh)
    );
    assert_eq!(our_person.unwrap(), (our_fresh, true));
    assert_eq!(their_person.unwrap(), (their_fresh, true));
}

#[tokio::test]
async fn a_registered_identity_leads_to_the_subject_it_was_given() {
    let home = Home::new().await;
    let (vault, other) = (home.vault().await, home.vault().await);
    let merchant = new_merchant(&vault).await;
    let winner = new_person(&vault, merchant).await;

    assert_eq!(vault.find(merchant, CUSTOMER, "never seen").await.unwrap(), None);
    assert_eq!(vault.register(merchant, CUSTOMER, "never seen", winner.0).await.unwrap(), winner.0);
    assert_eq!(other.register(merchant, CUSTOMER, "never seen", new_id()).await.unwrap(), winner.0);
    assert_eq!(other.person_for(merchant, CUSTOMER, "never seen", fresh_person()).await.unwrap(), (winner, false));
    assert_eq!(other.find(merchant, DirectoryKind::RedemptionCode, "never seen").await.unwrap(), None);
}

#[tokio::test]
async fn a_shop_is_found_before_its_merchant_is_known() {
    let home = Home::new().await;
    let (vault, other) = (home.vault().await, home.vault().await);
    let merchant = new_merchant(&vault).await;
    let platform = MerchantId(Uuid::nil());
    vault.register(platform, DirectoryKind::Shop, "demo.myshopify.com", merchant.0).await.unwrap();
    let found = other.find(platform, DirectoryKind::Shop, "demo.myshopify.com").await.unwrap();
    assert_eq!(found, Some(merchant.0));
    assert_eq!(other.find(platform, DirectoryKind::Shop, "other.myshopify.com").await.unwrap(), None);
}

#[tokio::test]
async fn an_erased_identity_is_told_apart_from_one_never_seen() {
    let home = Home::new().await;
    let vault = home.vault().await;
    let merchant = new_merchant(&vault).await;
    vault.person_for(merchant, CUSTOMER, "1", fresh_person()).await.unwrap();
    home.execute("update vault.directory set subject = null, erased_at_us = 7 where merchant = $1", merchant.0).await;

    let other = home.vault().await;
    let at_seven = |error| matches!(error, VaultError::Destroyed { at } if at.0 == 7);
    assert!(at_seven(other.find(merchant, CUSTOMER, "1").await.unwrap_err()));
    assert!(at_seven(other.person_for(merchant, CUSTOMER, "1", fresh_person()).await.unwrap_err()));
    assert!(at_seven(other.register(merchant, CUSTOMER, "1", new_id()).await.unwrap_err()));
}

#[tokio::test]
async fn full_buckets_are_followed_by_new_ones() {
    let home = Home::new().await;
    let vault = home.vault().await;
    let merchant = new_merchant(&vault).await;
    let first = new_person(&vault, merchant).await;
    let before = home.count("select count(*) from vault.bucket").await;

    sqlx::query("update vault.bucket set people = $1").bind(BUCKET_CAPACITY).execute(&home.pool).await.unwrap();
    let second = new_person(&vault, merchant).await;

    assert_eq!(home.count("select count(*) from vault.bucket").await, 2 * before);
    let buckets: Vec<Uuid> =
        sqlx::query_scalar("select distinct bucket from vault.person_keys").fetch_all(&home.pool).await.unwrap();
    assert_eq!(buckets.len(), 2);
    let other = home.vault().await;
    for person in [first, second] {
        other.person(merchant, person).await.unwrap();
    }
}

#[tokio::test]
async fn new_people_are_spread_over_buckets() {
    let home = Home::new().await;
    let vault = home.vault().await;
    let merchant = new_merchant(&vault).await;
    for _ in 0..64 {
        new_person(&vault, merchant).await;
    }
    let people: Vec<(Uuid, i64)> = sqlx::query_as("select bucket, count(*) from vault.person_keys group by bucket")
        .fetch_all(&home.pool)
        .await
        .unwrap();
    assert!(people.len() > 1, "64 coins do not all fall the same way");
    let counted: HashSet<(Uuid, i64)> =
        sqlx::query_as("select bucket, people::bigint from vault.bucket where people > 0")
            .fetch_all(&home.pool)
            .await
            .unwrap()
            .into_iter()
            .collect();
    assert_eq!(people.into_iter().collect::<HashSet<_>>(), counted);
}

#[tokio::test]
async fn creating_a_merchant_twice_keeps_its_keys() {
    let home = Home::new().await;
    let vault = home.vault().await;
    let merchant = new_merchant(&vault).await;
    let sealed = vault.merchant(merchant).await.unwrap().seal("secret", &42_u64);
    let other = home.vault().await;
    other.create_merchant(merchant).await.unwrap();
    assert_eq!(other.merchant(merchant).await.unwrap().open("secret", &sealed).unwrap(), 42);

    let stranger = MerchantId(new_id());
    let refused = other.person_for(stranger, CUSTOMER, "1", fresh_person()).await.unwrap_err();
    assert!(matches!(refused, VaultError::UnknownMerchant(unknown) if unknown == stranger));
}
