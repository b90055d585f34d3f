//! First sight of a person: the directory entry and the keys are one transaction, so nobody is ever named without
//! keys, and one outside identity is one person however many processes meet it at once.

use std::{
    collections::{BTreeMap, HashMap, HashSet},
    sync::Arc,
};

use aggregates::{
    id::{CustomerId, MerchantId},
    time::Timestamp,
};
use futures::{StreamExt, stream};
use sqlx::{Connection, PgConnection, PgPool};

use crate::{
    BUCKET_CAPACITY, DirectoryKind, RootKeyStore, Vault, VaultError,
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
        self.enrol(entry, fresh, None).await
    }

    /// As [`Vault::person_for`], for something that happened at `acted_at`: if whoever had this identity was erased before
    /// that, it is somebody new who acts, and `fresh` has the identity from then on. [`VaultError::Destroyed`] if they were
    /// erased later: then it is the erased person's own doing that arrives late.
    pub async fn person_acting(
        &self,
        merchant: MerchantId,
        kind: DirectoryKind,
        external_id: &str,
        fresh: CustomerId,
        acted_at: Timestamp,
    ) -> Result<(CustomerId, bool), VaultError> {
        let entry = self.entry(merchant, kind, external_id).await?;
        match self.find_entry(entry).await {
            Ok(Some(subject)) => Ok((CustomerId(subject), false)),
            Ok(None) => self.enrol(entry, fresh, Some(acted_at)).await,
            Err(VaultError::Destroyed { at }) if at < acted_at => self.enrol(entry, fresh, Some(acted_at)).await,
            Err(error) => Err(error),
        }
    }

    async fn enrol(
        &self,
        entry: Entry,
        fresh: CustomerId,
        acted_at: Option<Timestamp>,
    ) -> Result<(CustomerId, bool), VaultError> {
        let asked = AskedAt::now();
        let enrolled = self.inner.enrolments.ask(Newcomer { entry, fresh, acted_at }).await??;
        self.inner.lookups.put(entry, enrolled.person.0, asked);
        Ok((enrolled.person, enrolled.made))
    }
}

/// Somebody nobody had heard of a moment ago.
pub(crate) struct Newcomer {
    entry: Entry,
    fresh: CustomerId,
    /// When they did what brings them here; they take the place of whoever was erased before. Without it, nobody's.
    acted_at: Option<Timestamp>,
}

/// Who is to have an entry if nobody has it.
#[derive(Clone, Copy)]
pub(crate) struct First {
    pub fresh: CustomerId,
    pub acted_at: Option<Timestamp>,
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
            .map(|(merchant, first)| async move { (merchant, round.enrol(merchant, first).await) })
            .buffer_unordered(MERCHANTS_AT_ONCE)
            .collect::<HashMap<_, _>>()
            .await;
        Ok(asks.iter().map(|newcomer| answer(&mut outcomes, newcomer)).collect())
    }
}

/// The first to name each entry, in the entries' order: processes that meet the same people then wait for each
/// other's rows in the same order, never in a circle.
fn by_merchant(asks: &[Newcomer]) -> BTreeMap<MerchantId, BTreeMap<Entry, First>> {
    let mut merchants = BTreeMap::<_, BTreeMap<_, First>>::new();
    for Newcomer { entry, fresh, acted_at } in asks {
        let of_merchant = merchants.entry(entry.merchant).or_default();
        let first = of_merchant.entry(*entry).or_insert(First { fresh: *fresh, acted_at: *acted_at });
        // Of several things that one person did, the latest says whether they came back.
        first.acted_at = first.acted_at.max(*acted_at);
    }
    merchants
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
        merchant: MerchantId,
        first: BTreeMap<Entry, First>,
    ) -> Result<HashMap<Entry, Outcome>, VaultError> {
        let mut connection = self.pool.acquire().await?;
        let mut transaction = connection.begin().await?;
        let mut made = insert_entries(&mut transaction, &first).await?;
        let returning = first.iter().filter(|(entry, first)| first.acted_at.is_some() && !made.contains_key(entry));
        let returning: BTreeMap<Entry, First> = returning.map(|(entry, first)| (*entry, *first)).collect();
        if !returning.is_empty() {
            made.extend(take_over(&mut transaction, &returning).await?);
        }
        if !made.is_empty() {
            let people = i32::try_from(made.len()).expect("a round fits into a bucket");
            let bucket = bucket::take_places(&mut transaction, &self.root, merchant, people).await?;
            let secret = self.root.contents().await?.bucket(merchant, bucket)?;
            person::insert_fresh(&mut transaction, merchant, bucket, &secret, made.values().copied()).await?;
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
pub(crate) async fn insert_entries(
    transaction: &mut PgConnection,
    entries: &BTreeMap<Entry, First>,
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
    .bind(entries.values().map(|first| first.fresh.0).collect::<Vec<_>>())
    .fetch_all(transaction)
    .await?
    .into_iter()
    .collect();
    Ok(those_of(entries, &inserted))
}

/// The entries whose kind and hash are among these.
fn those_of(entries: &BTreeMap<Entry, First>, rows: &HashSet<(String, Vec<u8>)>) -> BTreeMap<Entry, CustomerId> {
    let is_among = |entry: &Entry| rows.contains(&(entry.kind.as_str().to_owned(), entry.lookup.to_vec()));
    entries.iter().filter(|(entry, _)| is_among(entry)).map(|(entry, first)| (*entry, first.fresh)).collect()
}

/// Gives entries of people who were erased to those who act after that; gives back those.
async fn take_over(
    transaction: &mut PgConnection,
    entries: &BTreeMap<Entry, First>,
) -> Result<BTreeMap<Entry, CustomerId>, VaultError> {
    let taken: HashSet<(String, Vec<u8>)> = sqlx::query_as(
        "with erased as (
             select merchant, kind, lookup, fresh.subject
               from unnest($1::uuid[], $2::text[], $3::bytea[], $4::uuid[], $5::bigint[])
                    as fresh (merchant, kind, lookup, subject, acted_at_us)
               join vault.directory d using (merchant, kind, lookup)
              where d.subject is null and d.erased_at_us < fresh.acted_at_us
              order by merchant, kind, lookup for update of d
         )
         update vault.directory d set subject = erased.subject from erased
          where (d.merchant, d.kind, d.lookup) = (erased.merchant, erased.kind, erased.lookup) and d.subject is null
         returning d.kind, d.lookup",
    )
    .bind(entries.keys().map(|entry| entry.merchant.0).collect::<Vec<_>>())
    .bind(entries.keys().map(|entry| entry.kind.as_str()).collect::<Vec<_>>())
    .bind(entries.keys().map(|entry| entry.lookup).collect::<Vec<_>>())
    .bind(entries.values().map(|first| first.fresh.0).collect::<Vec<_>>())
    .bind(entries.values().map(|first| first.acted_at.map(|at| at.0)).collect::<Vec<_>>())
    .fetch_all(transaction)
    .await?
    .into_iter()
    .collect();
    Ok(those_of(entries, &taken))
}
