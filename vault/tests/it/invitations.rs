//! Friends who are invited: each once by an advocate, so many in a day, and nobody who wants none.

use aggregates::time::Timestamp;
use vault::{IndexKind, Invited};

use crate::database::{Home, new_id, new_merchant, new_person};

const NOW: Timestamp = Timestamp(1_790_000_000_000_000);

#[tokio::test]
async fn an_address_is_invited_once_by_an_advocate_whoever_they_become_by_merges() {
    let home = Home::new().await;
    let vault = home.vault().await;
    let merchant = new_merchant(&vault).await;
    let (ada, other) = (new_person(&vault, merchant).await, new_person(&vault, merchant).await);
    let keys = vault.merchant(merchant).await.unwrap();
    let (grace, spelled) = (keys.address_hash("grace@example.com"), keys.address_hash(" Grace@Example.com"));
    assert_eq!(grace, spelled);
    let (first, second, absorbed) = (new_id(), new_id(), [ada]);
    let invite = |who, merged, id| vault.invite(merchant, (who, merged), grace, id, (NOW, 20));
    assert_eq!(invite(ada, &[], first).await.unwrap(), Invited::As(first));
    assert_eq!(invite(ada, &[], second).await.unwrap(), Invited::As(first));
    assert_eq!(invite(other, &absorbed, second).await.unwrap(), Invited::As(first), "they are one person now");
    assert_eq!(invite(other, &[], second).await.unwrap(), Invited::As(second), "another advocate has not");
}

#[tokio::test]
async fn no_more_are_invited_in_a_day_than_may_be_also_at_once() {
    let home = Home::new().await;
    let vault = home.vault().await;
    let merchant = new_merchant(&vault).await;
    let ada = new_person(&vault, merchant).await;
    let keys = vault.merchant(merchant).await.unwrap();
    let friends: Vec<_> = (0..12).map(|friend| keys.address_hash(&format!("{friend}@example.com"))).collect();
    let invite = async |friend: &_, at| loop {
        match vault.invite(merchant, (ada, &[]), *friend, new_id(), (at, 5)).await {
            Ok(Invited::Busy) => tokio::task::yield_now().await,
            answer => return answer,
        }
    };
    let answers = futures::future::try_join_all(friends.iter().map(|friend| invite(friend, NOW))).await.unwrap();
    assert_eq!(answers.iter().filter(|answer| matches!(answer, Invited::As(_))).count(), 5);
    let turned_away = answers.iter().position(|answer| *answer == Invited::TooMany).unwrap();
    let next = friends[turned_away];
    assert_eq!(invite(&next, NOW.plus_seconds(86_399)).await.unwrap(), Invited::TooMany);
    assert!(matches!(invite(&next, NOW.plus_days(1)).await.unwrap(), Invited::As(_)));
}

#[tokio::test]
async fn who_wants_no_invitations_is_known_for_it_in_that_shop_alone() {
    let home = Home::new().await;
    let vault = home.vault().await;
    let (merchant, elsewhere) = (new_merchant(&vault).await, new_merchant(&vault).await);
    let grace = vault.merchant(merchant).await.unwrap().address_hash("grace@example.com");
    let there = vault.merchant(elsewhere).await.unwrap().address_hash("grace@example.com");
    assert_ne!(grace, there);
    for _ in 0..2 {
        vault.refuse_mail(merchant, grace, NOW).await.unwrap();
    }
    assert!(vault.refuses_mail(merchant, grace).await.unwrap());
    assert!(!vault.refuses_mail(elsewhere, there).await.unwrap());
}

#[tokio::test]
async fn a_friend_who_became_a_customer_takes_the_invitations_along() {
    let home = Home::new().await;
    let vault = home.vault().await;
    let merchant = new_merchant(&vault).await;
    let (ada, grace) = (new_person(&vault, merchant).await, new_person(&vault, merchant).await);
    let address = vault.merchant(merchant).await.unwrap().address_hash("grace@example.com");
    vault.invite(merchant, (ada, &[]), address, new_id(), (NOW, 20)).await.unwrap();
    vault.index(merchant, grace, IndexKind::Email, "grace@example.com").await.unwrap();
    vault.destroy_people(merchant, &[grace], NOW).await.unwrap();
    assert_eq!(home.count("select count(*) from vault.invitations").await, 0);
}
