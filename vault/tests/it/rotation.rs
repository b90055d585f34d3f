//! Rotation: the living move on, and old copies open nothing.

use std::{
    future::{Future, poll_fn},
    pin::pin,
    task::Poll,
};

use aggregates::{
    id::{CustomerId, MerchantId},
    sealed::Sealed,
    time::Timestamp,
};
use futures::future::join_all;
use vault::{DirectoryKind, KEY_COPY_DAYS, KeyState, RootKeyError, Vault, VaultError};

use crate::{
    database::{Home, fresh_person, new_id, new_merchant, new_person},
    dump::{Dump, KeyCopy},
};

const AT: Timestamp = Timestamp(1_790_000_000_000_000);
const FIELD: &str = "name";

/// People of one merchant, each with something sealed.
struct People {
    merchant: MerchantId,
    sealed: Vec<(CustomerId, Sealed<String>)>,
}

impl People {
    async fn new(vault: &Vault, count: usize) -> People {
        let merchant = new_merchant(vault).await;
        let mut sealed = Vec::new();
        for _ in 0..count {
            let person = new_person(vault, merchant).await;
            sealed.push((person, vault.person(merchant, person).await.unwrap().seal(FIELD, &person.to_string())));
        }
        People { merchant, sealed }
    }

    fn ids(&self) -> Vec<CustomerId> {
        self.sealed.iter().map(|(person, _)| *person).collect()
    }

    /// Everybody opens, in a process that has nothing at hand, but these, who are destroyed.
    async fn all_open_but(&self, home: &Home, destroyed: &[CustomerId]) {
        let vault = home.vault().await;
        for (person, sealed) in &self.sealed {
            let keys = vault.person(self.merchant, *person).await;
            if destroyed.contains(person) {
                assert!(matches!(keys, Err(VaultError::Destroyed { .. })), "{person}: {keys:?}");
            } else {
                assert_eq!(keys.unwrap().open(FIELD, sealed).unwrap(), person.to_string());
            }
        }
        vault.check_keys().await.unwrap();
    }
}

#[tokio::test]
async fn an_old_dump_with_its_wrapped_keys_opens_nothing_of_the_destroyed() {
    let home = Home::new().await;
    let vault = home.vault().await;
    let people = People::new(&vault, 12).await;
    let ada = people.ids()[0];
    let dump = Dump::take(&home, "before").await;

    let destroyed = vault.destroy_people(people.merchant, &[ada], AT).await.unwrap();
    let rotated = vault.rotate_away(people.merchant, &destroyed.hung_from, AT).await.unwrap();
    let [bucket] = rotated.buckets[..] else { panic!("one bucket was moved: {rotated:?}") };
    assert_eq!((bucket.to.bucket, bucket.to.generation), (destroyed.hung_from[0].bucket, 2));
    people.all_open_but(&home, &[ada]).await;
    assert_eq!(vault.pending_rotations().await.unwrap(), []);
    assert_eq!(vault.not_yet_forgotten(&destroyed.hung_from).await.unwrap(), []);

    dump.restore(&home).await;
    let restored = home.vault().await;
    let refused = restored.person(people.merchant, ada).await.unwrap_err();
    assert!(matches!(refused, VaultError::Root(RootKeyError::Forgotten { .. })), "{refused}");
    // Her row is as alive as before; what is gone is the key above it, and the check says on which side.
    assert_eq!(restored.key_state(people.merchant, ada).await.unwrap(), KeyState::Active);
    let refused = restored.check_keys().await.unwrap_err().to_string();
    assert!(refused.contains("the database is older than the store"), "{refused}");
}

#[tokio::test]
async fn a_store_from_before_a_rotation_is_refused() {
    let home = Home::new().await;
    let vault = home.vault().await;
    let people = People::new(&vault, 3).await;
    let copy = KeyCopy::take(&home);
    let destroyed = vault.destroy_people(people.merchant, &people.ids()[..1], AT).await.unwrap();
    vault.rotate_away(people.merchant, &destroyed.hung_from, AT).await.unwrap();
    vault.check_keys().await.unwrap();

    copy.restore(&home);
    let refused = home.vault().await.check_keys().await.unwrap_err().to_string();
    assert!(refused.contains("it is older than the database"), "{refused}");
}

/// A kill between any two steps, as far as anybody can tell: the future is dropped after so many turns, and its
/// transactions are rolled back with it. Another process then finds everybody alive readable, and finishes.
#[tokio::test]
async fn a_rotation_cut_short_anywhere_is_finished_by_another_process() {
    let home = Home::new().await;
    let vault = home.vault().await;
    let people = People::new(&vault, 24).await;
    let ids = people.ids();
    let mut gone = Vec::new();
    for turns in 1.. {
        let Some(next) = ids.get(gone.len()) else { break };
        let destroyed = vault.destroy_people(people.merchant, &[*next], AT).await.unwrap();
        gone.push(*next);
        let rotation = vault.rotate_away(people.merchant, &destroyed.hung_from, AT);
        let done = cut_short(rotation, turns * 2 - 1).await;
        people.all_open_but(&home, &gone).await;
        if done.is_none() && turns % 2 == 0 {
            // The next one begins over what this one has left.
            continue;
        }
        let other = home.vault().await;
        for pending in other.pending_rotations().await.unwrap() {
            other.rotate_away(pending.merchant, &[pending.away_from], AT).await.unwrap();
        }
        assert_eq!(other.pending_rotations().await.unwrap(), []);
        people.all_open_but(&home, &gone).await;
        for person in &gone {
            assert_eq!(other.traces_of(people.merchant, *person).await.unwrap(), []);
        }
    }
}

/// Gives the future so many turns, and then drops it.
async fn cut_short<F: Future>(future: F, turns: usize) -> Option<F::Output> {
    let mut future = pin!(future);
    let mut taken = 0;
    poll_fn(|context| {
        if taken == turns {
            return Poll::Ready(None);
        }
        taken += 1;
        future.as_mut().poll(context).map(Some)
    })
    .await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_processes_rotate_while_people_enrol_and_nobody_is_lost() {
    let home = Home::new().await;
    let vaults = [home.vault().await, home.vault().await];
    let people = People::new(&vaults[0], 40).await;
    let merchant = people.merchant;
    let gone = people.ids()[..20].to_vec();
    let rotations = gone.chunks(5).enumerate().map(|(n, some)| {
        let (vault, some) = (vaults[n % 2].clone(), some.to_vec());
        tokio::spawn(async move {
            let destroyed = vault.destroy_people(merchant, &some, AT).await.unwrap();
            vault.rotate_away(merchant, &destroyed.hung_from, AT).await.unwrap();
        })
    });
    let enrolments = (0..300).map(|n| {
        let vault = vaults[n % 2].clone();
        tokio::spawn(async move {
            let kind = DirectoryKind::ShopifyCustomer;
            vault.person_for(merchant, kind, &new_id().to_string(), fresh_person()).await.unwrap().0
        })
    });
    let (rotations, enrolments): (Vec<_>, Vec<_>) = (rotations.collect(), enrolments.collect());
    let (rotated, enrolled) = tokio::join!(join_all(rotations), join_all(enrolments));
    rotated.into_iter().for_each(Result::unwrap);

    assert_eq!(vaults[0].pending_rotations().await.unwrap(), []);
    people.all_open_but(&home, &gone).await;
    let fresh = home.vault().await;
    for person in enrolled {
        fresh.person(merchant, person.unwrap()).await.expect("enrolled meanwhile");
    }
    for person in gone {
        assert_eq!(vaults[1].traces_of(merchant, person).await.unwrap(), []);
    }
    let behind = "select count(*) from vault.person_keys k join vault.bucket b using (bucket)
                   where k.generation <> b.generation";
    assert_eq!(home.count(behind).await, 0, "everybody is under the newest key of their bucket");
}

#[tokio::test]
async fn rotating_again_does_nothing_and_the_certificates_date_is_whole_days_away() {
    let home = Home::new().await;
    let vault = home.vault().await;
    let people = People::new(&vault, 6).await;
    let destroyed = vault.destroy_people(people.merchant, &people.ids()[..3], AT).await.unwrap();
    let first = vault.rotate_away(people.merchant, &destroyed.hung_from, AT).await.unwrap();
    let file = KeyCopy::take(&home);
    let again = vault.rotate_away(people.merchant, &destroyed.hung_from, AT).await.unwrap();
    assert_eq!(again.buckets.iter().map(|bucket| bucket.to).collect::<Vec<_>>(), {
        first.buckets.iter().map(|bucket| bucket.to).collect::<Vec<_>>()
    });
    assert_eq!(again.buckets.iter().map(|bucket| bucket.rewrapped).sum::<u64>(), 0);
    assert!(file.is_what_the_store_has(&home), "not even written again");

    assert_eq!(first.old_copies_gone_by.0 % Timestamp::MICROS_PER_DAY, 0);
    let days = AT.plus_days(KEY_COPY_DAYS + 1)..=AT.plus_days(KEY_COPY_DAYS + 2);
    assert!(days.contains(&first.old_copies_gone_by));
}

#[tokio::test]
async fn a_row_that_does_not_open_stops_its_bucket_and_no_other() {
    let home = Home::new().await;
    let vault = home.vault().await;
    let people = People::new(&vault, 40).await;
    let buckets = "select count(distinct bucket) from vault.person_keys";
    assert!(home.count(buckets).await > 1, "40 coins do not all fall the same way");
    let gone = people.ids();
    let (broken, gone) = (gone[0], &gone[20..]);
    home.execute("update vault.person_keys set wrapped = wrapped || '\\x00' where person = $1", broken.0).await;
    let destroyed = vault.destroy_people(people.merchant, gone, AT).await.unwrap();
    let refused = vault.rotate_away(people.merchant, &destroyed.hung_from, AT).await;
    let left = vault.pending_rotations().await.unwrap();
    match refused {
        Err(VaultError::Tampered { owner }) => {
            assert_eq!(owner, broken.to_string());
            assert_eq!(left.len(), 1, "the others are done");
        }
        // Nobody who was destroyed shared her bucket.
        done => assert!(done.is_ok() && left.is_empty(), "{done:?}"),
    }
}

#[tokio::test]
async fn an_operator_rotates_a_bucket_a_merchant_and_the_root() {
    let home = Home::new().await;
    let (vault, other) = (home.vault().await, home.vault().await);
    let people = People::new(&vault, 8).await;
    let merchant = people.merchant;
    let secret = vault.merchant(merchant).await.unwrap().seal("secret", &7_u64);

    let bucket = vault.survey().await.unwrap().merchants[0].buckets[0].bucket;
    assert_eq!(vault.rotate_bucket(bucket, AT).await.unwrap().buckets[0].to.generation, 2);
    assert!(matches!(vault.rotate_bucket(new_id(), AT).await, Err(VaultError::Root(RootKeyError::NoSuchKey { .. }))));

    let buckets = vault.turn_merchant(merchant).await.unwrap();
    assert_eq!(vault.turn_merchant(merchant).await.unwrap(), buckets, "begun once");
    people.all_open_but(&home, &[]).await;
    vault.rotate_away(merchant, &buckets, AT).await.unwrap();
    assert_eq!(vault.finish_turning(merchant).await.unwrap(), 2);
    assert_eq!(vault.finish_turning(merchant).await.unwrap(), 2);

    let copy = KeyCopy::take(&home);
    let (generation, _) = vault.rotate_root(AT).await.unwrap();
    assert_eq!(generation, 2);
    people.all_open_but(&home, &[]).await;
    let turned = home.vault().await.merchant(merchant).await.unwrap();
    assert_eq!(turned.open("secret", &secret).unwrap(), 7, "the log keeps what was sealed before");
    assert_eq!(other.merchant(merchant).await.unwrap().open("secret", &turned.seal("secret", &8_u64)).unwrap(), 8);
    assert!(!copy.is_what_the_store_has(&home));
    let survey = other.survey().await.unwrap();
    assert_eq!((survey.root_generation, survey.merchants[0].generation), (2, 2));
    assert!(survey.merchants[0].buckets.iter().all(|bucket| bucket.generations.len() == 1 && !bucket.rotation_due));
    assert_eq!(survey.merchants[0].buckets.iter().map(|bucket| bucket.people).sum::<i64>(), 8);
}
