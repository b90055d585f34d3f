//! The parts of an installation that come back from copies of different age. Whoever was erased stays erased, or nobody is
//! served, and it is said which part is missing.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use aggregates::{
    id::{CustomerId, GdprRequestId, MerchantId},
    time::{Clock, Timestamp},
};
use gateway::{
    clock::{SystemClock, new_id},
    shopify::sample::OrderSample,
};
use loyalnest::{
    composition::{self, Config},
    drill::{
        installation::{Installation, Setting},
        shop::Shop,
    },
};
use serde_json::{Value, json};
use vault::{DeletionEntry, DeletionJournal, DeletionSubject, KeyState, Vault, VaultError};

use super::{openbao::OpenBao, program::start};

/// Enough for several in each bucket: nobody's rotation needs an old key if she was alone there, and then an older database
/// serves correctly instead of being refused. Of twelve in four buckets, one in twenty-four times the first was alone.
const PEOPLE: u64 = 60;

/// An installation with members, and copies of its parts.
struct Drill {
    installation: Installation,
    shop: Shop,
    merchant: MerchantId,
    members: Vec<CustomerId>,
}

impl Drill {
    async fn start() -> Drill {
        Self::start_with(Setting::default()).await
    }

    async fn start_with(setting: Setting) -> Drill {
        let installation = start(setting).await;
        let shop = Shop::open(&installation, "restores.myshopify.com", "restores-secret").await.unwrap();
        let mut last = 0;
        for order in 1..=PEOPLE {
            let body = OrderSample { email: Some(format!("{order}@example.com")), ..OrderSample::new(order) }.body();
            last = shop.deliver("orders/create", &body).await.unwrap().position.unwrap();
        }
        let listed = shop.get(&format!("/v1/customers?limit=100&min_position={last}")).await.unwrap();
        let listed = listed["data"].as_array().unwrap();
        let members: Vec<CustomerId> = listed.iter().map(|row| row["id"].as_str().unwrap().parse().unwrap()).collect();
        assert_eq!(members.len() as u64, PEOPLE);
        Drill { merchant: shop.merchant_id.parse().unwrap(), installation, shop, members }
    }

    fn config(&self) -> Config {
        Config::from_file(&self.installation.env_file()).unwrap()
    }

    async fn vault(&self) -> Vault {
        let config = self.config();
        composition::open_vault(&config, &config.database().await.unwrap()).await.unwrap()
    }

    fn journal(&self, vault: &Vault) -> DeletionJournal {
        composition::deletions::open(&self.config(), vault).unwrap()
    }

    /// As an erasure does it with the vault: written down, destroyed, rotated away from.
    async fn erase(&self, person: CustomerId) {
        let vault = self.vault().await;
        let entry = DeletionEntry {
            request: GdprRequestId(new_id()),
            merchant: self.merchant,
            subject: DeletionSubject::Person(person),
            keys: vault.key_ids(self.merchant, &[person]).await.unwrap(),
            at: now(),
        };
        self.journal(&vault).append(vec![entry]).await.unwrap();
        let destroyed = vault.destroy_people(self.merchant, &[person], now()).await.unwrap();
        vault.rotate_away(self.merchant, &destroyed.hung_from, now()).await.unwrap();
    }

    /// Copies the database's and the key store's files; nothing runs meanwhile.
    async fn copy(&mut self) -> (PathBuf, PathBuf) {
        self.installation.stop().await.unwrap();
        let copies = (self.installation.home().join("database"), self.installation.home().join("root-keys"));
        copy(&self.database(), &copies.0);
        copy(&self.config().root_keys, &copies.1);
        self.installation.start_again().await.unwrap();
        copies
    }

    fn database(&self) -> PathBuf {
        self.installation.data().join("postgres")
    }

    async fn refusal(&mut self) -> String {
        self.installation.start_again().await.expect_err("it must not start").to_string()
    }

    /// She is a tombstone, everybody else is read.
    async fn all_are_read_but(&self, erased: CustomerId) {
        let vault = self.vault().await;
        assert!(matches!(vault.key_state(self.merchant, erased).await.unwrap(), KeyState::Destroyed { .. }));
        assert_eq!(vault.traces_of(self.merchant, erased).await.unwrap(), []);
        assert!(matches!(vault.person(self.merchant, erased).await, Err(VaultError::Destroyed { .. })));
        for member in self.members.iter().filter(|member| **member != erased) {
            vault.person(self.merchant, *member).await.expect("the living have their keys");
            assert!(self.email(*member).await.is_string(), "{member}");
        }
    }

    async fn email(&self, member: CustomerId) -> Value {
        self.shop.get(&format!("/v1/customers/{member}")).await.unwrap()["email"].clone()
    }
}

fn now() -> Timestamp {
    SystemClock.now()
}

/// With owners and modes: the database insists on them.
fn copy(from: &Path, to: &Path) {
    let copied = Command::new("cp").arg("-a").arg(from).arg(to).status().unwrap();
    assert!(copied.success(), "{} was not copied", from.display());
}

fn replace(that: &Path, by: &Path) {
    if that.is_dir() {
        fs::remove_dir_all(that).unwrap();
    } else {
        fs::remove_file(that).unwrap();
    }
    copy(by, that);
}

/// Database and key store of the same time, from before an erasure. The old dump has her wrapped keys, the old store the key
/// above them: together they open. The deletion journal knows better, before anybody is served.
#[tokio::test]
async fn database_and_key_store_from_before_an_erasure_forget_again() {
    let mut drill = Drill::start().await;
    let erased = drill.members[0];
    let (database, root_keys) = drill.copy().await;
    drill.erase(erased).await;
    drill.installation.stop().await.unwrap();

    replace(&drill.database(), &database);
    replace(&drill.config().root_keys, &root_keys);
    drill.installation.start_again().await.expect("it starts, and forgets her again");
    drill.all_are_read_but(erased).await;
    assert_eq!(drill.email(erased).await, Value::Null);
    let log = fs::read_to_string(drill.installation.log()).unwrap();
    assert!(log.contains("erased again what an older copy had brought back"), "it says so");
}

#[tokio::test]
async fn a_database_older_than_the_key_store_is_refused_and_the_newest_serves() {
    let mut drill = Drill::start().await;
    let erased = drill.members[0];
    let (database, _) = drill.copy().await;
    drill.erase(erased).await;
    drill.installation.stop().await.unwrap();
    let newest = drill.installation.home().join("newest");
    copy(&drill.database(), &newest);

    replace(&drill.database(), &database);
    let refused = drill.refusal().await;
    assert!(refused.contains("the database is older than the store"), "{refused}");
    replace(&drill.database(), &newest);
    drill.installation.start_again().await.expect("with its newest copy it starts");
    drill.all_are_read_but(erased).await;
}

#[tokio::test]
async fn a_key_store_older_than_the_database_is_refused_and_the_newest_serves() {
    let mut drill = Drill::start().await;
    let erased = drill.members[0];
    let (_, root_keys) = drill.copy().await;
    drill.erase(erased).await;
    drill.installation.stop().await.unwrap();
    let newest = drill.installation.home().join("newest");
    copy(&drill.config().root_keys, &newest);

    replace(&drill.config().root_keys, &root_keys);
    let refused = drill.refusal().await;
    assert!(refused.contains("older than the database"), "{refused}");
    replace(&drill.config().root_keys, &newest);
    drill.installation.start_again().await.expect("with its newest copy it starts");
    drill.all_are_read_but(erased).await;
}

#[tokio::test]
async fn one_place_of_the_deletion_journal_may_be_lost_and_two_may_not() {
    let mut drill = Drill::start().await;
    let erased = drill.members[0];
    drill.erase(erased).await;
    drill.installation.stop().await.unwrap();
    let places = drill.config().deletion_journal;
    let whole = fs::read(&places[0]).unwrap();

    fs::remove_file(&places[1]).unwrap();
    drill.installation.start_again().await.expect("one place is enough, and fills the other");
    assert_eq!(fs::read(&places[1]).unwrap(), whole);
    drill.all_are_read_but(erased).await;
    drill.installation.stop().await.unwrap();

    places.iter().for_each(|place| fs::remove_file(place).unwrap());
    let refused = drill.refusal().await;
    assert!(refused.contains("the deletion journal is shorter than the log says: entry 1 of 1"), "{refused}");

    let mut changed = whole.clone();
    let middle = whole.len() / 2;
    changed[middle] ^= 1;
    places.iter().for_each(|place| fs::write(place, &changed).unwrap());
    let refused = drill.refusal().await;
    assert!(refused.contains("entry 1 of the deletion journal at") && refused.contains("is not genuine"), "{refused}");

    fs::write(&places[0], &whole).unwrap();
    let refused = drill.refusal().await;
    assert!(refused.contains("contradict each other at entry 1"), "{refused}");

    places.iter().for_each(|place| fs::write(place, &whole).unwrap());
    drill.installation.start_again().await.expect("with its newest copy it starts");
    drill.all_are_read_but(erased).await;
}

/// The key service has forgotten how the old copy was closed, whoever kept that, and for however long.
#[tokio::test]
async fn under_a_key_service_an_old_key_store_opens_nothing() {
    let Some(mut bao) = OpenBao::start().await else { return };
    let service = bao.service();
    let environment = vec![
        ("LOYALNEST_KMS_URL".to_owned(), service.url),
        ("LOYALNEST_KMS_TOKEN_FILE".to_owned(), service.token_file.display().to_string()),
    ];
    let mut drill = Drill::start_with(Setting { environment, ..Setting::default() }).await;
    assert_eq!(status(&drill.installation).await["root_key_store"]["kept_by"], "key service");
    let erased = drill.members[0];
    let (database, root_keys) = drill.copy().await;
    drill.erase(erased).await;
    drill.installation.stop().await.unwrap();
    let newest = (drill.installation.home().join("newest"), drill.installation.home().join("newest-keys"));
    copy(&drill.database(), &newest.0);
    copy(&drill.config().root_keys, &newest.1);

    replace(&drill.database(), &database);
    replace(&drill.config().root_keys, &root_keys);
    let refused = drill.refusal().await;
    assert!(refused.contains("this root key store is an old copy"), "{refused}");

    replace(&drill.database(), &newest.0);
    replace(&drill.config().root_keys, &newest.1);
    drill.installation.start_again().await.expect("with its newest copies it starts");
    drill.all_are_read_but(erased).await;
    drill.installation.stop().await.unwrap();
    bao.stop();
    let refused = drill.refusal().await;
    assert!(refused.contains("the key service gives no answer"), "{refused}");
}

/// An erasure that was killed after its point of no return.
#[tokio::test]
async fn an_entry_that_nobody_has_carried_out_is_carried_out_at_the_start() {
    let mut drill = Drill::start().await;
    let erased = drill.members[0];
    let vault = drill.vault().await;
    let entry = DeletionEntry {
        request: GdprRequestId(new_id()),
        merchant: drill.merchant,
        subject: DeletionSubject::Person(erased),
        keys: vec![],
        at: now(),
    };
    drill.journal(&vault).append(vec![entry]).await.unwrap();
    drop(vault);
    drill.installation.kill_gateway().await.unwrap();
    drill.installation.start_again().await.unwrap();
    drill.all_are_read_but(erased).await;
}

#[tokio::test]
async fn operators_see_the_keys_and_rotate_them_while_everything_runs() {
    let mut drill = Drill::start().await;
    let erased = drill.members[0];
    let before = status(&drill.installation).await;
    assert_eq!(before["root_key_store"]["kept_by"], "file");
    let buckets = before["buckets"].as_array().unwrap();
    assert_eq!(buckets.iter().map(|row| row["people"].as_u64().unwrap()).sum::<u64>(), PEOPLE);
    let journal = &before["deletion_journal"];
    assert_eq!((&journal["state"], &journal["entries"]), (&json!("genuine"), &json!(0)));

    drill.erase(erased).await;
    for bucket in buckets {
        let rotated = keys(&drill.installation, &["rotate", "--bucket", bucket["bucket"].as_str().unwrap()]).await;
        assert!(rotated[0]["generation"].as_u64() >= Some(2), "{rotated}");
    }
    let rotated = keys(&drill.installation, &["rotate", "--root"]).await;
    assert_eq!((&rotated[0]["key"], &rotated[0]["generation"]), (&json!("root"), &json!(2)));
    assert!(rotated[0]["old_copies_gone_by"].as_str().unwrap().ends_with("T00:00:00Z"));
    assert_eq!(keys(&drill.installation, &["rotate"]).await, Value::Array(vec![]), "nothing was cut short");
    drill.all_are_read_but(erased).await;

    let after = status(&drill.installation).await;
    assert_eq!(after["root_key_store"]["generation"], 2);
    assert_eq!((&after["deletion_journal"]["entries"], &after["pending_rotations"]), (&json!(1), &json!(0)));
    drill.installation.stop().await.unwrap();
    drill.installation.start_again().await.unwrap();
    drill.all_are_read_but(erased).await;
}

async fn status(installation: &Installation) -> Value {
    keys(installation, &["status"]).await
}

async fn keys(installation: &Installation, words: &[&str]) -> Value {
    let answer = installation.command(&[&["-o", "json", "keys"], words].concat()).await.unwrap();
    assert!(answer.status.success(), "{}", String::from_utf8_lossy(&answer.stderr));
    serde_json::from_slice(&answer.stdout).unwrap()
}
