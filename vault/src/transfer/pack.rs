//! Reading everything of a merchant that has to go along, a bounded number of rows at a time. Whoever is destroyed meanwhile is
//! in no later parcel; what was made meanwhile may be in one, and does no harm where it arrives.

use aggregates::id::{CustomerId, MerchantId};
use sqlx::{Row, postgres::PgRow};
use uuid::Uuid;

use super::{
    Parcel, Recipient,
    parcel::{DirectoryRow, ItemSecret, KeyBytes, OrderRow, PersonSecrets, Piece, SearchRow},
};
use crate::{
    BucketGeneration, ItemId, RootKeyError, Vault, VaultError, person,
    secret::{SECRET_BYTES, Secret},
};

/// Rows in one parcel: some 400 kilobytes at most.
const ROWS_AT_ONCE: i64 = 4_000;
/// A rotation may take a bucket's key away between reading a row and unwrapping it; its next generation is there then.
const LOOKS: u32 = 3;

/// Everything of one merchant, on its way out.
pub struct Packing {
    vault: Vault,
    merchant: MerchantId,
    recipient: Recipient,
    stage: Stage,
    number: u64,
    people: u64,
}

/// What comes next, and behind which row of it.
#[derive(Clone)]
enum Stage {
    Merchant,
    People(Uuid),
    Directory(String, Vec<u8>),
    Orders(Vec<u8>),
    SearchTerms(String, Vec<u8>, Uuid),
    Items(Uuid),
    Done,
}

impl Stage {
    const FIRST_PERSON: Stage = Stage::People(Uuid::nil());

    fn after(&self) -> Stage {
        match self {
            Stage::Merchant => Stage::FIRST_PERSON,
            Stage::People(_) => Stage::Directory(String::new(), Vec::new()),
            Stage::Directory(..) => Stage::Orders(Vec::new()),
            Stage::Orders(_) => Stage::SearchTerms(String::new(), Vec::new(), Uuid::nil()),
            Stage::SearchTerms(..) => Stage::Items(Uuid::nil()),
            Stage::Items(_) | Stage::Done => Stage::Done,
        }
    }
}

impl Vault {
    /// Begins to pack a merchant's keys for a recipient.
    pub fn pack(&self, merchant: MerchantId, recipient: &Recipient) -> Packing {
        let (vault, recipient) = (self.clone(), recipient.clone());
        Packing { vault, merchant, recipient, stage: Stage::Merchant, number: 0, people: 0 }
    }
}

impl Packing {
    /// The next parcel; `None` after the last.
    ///
    /// # Errors
    /// [`VaultError::UnknownMerchant`] and [`VaultError::Destroyed`] at the first, if the merchant has no keys;
    /// [`VaultError::Tampered`] where a row does not open.
    pub async fn next(&mut self) -> Result<Option<Parcel>, VaultError> {
        loop {
            let (piece, next) = match self.stage.clone() {
                Stage::Merchant => {
                    let secrets = self.vault.inner.root.contents().await?.merchant_secrets(self.merchant)?;
                    (Some(Piece::Merchant(secrets)), self.stage.after())
                }
                Stage::People(after) => self.people(after).await?,
                Stage::Directory(kind, lookup) => self.directory(kind, lookup).await?,
                Stage::Orders(lookup) => self.orders(lookup).await?,
                Stage::SearchTerms(kind, lookup, subject) => self.search_terms(kind, lookup, subject).await?,
                Stage::Items(after) => self.items(after).await?,
                Stage::Done => return Ok(None),
            };
            self.stage = next;
            if let Some(piece) = piece {
                let parcel = Parcel::close(self.merchant, self.number, &piece, &self.recipient);
                self.number += 1;
                return parcel.map(Some).ok_or_else(|| VaultError::NoRandomness);
            }
        }
    }

    /// How many people's keys were packed so far.
    pub fn people_packed(&self) -> u64 {
        self.people
    }

    async fn people(&mut self, after: Uuid) -> Result<(Option<Piece>, Stage), VaultError> {
        let mut looks = 0;
        let people = loop {
            looks += 1;
            match self.some_people(after).await {
                Err(VaultError::Root(RootKeyError::Forgotten { .. })) if looks < LOOKS => {}
                outcome => break outcome?,
            }
        };
        self.people += people.len() as u64;
        let next = people.last().map_or_else(|| self.stage.after(), |last| Stage::People(last.person));
        Ok(((!people.is_empty()).then_some(Piece::People(people)), next))
    }

    async fn some_people(&self, after: Uuid) -> Result<Vec<PersonSecrets>, VaultError> {
        let rows = sqlx::query(
            "select person, state, bucket, generation, wrapped from vault.person_keys
              where merchant = $1 and state <> 'destroyed' and person > $2 order by person limit $3",
        )
        .bind(self.merchant.0)
        .bind(after)
        .bind(ROWS_AT_ONCE)
        .fetch_all(&self.vault.inner.pool)
        .await?;
        let contents = self.vault.inner.root.contents().await?;
        let opened = |row: &PgRow| {
            let person: Uuid = row.try_get("person")?;
            let bucket = BucketGeneration { bucket: row.try_get("bucket")?, generation: row.try_get("generation")? };
            let key = contents.bucket(self.merchant, bucket)?;
            let wrapped = row.try_get("wrapped")?;
            let mut both = person::unwrap(&key, self.merchant, CustomerId(person), bucket, wrapped)?;
            let tampered = || VaultError::Tampered { owner: CustomerId(person).to_string() };
            let (data, link) = both.split_at_mut_checked(SECRET_BYTES).ok_or_else(tampered)?;
            let held = row.try_get::<&str, _>("state")? == "held";
            let data = KeyBytes(Secret::take(data).ok_or_else(tampered)?);
            Ok(PersonSecrets { person, held, data, link: KeyBytes(Secret::take(link).ok_or_else(tampered)?) })
        };
        rows.iter().map(opened).collect()
    }

    async fn directory(&self, kind: String, lookup: Vec<u8>) -> Result<(Option<Piece>, Stage), VaultError> {
        let rows = sqlx::query(
            "select kind, lookup, subject, erased_at_us from vault.directory
              where merchant = $1 and (kind, lookup) > ($2, $3) order by kind, lookup limit $4",
        )
        .bind(self.merchant.0)
        .bind(kind)
        .bind(lookup)
        .bind(ROWS_AT_ONCE)
        .fetch_all(&self.vault.inner.pool)
        .await?;
        let read = |row: &PgRow| {
            Ok(DirectoryRow {
                kind: row.try_get("kind")?,
                lookup: row.try_get("lookup")?,
                subject: row.try_get("subject")?,
                erased_at_us: row.try_get("erased_at_us")?,
            })
        };
        let rows: Vec<DirectoryRow> = rows.iter().map(read).collect::<Result<_, sqlx::Error>>()?;
        let behind = |row: &DirectoryRow| Stage::Directory(row.kind.clone(), row.lookup.to_vec());
        Ok(self.page(rows, behind, Piece::Directory))
    }

    async fn orders(&self, lookup: Vec<u8>) -> Result<(Option<Piece>, Stage), VaultError> {
        let rows = sqlx::query(
            "select lookup, account, waited, erased_at_us from vault.order_owner
              where merchant = $1 and lookup > $2 order by lookup limit $3",
        )
        .bind(self.merchant.0)
        .bind(lookup)
        .bind(ROWS_AT_ONCE)
        .fetch_all(&self.vault.inner.pool)
        .await?;
        let read = |row: &PgRow| {
            Ok(OrderRow {
                lookup: row.try_get("lookup")?,
                account: row.try_get("account")?,
                waited: row.try_get("waited")?,
                erased_at_us: row.try_get("erased_at_us")?,
            })
        };
        let rows: Vec<OrderRow> = rows.iter().map(read).collect::<Result<_, sqlx::Error>>()?;
        Ok(self.page(rows, |row| Stage::Orders(row.lookup.to_vec()), Piece::Orders))
    }

    async fn search_terms(
        &self,
        kind: String,
        lookup: Vec<u8>,
        subject: Uuid,
    ) -> Result<(Option<Piece>, Stage), VaultError> {
        let rows = sqlx::query(
            "select kind, lookup, subject from vault.blind_index
              where merchant = $1 and (kind, lookup, subject) > ($2, $3, $4) order by kind, lookup, subject limit $5",
        )
        .bind(self.merchant.0)
        .bind(kind)
        .bind(lookup)
        .bind(subject)
        .bind(ROWS_AT_ONCE)
        .fetch_all(&self.vault.inner.pool)
        .await?;
        let read = |row: &PgRow| {
            let (kind, lookup) = (row.try_get("kind")?, row.try_get("lookup")?);
            Ok(SearchRow { kind, lookup, subject: row.try_get("subject")? })
        };
        let rows: Vec<SearchRow> = rows.iter().map(read).collect::<Result<_, sqlx::Error>>()?;
        let behind = |row: &SearchRow| Stage::SearchTerms(row.kind.clone(), row.lookup.to_vec(), row.subject);
        Ok(self.page(rows, behind, Piece::SearchTerms))
    }

    /// Files that were handed in are not part of the history, and neither are their keys.
    async fn items(&self, after: Uuid) -> Result<(Option<Piece>, Stage), VaultError> {
        let rows = sqlx::query(
            "select k.item, k.purpose, k.expires_at_us, w.lookup from vault.item_keys k
               left join vault.waiting_items w on w.item = k.item
              where k.merchant = $1 and k.purpose in ('parked', 'waiting') and k.item > $2 order by k.item limit $3",
        )
        .bind(self.merchant.0)
        .bind(after)
        .bind(ROWS_AT_ONCE)
        .fetch_all(&self.vault.inner.pool)
        .await?;
        let Some(last) = rows.last() else { return Ok((None, self.stage.after())) };
        let next = Stage::Items(last.try_get("item")?);
        let mut items = Vec::with_capacity(rows.len());
        for row in &rows {
            let item: Uuid = row.try_get("item")?;
            let key = match self.vault.item_secret(self.merchant, ItemId(item)).await {
                Ok(key) => KeyBytes(key),
                // Dropped since the row was read: what it was for has happened.
                Err(VaultError::ItemGone) => continue,
                Err(error) => return Err(error),
            };
            let (purpose, expires_at_us) = (row.try_get("purpose")?, row.try_get("expires_at_us")?);
            items.push(ItemSecret { item, purpose, expires_at_us, key, order: row.try_get("lookup")? });
        }
        Ok((Some(Piece::Items(items)), next))
    }

    /// What was read as a piece, and where to go on: behind its last row, or with what comes next.
    fn page<R>(
        &self,
        rows: Vec<R>,
        behind: impl FnOnce(&R) -> Stage,
        piece: impl FnOnce(Vec<R>) -> Piece,
    ) -> (Option<Piece>, Stage) {
        match rows.last() {
            Some(last) => {
                let next = behind(last);
                (Some(piece(rows)), next)
            }
            None => (None, self.stage.after()),
        }
    }
}
