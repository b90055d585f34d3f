//! People's keys: made at enrolment, fetched for many callers at once, used on a lease.

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
};

use aggregates::{
    id::{CustomerId, MerchantId},
    time::Timestamp,
};
use sqlx::{FromRow, PgConnection};
use uuid::Uuid;
use zeroize::Zeroizing;

use crate::{
    BucketGeneration, PersonKeys, PersonState, RootKeyError, Vault, VaultError,
    batch::Round,
    envelope::{self, Binding},
    kept::KeptConnection,
    keys::PERSON_SECRET_BYTES,
    lease::AskedAt,
    secret::{Secret, fill_random},
};

/// People looked for by one statement of [`Vault::unheard_of`].
const UNHEARD_OF_AT_ONCE: usize = 10_000;

impl Vault {
    /// A person's keys, at most [`KEY_LEASE`](crate::KEY_LEASE) old. [`VaultError::Destroyed`] if they were erased,
    /// [`VaultError::NeverMade`] if this merchant has no such person.
    pub async fn person(&self, merchant: MerchantId, person: CustomerId) -> Result<Arc<PersonKeys>, VaultError> {
        if let Some(keys) = self.inner.people.get(&person) {
            return if keys.merchant() == merchant { Ok(keys) } else { Err(VaultError::NeverMade) };
        }
        match self.fetch_person(merchant, person).await {
            // A rotation took the bucket's key away between reading the row and unwrapping it: the row has moved on.
            Err(VaultError::Root(RootKeyError::Forgotten { .. })) => self.fetch_person(merchant, person).await,
            outcome => outcome,
        }
    }

    async fn fetch_person(&self, merchant: MerchantId, person: CustomerId) -> Result<Arc<PersonKeys>, VaultError> {
        let asked = AskedAt::now();
        let row = self.inner.person_rows.ask(person).await?.ok_or(VaultError::NeverMade)?;
        if row.merchant != merchant.0 {
            return Err(VaultError::NeverMade);
        }
        let wrapped = row.wrapped()?;
        let bucket = self.inner.root.contents().await?.bucket(merchant, wrapped.bucket)?;
        let both = unwrap(&bucket, merchant, person, wrapped.bucket, wrapped.key)?;
        let keys = PersonKeys::from_bytes(merchant, person, wrapped.state, both);
        let keys = Arc::new(keys.ok_or_else(|| VaultError::Tampered { owner: person.to_string() })?);
        self.inner.people.put(person, keys.clone(), asked);
        Ok(keys)
    }

    /// Which of these people of one merchant never had keys here; those who were erased had. If the log names one of
    /// them, the vault is older than the log.
    pub async fn unheard_of(&self, merchant: MerchantId, people: &[CustomerId]) -> Result<Vec<CustomerId>, VaultError> {
        let mut unheard_of = Vec::new();
        for some in people.chunks(UNHEARD_OF_AT_ONCE) {
            let rows: Vec<Uuid> = sqlx::query_scalar(
                "select asked.person from unnest($2::uuid[]) as asked (person)
                 where not exists (select from vault.person_keys k where k.person = asked.person and k.merchant = $1)",
            )
            .bind(merchant.0)
            .bind(some.iter().map(|person| person.0).collect::<Vec<_>>())
            .fetch_all(&self.inner.pool)
            .await?;
            unheard_of.extend(rows.into_iter().map(CustomerId));
        }
        Ok(unheard_of)
    }
}

/// Makes keys for people who have none. Whoever has, or once had, some is passed over.
pub(crate) async fn insert_fresh(
    transaction: &mut PgConnection,
    merchant: MerchantId,
    bucket: BucketGeneration,
    bucket_key: &Secret,
    people: impl Iterator<Item = CustomerId> + Clone,
) -> Result<(), VaultError> {
    let wrapped: Vec<_> = people.clone().map(|person| wrap_fresh(merchant, person, bucket, bucket_key)).collect();
    sqlx::query(
        "insert into vault.person_keys (person, merchant, bucket, generation, wrapped)
         select person, $1, $2, $3, wrapped from unnest($4::uuid[], $5::bytea[]) as fresh (person, wrapped)
         on conflict (person) do nothing",
    )
    .bind(merchant.0)
    .bind(bucket.bucket)
    .bind(bucket.generation)
    .bind(people.map(|person| person.0).collect::<Vec<_>>())
    .bind(wrapped)
    .execute(transaction)
    .await?;
    Ok(())
}

fn wrap_fresh(merchant: MerchantId, person: CustomerId, bucket: BucketGeneration, bucket_key: &Secret) -> Box<[u8]> {
    wrap(bucket_key, merchant, person, bucket, &fresh())
}

/// Two keys that nobody has.
fn fresh() -> Zeroizing<Vec<u8>> {
    let mut both = Zeroizing::new(vec![0; PERSON_SECRET_BYTES]);
    fill_random(&mut both);
    both
}

/// Makes keys for people who are new, and gives them back: nobody has to fetch what was made a moment ago. Whoever had some
/// is passed over, and missing in the answer.
pub(crate) async fn insert_new(
    transaction: &mut PgConnection,
    merchant: MerchantId,
    bucket: BucketGeneration,
    bucket_key: &Secret,
    people: &[CustomerId],
) -> Result<HashMap<CustomerId, Arc<PersonKeys>>, VaultError> {
    let made: Vec<(CustomerId, Zeroizing<Vec<u8>>)> = people.iter().map(|person| (*person, fresh())).collect();
    let wrapped: Vec<_> = made.iter().map(|(person, both)| wrap(bucket_key, merchant, *person, bucket, both)).collect();
    let inserted: HashSet<Uuid> = sqlx::query_scalar(
        "insert into vault.person_keys (person, merchant, bucket, generation, wrapped)
         select person, $1, $2, $3, wrapped from unnest($4::uuid[], $5::bytea[]) as fresh (person, wrapped)
         on conflict (person) do nothing
         returning person",
    )
    .bind(merchant.0)
    .bind(bucket.bucket)
    .bind(bucket.generation)
    .bind(people.iter().map(|person| person.0).collect::<Vec<_>>())
    .bind(wrapped)
    .fetch_all(transaction)
    .await?
    .into_iter()
    .collect();
    let keys = made.into_iter().filter(|(person, _)| inserted.contains(&person.0)).filter_map(|(person, both)| {
        Some((person, Arc::new(PersonKeys::from_bytes(merchant, person, PersonState::Active, both)?)))
    });
    Ok(keys.collect())
}

/// A person's two keys under the key of their bucket.
pub(crate) fn wrap(
    bucket_key: &Secret,
    merchant: MerchantId,
    person: CustomerId,
    bucket: BucketGeneration,
    both: &[u8],
) -> Box<[u8]> {
    envelope::seal(bucket_key, wrapping(merchant, bucket, &wrapping_name(person, bucket)), both)
}

/// What [`wrap`] closed; [`VaultError::Tampered`] if it was changed, or belongs to somebody else.
pub(crate) fn unwrap(
    bucket_key: &Secret,
    merchant: MerchantId,
    person: CustomerId,
    bucket: BucketGeneration,
    wrapped: &[u8],
) -> Result<Zeroizing<Vec<u8>>, VaultError> {
    envelope::open(bucket_key, wrapping(merchant, bucket, &wrapping_name(person, bucket)), wrapped)
        .map_err(|_| VaultError::Tampered { owner: person.to_string() })
}

fn wrapping(merchant: MerchantId, bucket: BucketGeneration, name: &str) -> Binding<'_> {
    Binding { merchant, key_id: bucket.bucket, tag: name }
}

/// Binds a wrapped key to its person and generation: swapped rows do not open.
fn wrapping_name(person: CustomerId, bucket: BucketGeneration) -> String {
    format!("{person} generation {}", bucket.generation)
}

/// A row of `vault.person_keys`.
#[derive(Debug, Clone, FromRow)]
pub(crate) struct PersonRow {
    person: Uuid,
    merchant: Uuid,
    state: String,
    bucket: Option<Uuid>,
    generation: Option<i32>,
    wrapped: Option<Vec<u8>>,
    destroyed_at_us: Option<i64>,
}

/// What a row of a living person says.
struct WrappedKeys<'a> {
    state: PersonState,
    bucket: BucketGeneration,
    key: &'a [u8],
}

impl PersonRow {
    fn wrapped(&self) -> Result<WrappedKeys<'_>, VaultError> {
        if let Some(at) = self.destroyed_at_us {
            return Err(VaultError::Destroyed { at: Timestamp(at) });
        }
        let state = if self.state == "held" { PersonState::Held } else { PersonState::Active };
        match (self.bucket, self.generation, &self.wrapped) {
            (Some(bucket), Some(generation), Some(key)) => {
                Ok(WrappedKeys { state, bucket: BucketGeneration { bucket, generation }, key })
            }
            _ => Err(VaultError::Tampered { owner: CustomerId(self.person).to_string() }),
        }
    }
}

/// Rows of the people many callers ask for, in one query.
pub(crate) struct PersonRound {
    pub connection: KeptConnection,
}

impl Round for PersonRound {
    type Ask = CustomerId;
    type Answer = Option<PersonRow>;

    const NAME: &'static str = "person";
    const MOST: usize = 1_024;

    async fn run(&mut self, asks: &[CustomerId]) -> Result<Vec<Option<PersonRow>>, VaultError> {
        let rows = self.connection.with(async |connection| rows_of(connection, asks).await).await?;
        let rows: HashMap<Uuid, PersonRow> = rows.into_iter().map(|row| (row.person, row)).collect();
        Ok(asks.iter().map(|person| rows.get(&person.0).cloned()).collect())
    }
}

async fn rows_of(connection: &mut PgConnection, people: &[CustomerId]) -> Result<Vec<PersonRow>, sqlx::Error> {
    sqlx::query_as(
        "select person, merchant, state, bucket, generation, wrapped, destroyed_at_us
         from vault.person_keys where person = any($1)",
    )
    .bind(people.iter().map(|person| person.0).collect::<Vec<_>>())
    .fetch_all(connection)
    .await
}
