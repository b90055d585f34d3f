//! Friends who were named by an address that is nobody's yet.

use aggregates::{id::ReferralLinkId, time::Timestamp};
use uuid::Uuid;
use vault::{IndexKind, NAMED_DAYS, NamedFriend, Naming};

use crate::database::{Home, new_merchant, new_person};

const NOW: Timestamp = Timestamp(1_790_000_000_000_000);
const BOB: &str = "bob@example.com";

fn link(n: u128) -> ReferralLinkId {
    ReferralLinkId(Uuid::from_u128(n))
}

#[tokio::test]
async fn whoever_names_an_address_first_is_the_one_until_the_time_is_over() {
    let home = Home::new().await;
    let vault = home.vault().await;
    let (ours, theirs) = (new_merchant(&vault).await, new_merchant(&vault).await);
    let first = NamedFriend { link: link(1), named_at: NOW, expires_at: NOW.plus_days(NAMED_DAYS) };
    assert_eq!(vault.name_friend(ours, BOB, (link(1), NOW), NOW).await.unwrap(), Naming::Named(first));
    let again = vault.name_friend(ours, " Bob@Example.com ", (link(2), NOW), NOW.plus_days(1)).await.unwrap();
    assert_eq!(again, Naming::Known(first), "however it is written");
    assert_eq!(vault.named_friend(theirs, BOB, NOW).await.unwrap(), None, "another shop knows nothing of it");
    assert_eq!(vault.name_friend(ours, "  ", (link(1), NOW), NOW).await.unwrap(), Naming::Nobody);

    let later = NOW.plus_days(NAMED_DAYS);
    assert_eq!(vault.named_friend(ours, BOB, later).await.unwrap(), None);
    assert!(matches!(vault.name_friend(ours, BOB, (link(2), later), later).await.unwrap(), Naming::Named(_)));
    assert_eq!(vault.purge_named_friends(later).await.unwrap(), 0);
    assert_eq!(vault.purge_named_friends(later.plus_days(NAMED_DAYS)).await.unwrap(), 1);
}

#[tokio::test]
async fn an_address_is_forgotten_with_whoever_it_belongs_to_and_with_the_shop() {
    let home = Home::new().await;
    let vault = home.vault().await;
    let merchant = new_merchant(&vault).await;
    let bob = new_person(&vault, merchant).await;
    for email in [BOB, "ada@example.com"] {
        vault.name_friend(merchant, email, (link(1), NOW), NOW).await.unwrap();
    }
    vault.index(merchant, bob, IndexKind::Email, BOB).await.unwrap();
    vault.destroy_people(merchant, &[bob], NOW).await.unwrap();
    assert_eq!(vault.named_friend(merchant, BOB, NOW).await.unwrap(), None);
    assert!(vault.named_friend(merchant, "ada@example.com", NOW).await.unwrap().is_some());
    vault.destroy_merchant(merchant, NOW).await.unwrap();
    let left: i64 = sqlx::query_scalar("select count(*) from vault.named_friends").fetch_one(&home.pool).await.unwrap();
    assert_eq!(left, 0);
}
