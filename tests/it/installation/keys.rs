//! Who has the database and the log, and not the root key store, can read nothing; and a vault that is older than the
//! log is not served from.

use std::fs;

use aggregates::{
    customer::{PROFILE_TAG, Profile},
    id::{CustomerId, MerchantId},
    sealed::Sealed,
};
use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use gateway::shopify::sample::OrderSample;
use loyalnest::drill::{
    installation::{Installation, Setting},
    shop::Shop,
};
use sqlx::{AssertSqlSafe, PgPool};
use uuid::Uuid;
use vault::{RootKeyStore, Vault};

use super::program::{start, variable};

/// People whose profiles are tried to be opened.
const PEOPLE: u64 = 3;
/// More than are looked at in any case: what is missing is further back.
const COMMITS_AFTERWARDS: u64 = 300;
/// A key is this long, wherever it lies.
const KEY_BYTES: usize = 32;

/// What a stranger finds in a copy of the tables: a sealed profile and what it is bound to.
struct Profiled {
    merchant: MerchantId,
    customer: CustomerId,
    sealed: Vec<u8>,
}

impl Profiled {
    /// version 1 │ key id 16 │ nonce 12 │ ciphertext │ tag 16, bound to version, merchant, key id and field.
    fn opens_with(&self, key: &[u8]) -> bool {
        let (header, body) = self.sealed.split_at(29);
        let bound = [&header[..1], self.merchant.0.as_bytes(), &header[1..17], PROFILE_TAG.as_bytes()].concat();
        let key = LessSafeKey::new(UnboundKey::new(&AES_256_GCM, key).expect("a key has 32 bytes"));
        let nonce = Nonce::try_assume_unique_for_key(&header[17..]).expect("a nonce has 12 bytes");
        key.open_in_place(nonce, Aad::from(bound), &mut body.to_vec()).is_ok()
    }

    fn as_stored(&self) -> Sealed<Profile> {
        Sealed::from_ciphertext(self.sealed.clone())
    }
}

async fn with_people() -> (Installation, PgPool, Vec<Profiled>) {
    let installation = start(Setting::default()).await;
    let shop = Shop::open(&installation, "keys.myshopify.com", "keys-secret").await.unwrap();
    let mut last = 0;
    for order in 1..=PEOPLE {
        let body = OrderSample { email: Some(format!("{order}@example.com")), ..OrderSample::new(order) }.body();
        last = shop.deliver("orders/create", &body).await.unwrap().position.unwrap();
    }
    shop.get(&format!("/v1/customers?min_position={last}")).await.unwrap();
    let db = PgPool::connect(&variable(&installation, "LOYALNEST_DATABASE_URL")).await.unwrap();
    let rows: Vec<(Uuid, Uuid, Vec<u8>)> =
        sqlx::query_as("select merchant, customer, profile from read.customers").fetch_all(&db).await.unwrap();
    let profiled = |(merchant, customer, sealed)| Profiled {
        merchant: MerchantId(merchant),
        customer: CustomerId(customer),
        sealed,
    };
    let people: Vec<_> = rows.into_iter().map(profiled).collect();
    assert_eq!(people.len() as u64, PEOPLE);
    (installation, db, people)
}

fn root(installation: &Installation) -> std::path::PathBuf {
    variable(installation, "LOYALNEST_ROOT_KEYS").into()
}

#[tokio::test]
async fn no_bytes_of_the_database_open_a_profile_and_the_vault_does() {
    let (installation, db, people) = with_people().await;
    let stored = every_binary_value(&db).await;
    assert!(stored.len() > 10, "only {} values were read", stored.len());
    let windows = || stored.iter().flat_map(|value| value.windows(KEY_BYTES));
    assert!(!people.iter().any(|person| windows().any(|key| person.opens_with(key))));

    let vault = Vault::open(db.clone(), RootKeyStore::open(&root(&installation)).unwrap()).await.unwrap();
    for person in &people {
        let keys = vault.person(person.merchant, person.customer).await.unwrap();
        let profile: Profile = keys.open(PROFILE_TAG, &person.as_stored()).unwrap();
        assert!(profile.email.is_some_and(|email| email.ends_with("@example.com")));
    }
    the_search_finds_a_key_that_is_there(&people[0], vault).await;
}

/// The same layout, under a key that is known.
async fn the_search_finds_a_key_that_is_there(person: &Profiled, vault: Vault) {
    let keys = vault.person(person.merchant, person.customer).await.unwrap();
    let layout = keys.seal_bytes(PROFILE_TAG, b"Ada");
    let (header, key) = (layout[..29].to_vec(), [7; KEY_BYTES]);
    let bound = [&header[..1], person.merchant.0.as_bytes(), &header[1..17], PROFILE_TAG.as_bytes()].concat();
    let mut body = b"Ada".to_vec();
    let cipher = LessSafeKey::new(UnboundKey::new(&AES_256_GCM, &key).unwrap());
    let nonce = Nonce::try_assume_unique_for_key(&header[17..]).unwrap();
    cipher.seal_in_place_append_tag(nonce, Aad::from(bound), &mut body).unwrap();
    let known = Profiled { sealed: [header, body].concat(), ..*person };
    let value = [&[1; 40][..], &key, &[2; 40]].concat();
    assert!(value.windows(KEY_BYTES).any(|window| known.opens_with(window)));
}

/// Of the vault and of the read models.
async fn every_binary_value(db: &PgPool) -> Vec<Vec<u8>> {
    let columns: Vec<(String, String, String)> = sqlx::query_as(
        "select table_schema::text, table_name::text, column_name::text from information_schema.columns
          where table_schema in ('vault', 'read') and data_type = 'bytea'",
    )
    .fetch_all(db)
    .await
    .unwrap();
    let mut values = Vec::new();
    for (schema, table, column) in columns {
        let read = AssertSqlSafe(format!("select {column} from {schema}.{table} where {column} is not null"));
        values.extend(sqlx::query_scalar::<_, Vec<u8>>(read).fetch_all(db).await.unwrap());
    }
    values
}

#[tokio::test]
async fn without_its_root_key_store_an_installation_does_not_start_and_nothing_opens() {
    let (mut installation, db, people) = with_people().await;
    let kept = fs::read(root(&installation)).unwrap();
    db.close().await;
    installation.stop().await.unwrap();
    fs::remove_file(root(&installation)).unwrap();

    for _ in 0..2 {
        let refused = installation.start_again().await.expect_err("it must not start").to_string();
        assert!(refused.contains("root key store"), "{refused}");
    }
    assert!(!root(&installation).exists(), "a new store in the old one's place would be taken for it");

    fs::write(root(&installation), kept).unwrap();
    fs::set_permissions(root(&installation), std::os::unix::fs::PermissionsExt::from_mode(0o600)).unwrap();
    installation.start_again().await.expect("with the store it starts");
    another_store_opens_nothing(&installation, &people).await;
}

async fn another_store_opens_nothing(installation: &Installation, people: &[Profiled]) {
    let db = PgPool::connect(&variable(installation, "LOYALNEST_DATABASE_URL")).await.unwrap();
    let other = RootKeyStore::open_or_create(&installation.home().join("other-store")).unwrap();
    let refused = Vault::open(db.clone(), other).await.expect_err("a new store is not the old").to_string();
    assert!(refused.contains("root key store"), "{refused}");

    // Even for somebody who rewrites the database so that the vault opens.
    let other = RootKeyStore::open(&installation.home().join("other-store")).unwrap();
    sqlx::query("delete from vault.root_store").execute(&db).await.unwrap();
    let vault = Vault::open(db.clone(), other).await.unwrap();
    for person in people {
        assert!(vault.person(person.merchant, person.customer).await.is_err());
        vault.create_merchant(person.merchant).await.unwrap();
        assert!(vault.person(person.merchant, person.customer).await.is_err());
    }
}

/// As a vault is that was restored from before this person came.
async fn forget(db: &PgPool, person: CustomerId) {
    let named = [
        "person_keys where person",
        "directory where subject",
        "order_owner where account",
        "blind_index where subject",
    ];
    for rows in named {
        let forget = AssertSqlSafe(format!("delete from vault.{rows} = $1"));
        assert!(sqlx::query(forget).bind(person.0).execute(db).await.unwrap().rows_affected() > 0, "{rows}");
    }
}

async fn refuses_to_start(installation: &mut Installation) {
    let refused = installation.start_again().await.expect_err("it must not start").to_string();
    assert!(refused.contains("the vault is older than the log"), "{refused}");
    assert!(refused.contains("restore the vault's newest backup"), "{refused}");
}

#[tokio::test]
async fn a_vault_that_is_older_than_the_log_is_not_served_from() {
    let (mut installation, db, people) = with_people().await;
    installation.kill_gateway().await.unwrap();
    forget(&db, people[0].customer).await;
    refuses_to_start(&mut installation).await;
}

/// The whole database went back in time: the read models know no more than the vault.
#[tokio::test]
async fn neither_is_a_database_that_is_older_than_the_log() {
    let (mut installation, db, people) = with_people().await;
    let shop = Shop::open(&installation, "later.myshopify.com", "later-secret").await.unwrap();
    for order in 0..COMMITS_AFTERWARDS {
        let order = OrderSample { customer_id: Some(1), ..OrderSample::new(100 + order) };
        shop.deliver("orders/create", &order.body()).await.unwrap();
    }
    installation.kill_gateway().await.unwrap();
    forget(&db, people[0].customer).await;
    for table in ["customers", "balances", "points_transactions", "checkpoint"] {
        sqlx::query(AssertSqlSafe(format!("truncate read.{table}"))).execute(&db).await.unwrap();
    }
    refuses_to_start(&mut installation).await;
}
