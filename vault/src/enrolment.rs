//! First sight of a person: the directory entry and the keys are one transaction, so nobody is ever named without
//! keys, and one outside identity is one person however many processes meet it at once.

use std::{
    collections::{BTreeMap, HashMap, HashSet},
    sync::Arc,
};

use aggregates::id::{CustomerId, MerchantId};
use futures::{StreamExt, stream};
use sqlx::{Connection, PgConnection, PgPool};

use crate::{
    BUCKET_CAPACITY, DirectoryKind, MerchantKeys, RootKeyStore, Vault, VaultError,
    batch::Round,
    bucket,
    directory::{Entry, Found, find_all},
    lease::AskedAt,
    person,
};

/// Merchants whose new people are written at the same time.
const MERCHANTS_AT_ONCE: usize = 3;

impl Vault {
    /// The person behind an outside identity; `fresh` if nobody was there yet, and then `true`: the caller made it.
    /// Their keys exist, durably, before this returns. [`VaultError::Destroyed`] if they were erased.
    pub async fn person_for(
        &self,
        merchant: MerchantId,
        kind: DirectoryKind,
        external_id: &str,
        fresh: CustomerId,
    ) -> Result<(CustomerId, bool), VaultError> {
        let entry = self.entry(merchant, kind, external_id).await?;
        if let Some(subject) = self.find_entry(entry).await? {
            return Ok((CustomerId(subject), false));
        }
        let asked = AskedAt::now();
        let keys = self.merchant(merchant).await?;
        let enrolled = self.inner.enrolments.ask(Newcomer { keys, entry, fresh }).await??;
        self.inner.lookups.put(entry, enrolled.person.0, asked);
        Ok((enrolled.person, enrolled.made))
    }
}

/// Somebody nobody had heard of a moment ago.
pub(crate) struct Newcomer {
    keys: Arc<MerchantKeys>,
    entry: Entry,
    fresh: CustomerId,
}

#[derive(Clone, Copy)]
pub(crate) struct Enrolled {
    person: CustomerId,
    /// Nobody was there, and this caller's `fresh` was taken.
    made: bool,
}

// All newcomers of a round go into one bucket.
const _: () = assert!(EnrolmentRound::MOST < BUCKET_CAPACITY as usize);

/// Newcomers of many callers, one transaction for each merchant.
pub(crate) struct EnrolmentRound {
    pub pool: PgPool,
    pub root: Arc<RootKeyStore>,
}

impl Round for EnrolmentRound {
    type Ask = Newcomer;
    /// A merchant whose keys are gone fails alone.
    type Answer = Result<Enrolled, VaultError>;

    const NAME: &'static str = "enrol";
    const MOST: usize = 512;

    async fn run(&mut self, asks: &[Newcomer]) -> Result<Vec<Self::Answer>, VaultError> {
        let round = &*self;
        let mut outcomes = stream::iter(by_merchant(asks))
            .map(|(keys, first)| async move { (keys.id(), round.enrol(&keys, first).await) })
            .buffer_unordered(MERCHANTS_AT_ONCE)
            .collect::<HashMap<_, _>>()
            .await;
        Ok(asks.iter().map(|newcomer| answer(&mut outcomes, newcomer)).collect())
    }
}

/// The first to name each entry, in the entries' order: processes that meet the same people then wait for each
/// other's rows in the same order, never in a circle.
fn by_merchant(asks: &[Newcomer]) -> Vec<(Arc<MerchantKeys>, BTreeMap<Entry, CustomerId>)> {
    let mut merchants = BTreeMap::<_, (_, BTreeMap<_, _>)>::new();
    for Newcomer { keys, entry, fresh } in asks {
        let (_, first) = merchants.entry(entry.merchant).or_insert_with(|| (keys.clone(), BTreeMap::new()));
        first.entry(*entry).or_insert(*fresh);
    }
    merchants.into_values().collect()
}

/// Who stands behind each entry now. A subject taken from the map for the first time may be one just made.
type Outcomes = HashMap<MerchantId, Result<HashMap<Entry, Outcome>, VaultError>>;

#[derive(Clone, Copy)]
struct Outcome {
    found: Found,
    made: bool,
}

fn answer(outcomes: &mut Outcomes, newcomer: &Newcomer) -> Result<Enrolled, VaultError> {
    let of_merchant = outcomes.get_mut(&newcomer.entry.merchant).ok_or(sqlx::Error::RowNotFound)?;
    let of_merchant = of_merchant.as_mut().map_err(|error| error.clone())?;
    let outcome = of_merchant.get_mut(&newcomer.entry).ok_or(sqlx::Error::RowNotFound)?;
    let person = CustomerId(outcome.found.subject()?);
    // Only the first to ask made anybody; those who asked for the same entry in this round found somebody.
    Ok(Enrolled { person, made: std::mem::take(&mut outcome.made) })
}

impl EnrolmentRound {
    async fn enrol(
        &self,
        keys: &Arc<MerchantKeys>,
        first: BTreeMap<Entry, CustomerId>,
    ) -> Result<HashMap<Entry, Outcome>, VaultError> {
        let mut connection = self.pool.acquire().await?;
        let mut transaction = connection.begin().await?;
        let made = insert_entries(&mut transaction, &first).await?;
        if !made.is_empty() {
            let people = i32::try_from(made.len()).expect("a round fits into a bucket");
            let bucket = bucket::take_places(&mut transaction, &self.root, keys, people).await?;
            let secret = self.root.current()?.bucket(keys, bucket)?;
            person::insert_fresh(&mut transaction, keys.id(), bucket, &secret, made.values().copied()).await?;
        }
        transaction.commit().await?;

        let others: Vec<Entry> = first.into_keys().filter(|entry| !made.contains_key(entry)).collect();
        let found = find_all(&mut connection, &others).await?;
        let found = others.into_iter().zip(found);
        let found = found.filter_map(|(entry, found)| Some((entry, Outcome { found: found?, made: false })));
        let made =
            made.into_iter().map(|(entry, person)| (entry, Outcome { found: Found::Subject(person.0), made: true }));
        Ok(made.chain(found).collect())
    }
}

/// Writes the entries that nobody has; gives back those.
async fn insert_entries(
    transaction: &mut PgConnection,
    entries: &BTreeMap<Entry, CustomerId>,
) -> Result<BTreeMap<Entry, CustomerId>, VaultError> {
    let inserted: HashSet<(String, Vec<u8>)> = sqlx::query_as(
        "insert into vault.directory (merchant, kind, lookup, subject)
         select * from unnest($1::uuid[], $2::text[], $3::bytea[], $4::uuid[]) as fresh (merchant, kind, lookup, subject)
         order by merchant, kind, lookup
         on conflict (merchant, kind, lookup) do nothing
         returning kind, lookup",
    )
    .bind(entries.keys().map(|entry| entry.merchant.0).collect::<Vec<_>>())
    .bind(entries.keys().map(|entry| entry.kind.as_str()).collect::<Vec<_>>())
    .bind(entries.keys().map(|entry| entry.lookup).collect::<Vec<_>>())
    .bind(entries.values().map(|person| person.0).collect::<Vec<_>>())
    .fetch_all(transaction)
    .await?
    .into_iter()
    .collect();
    let is_new = |entry: &Entry| inserted.contains(&(entry.kind.as_str().to_owned(), entry.lookup.to_vec()));
    Ok(entries.iter().filter(|(entry, _)| is_new(entry)).map(|(entry, person)| (*entry, *person)).collect())
}
