//! Many people of one merchant who come together, such as the rows of a file: looked for in one statement, and whoever
//! nobody has heard of made in one transaction, with their keys and with what they are found by.

use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
};

use aggregates::id::{CustomerId, MerchantId};
use futures::future::join_all;
use sqlx::{Connection, PgConnection, Row};
use uuid::Uuid;

use crate::{
    BUCKET_CAPACITY, DirectoryKind, IndexKind, PersonKeys, RootKeyStore, SEARCH_LIMIT, Vault, VaultError,
    batch::Round,
    bucket,
    directory::Entry,
    enrolment::{First, insert_entries},
    kept::KeptConnection,
    person,
};

/// Newcomers of one transaction; all of them go into one bucket.
pub const INTAKE_MAX: usize = 512;

const _: () = assert!(INTAKE_MAX < BUCKET_CAPACITY as usize);

/// Somebody nobody has heard of, as far as the caller knows.
#[derive(Debug, Clone)]
pub struct Entrant<'a> {
    /// Who they will be: an id that nobody has had.
    pub person: CustomerId,
    pub kind: DirectoryKind,
    pub external_id: &'a str,
    /// What a search is to find them by.
    pub findable_by: Vec<(IndexKind, &'a str)>,
}

/// Keys of whoever was made.
type Made = HashMap<CustomerId, Arc<PersonKeys>>;

/// A word by which somebody is to be found from outside, and who that is.
type Term = (&'static str, [u8; 32], Uuid);

impl Vault {
    /// Who has each of these outside identities, in their order: as [`Vault::find`], in one question for all. An error inside is
    /// about that identity alone: [`VaultError::Destroyed`].
    ///
    /// # Errors
    /// [`VaultError`]
    pub async fn find_each(
        &self,
        merchant: MerchantId,
        asked: &[(DirectoryKind, &str)],
    ) -> Result<Vec<Result<Option<Uuid>, VaultError>>, VaultError> {
        let mut entries = Vec::with_capacity(asked.len());
        for (kind, external_id) in asked {
            entries.push(self.entry(merchant, *kind, external_id).await?);
        }
        let found = join_all(entries.into_iter().map(|entry| self.inner.finds.ask(entry))).await;
        found.into_iter().map(|found| Ok(found?.map(|found| found.subject()).transpose())).collect()
    }

    /// The people who were made findable by each of these values, in their order: as [`Vault::search`], in one question for all.
    ///
    /// # Errors
    /// [`VaultError`]
    pub async fn search_each(
        &self,
        merchant: MerchantId,
        kind: IndexKind,
        values: &[&str],
    ) -> Result<Vec<Vec<CustomerId>>, VaultError> {
        let mut people = vec![Vec::new(); values.len()];
        let (mut places, mut lookups) = (Vec::new(), Vec::new());
        for (place, value) in (0_i64..).zip(values) {
            if let Some(lookup) = self.index_lookup(merchant, kind, value).await? {
                places.push(place);
                lookups.push(lookup);
            }
        }
        if lookups.is_empty() {
            return Ok(people);
        }
        let rows = sqlx::query(
            "select asked.place, found.subject from unnest($3::bigint[], $4::bytea[]) as asked (place, lookup)
              cross join lateral (
                   select subject from vault.blind_index
                    where merchant = $1 and kind = $2 and lookup = asked.lookup order by subject limit $5) as found",
        )
        .bind(merchant.0)
        .bind(kind.as_str())
        .bind(places)
        .bind(lookups)
        .bind(SEARCH_LIMIT)
        .fetch_all(&self.inner.pool)
        .await?;
        for row in &rows {
            let place = usize::try_from(row.try_get::<i64, _>("place")?).unwrap_or(usize::MAX);
            if let Some(found) = people.get_mut(place) {
                found.push(CustomerId(row.try_get("subject")?));
            }
        }
        Ok(people)
    }

    /// Makes these people, at most [`INTAKE_MAX`]: durable, all or none, when this returns. Gives the keys of those who were
    /// made; whoever is missing was somebody already, and is to be looked for again.
    ///
    /// # Errors
    /// [`VaultError`]
    pub async fn take_in(&self, merchant: MerchantId, entrants: &[Entrant<'_>]) -> Result<Made, VaultError> {
        debug_assert!(entrants.len() <= INTAKE_MAX, "they go into one bucket");
        let mut intake = Intake { merchant, entries: BTreeMap::new(), terms: Vec::with_capacity(2 * entrants.len()) };
        for entrant in entrants {
            let entry = self.entry(merchant, entrant.kind, entrant.external_id).await?;
            intake.entries.entry(entry).or_insert(First { fresh: entrant.person, acted_at: None });
            for (kind, value) in &entrant.findable_by {
                let lookup = self.index_lookup(merchant, *kind, value).await?;
                intake.terms.extend(lookup.map(|lookup| (kind.as_str(), lookup, entrant.person.0)));
            }
        }
        self.inner.intakes.ask(intake).await?
    }
}

/// What one caller wants taken in.
pub(crate) struct Intake {
    merchant: MerchantId,
    entries: BTreeMap<Entry, First>,
    terms: Vec<Term>,
}

/// One intake after the other, each in a transaction of its own; whoever asked for one may go away meanwhile.
pub(crate) struct IntakeRound {
    pub connection: KeptConnection,
    pub root: Arc<RootKeyStore>,
}

impl Round for IntakeRound {
    type Ask = Intake;
    /// A merchant whose keys are gone fails alone.
    type Answer = Result<Made, VaultError>;

    const NAME: &'static str = "intake";
    const MOST: usize = 1;

    async fn run(&mut self, asks: &[Intake]) -> Result<Vec<Self::Answer>, VaultError> {
        let mut answers = Vec::with_capacity(asks.len());
        for intake in asks {
            let root = &self.root;
            answers.push(self.connection.with(async |connection| take_in(connection, root, intake).await).await);
        }
        Ok(answers)
    }
}

async fn take_in(connection: &mut PgConnection, root: &Arc<RootKeyStore>, intake: &Intake) -> Result<Made, VaultError> {
    let Intake { merchant, entries, terms } = intake;
    let mut transaction = connection.begin().await?;
    let made: Vec<CustomerId> = insert_entries(&mut transaction, entries).await?.into_values().collect();
    let Some(people) = i32::try_from(made.len()).ok().filter(|people| *people > 0) else {
        return Ok(HashMap::new());
    };
    let bucket = bucket::take_places(&mut transaction, root, *merchant, people).await?;
    let secret = root.contents().await?.bucket(*merchant, bucket)?;
    let keys = person::insert_new(&mut transaction, *merchant, bucket, &secret, &made).await?;
    let of_made = |term: &&Term| keys.contains_key(&CustomerId(term.2));
    insert_terms(&mut transaction, *merchant, &terms.iter().filter(of_made).copied().collect::<Vec<_>>()).await?;
    transaction.commit().await?;
    Ok(keys)
}

async fn insert_terms(transaction: &mut PgConnection, merchant: MerchantId, terms: &[Term]) -> Result<(), VaultError> {
    sqlx::query(
        "insert into vault.blind_index (merchant, kind, lookup, subject)
         select $1, * from unnest($2::text[], $3::bytea[], $4::uuid[]) as term (kind, lookup, subject)
         on conflict do nothing",
    )
    .bind(merchant.0)
    .bind(terms.iter().map(|(kind, _, _)| *kind).collect::<Vec<_>>())
    .bind(terms.iter().map(|(_, lookup, _)| *lookup).collect::<Vec<_>>())
    .bind(terms.iter().map(|(_, _, person)| *person).collect::<Vec<_>>())
    .execute(transaction)
    .await?;
    Ok(())
}
