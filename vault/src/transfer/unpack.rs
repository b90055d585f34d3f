//! Taking a parcel over. People's keys are wrapped in buckets of this installation; whoever was destroyed here stays so, and
//! nothing that leads to them comes back. Each parcel can be taken over again: what is there already stays as it is.

use aggregates::{
    id::{CustomerId, MerchantId},
    time::Timestamp,
};
use uuid::Uuid;
use zeroize::Zeroizing;

use super::{
    Parcel, RecipientSecret,
    parcel::{DirectoryRow, ItemSecret, OrderRow, PersonSecrets, Piece, SearchRow},
};
use crate::{BUCKET_CAPACITY, ItemId, Vault, VaultError, bucket, database, person};

/// People that are wrapped in one transaction; all of them go into one bucket.
const PEOPLE_AT_ONCE: usize = 512;

const _: () = assert!(PEOPLE_AT_ONCE < BUCKET_CAPACITY as usize);

/// Why a parcel was not taken over.
#[derive(Debug, thiserror::Error)]
pub enum TransferError {
    /// It was closed for somebody else, or is not what was closed.
    #[error("parcel {number} of {merchant} does not open with this key")]
    Closed { merchant: MerchantId, number: u64 },
    /// The merchant was made here, too: what was sealed there would not open.
    #[error("{0} has keys of its own here already")]
    OtherKeys(MerchantId),
    #[error(transparent)]
    Vault(#[from] VaultError),
}

/// What a parcel brought.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Unpacked {
    /// People who have their keys here now, and had none before.
    pub people: u64,
    /// People who had keys here before, or were destroyed here: passed over.
    pub passed_over: u64,
}

impl Vault {
    /// Takes over what is in a parcel. The first one of a merchant comes first; items that have expired by `now` are left out.
    ///
    /// # Errors
    /// [`TransferError`]; [`VaultError::Destroyed`] for a merchant that was destroyed here.
    pub async fn unpack(
        &self,
        parcel: &Parcel,
        secret: &RecipientSecret,
        now: Timestamp,
    ) -> Result<Unpacked, TransferError> {
        let Parcel { merchant, number, .. } = *parcel;
        let piece = parcel.open(secret).ok_or(TransferError::Closed { merchant, number })?;
        match piece {
            Piece::Merchant(secrets) => {
                let take_over = move |contents: &mut crate::root::Contents| contents.take_over(merchant, &secrets);
                let is_theirs = self.inner.root.change_in_background(take_over).await.map_err(VaultError::from)??;
                if !is_theirs {
                    return Err(TransferError::OtherKeys(merchant));
                }
                self.create_merchant(merchant).await?;
            }
            Piece::People(people) => return Ok(self.take_over_people(merchant, people).await?),
            Piece::Directory(rows) => self.take_over_directory(merchant, rows).await?,
            Piece::Orders(rows) => self.take_over_orders(merchant, rows).await?,
            Piece::SearchTerms(rows) => self.take_over_search_terms(merchant, rows).await?,
            Piece::Items(items) => self.take_over_items(merchant, items, now).await?,
        }
        Ok(Unpacked::default())
    }

    async fn take_over_people(
        &self,
        merchant: MerchantId,
        mut people: Vec<PersonSecrets>,
    ) -> Result<Unpacked, VaultError> {
        let named: Vec<CustomerId> = people.iter().map(|person| CustomerId(person.person)).collect();
        let mut unheard_of = self.unheard_of(merchant, &named).await?;
        unheard_of.sort_unstable();
        people.retain(|person| unheard_of.binary_search(&CustomerId(person.person)).is_ok());
        let mut unpacked = Unpacked { people: 0, passed_over: (named.len() - people.len()) as u64 };
        for some in people.chunks(PEOPLE_AT_ONCE) {
            let written = self.wrap_anew(merchant, some).await?;
            unpacked.people += written;
            unpacked.passed_over += some.len() as u64 - written;
        }
        Ok(unpacked)
    }

    /// Gives how many had no keys until then.
    async fn wrap_anew(&self, merchant: MerchantId, people: &[PersonSecrets]) -> Result<u64, VaultError> {
        let mut transaction = database::begin(&self.inner.pool).await?;
        let places = i32::try_from(people.len()).expect("a transaction's people fit into a bucket");
        let bucket = bucket::take_places(&mut transaction, &self.inner.root, merchant, places).await?;
        let key = self.inner.root.contents().await?.bucket(merchant, bucket)?;
        let wrapped = people.iter().map(|person| {
            let both = Zeroizing::new([&person.data.0.expose()[..], &person.link.0.expose()[..]].concat());
            person::wrap(&key, merchant, CustomerId(person.person), bucket, &both)
        });
        let written = sqlx::query(
            "insert into vault.person_keys (person, merchant, state, bucket, generation, wrapped)
             select person, $1, case when held then 'held' else 'active' end, $2, $3, wrapped
               from unnest($4::uuid[], $5::boolean[], $6::bytea[]) as arrived (person, held, wrapped)
             order by person on conflict (person) do nothing",
        )
        .bind(merchant.0)
        .bind(bucket.bucket)
        .bind(bucket.generation)
        .bind(people.iter().map(|person| person.person).collect::<Vec<Uuid>>())
        .bind(people.iter().map(|person| person.held).collect::<Vec<bool>>())
        .bind(wrapped.collect::<Vec<_>>())
        .execute(&mut *transaction)
        .await?;
        transaction.commit().await?;
        Ok(written.rows_affected())
    }

    async fn take_over_directory(&self, merchant: MerchantId, rows: Vec<DirectoryRow>) -> Result<(), VaultError> {
        sqlx::query(
            "insert into vault.directory (merchant, kind, lookup, subject, erased_at_us)
             select $1, kind, lookup, subject, erased_at_us
               from unnest($2::text[], $3::bytea[], $4::uuid[], $5::bigint[]) as arrived (kind, lookup, subject, erased_at_us)
              where not exists (select from vault.person_keys k where k.person = subject and k.state = 'destroyed')
             order by kind, lookup on conflict do nothing",
        )
        .bind(merchant.0)
        .bind(rows.iter().map(|row| row.kind.clone()).collect::<Vec<String>>())
        .bind(rows.iter().map(|row| row.lookup).collect::<Vec<_>>())
        .bind(rows.iter().map(|row| row.subject).collect::<Vec<_>>())
        .bind(rows.iter().map(|row| row.erased_at_us).collect::<Vec<_>>())
        .execute(&self.inner.pool)
        .await?;
        Ok(())
    }

    async fn take_over_orders(&self, merchant: MerchantId, rows: Vec<OrderRow>) -> Result<(), VaultError> {
        sqlx::query(
            "insert into vault.order_owner (merchant, lookup, account, waited, erased_at_us)
             select $1, lookup, account, waited, erased_at_us
               from unnest($2::bytea[], $3::uuid[], $4::boolean[], $5::bigint[]) as arrived (lookup, account, waited, erased_at_us)
              where not exists (select from vault.person_keys k where k.person = account and k.state = 'destroyed')
             order by lookup on conflict do nothing",
        )
        .bind(merchant.0)
        .bind(rows.iter().map(|row| row.lookup).collect::<Vec<_>>())
        .bind(rows.iter().map(|row| row.account).collect::<Vec<_>>())
        .bind(rows.iter().map(|row| row.waited).collect::<Vec<_>>())
        .bind(rows.iter().map(|row| row.erased_at_us).collect::<Vec<_>>())
        .execute(&self.inner.pool)
        .await?;
        Ok(())
    }

    async fn take_over_search_terms(&self, merchant: MerchantId, rows: Vec<SearchRow>) -> Result<(), VaultError> {
        sqlx::query(
            "insert into vault.blind_index (merchant, kind, lookup, subject)
             select $1, kind, lookup, subject from unnest($2::text[], $3::bytea[], $4::uuid[]) as arrived (kind, lookup, subject)
              where not exists (select from vault.person_keys k where k.person = subject and k.state = 'destroyed')
             order by kind, lookup, subject on conflict do nothing",
        )
        .bind(merchant.0)
        .bind(rows.iter().map(|row| row.kind.clone()).collect::<Vec<String>>())
        .bind(rows.iter().map(|row| row.lookup).collect::<Vec<_>>())
        .bind(rows.iter().map(|row| row.subject).collect::<Vec<_>>())
        .execute(&self.inner.pool)
        .await?;
        Ok(())
    }

    /// Where the log has what waits is not known yet: whoever writes it there says so, by [`Vault::set_waiting_position`].
    async fn take_over_items(
        &self,
        merchant: MerchantId,
        items: Vec<ItemSecret>,
        now: Timestamp,
    ) -> Result<(), VaultError> {
        for ItemSecret { item, purpose, expires_at_us, key, order } in items {
            let expires_at = Timestamp(expires_at_us);
            if expires_at <= now {
                continue;
            }
            self.insert_item(merchant, ItemId(item), &purpose, expires_at, &key.0).await?;
            if let Some(lookup) = order {
                sqlx::query(
                    "insert into vault.waiting_items (item, merchant, lookup) values ($1, $2, $3) on conflict do nothing",
                )
                .bind(item)
                .bind(merchant.0)
                .bind(lookup)
                .execute(&self.inner.pool)
                .await?;
            }
        }
        Ok(())
    }
}
