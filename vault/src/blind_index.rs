//! Search over what is sealed: exact e-mail, phone and order number, by keyed hash of their normalised form.

use aggregates::id::{CustomerId, MerchantId};
use uuid::Uuid;

use crate::{IndexKind, Vault, VaultError, database};

/// People one search gives back at most.
pub const SEARCH_LIMIT: i64 = 1_000;

impl Vault {
    /// Makes a person findable by a value. Many people may share one, and one person may have many. A value of
    /// nothing but punctuation names nobody and is left out.
    pub async fn index(
        &self,
        merchant: MerchantId,
        subject: CustomerId,
        kind: IndexKind,
        value: &str,
    ) -> Result<(), VaultError> {
        let Some(lookup) = self.index_lookup(merchant, kind, value).await? else { return Ok(()) };
        sqlx::query(
            "insert into vault.blind_index (merchant, kind, lookup, subject) values ($1, $2, $3, $4)
             on conflict do nothing",
        )
        .bind(merchant.0)
        .bind(kind.as_str())
        .bind(lookup)
        .bind(subject.0)
        .execute(&self.inner.pool)
        .await?;
        Ok(())
    }

    /// Makes a person findable by exactly these values, of these two kinds: what they were found by before leads to them no
    /// more.
    pub async fn reindex_person(
        &self,
        merchant: MerchantId,
        subject: CustomerId,
        values: &[(IndexKind, &str)],
    ) -> Result<(), VaultError> {
        let mut entries = Vec::with_capacity(values.len());
        for (kind, value) in values {
            if let Some(lookup) = self.index_lookup(merchant, *kind, value).await? {
                entries.push((kind.as_str(), lookup));
            }
        }
        let (kinds, lookups): (Vec<_>, Vec<_>) = entries.into_iter().unzip();
        let mut transaction = database::begin(&self.inner.pool).await?;
        sqlx::query(
            "delete from vault.blind_index b where merchant = $1 and subject = $2 and kind in ('email', 'phone')
                and not exists (select from unnest($3::text[], $4::bytea[]) as stays (kind, lookup)
                                 where stays.kind = b.kind and stays.lookup = b.lookup)",
        )
        .bind(merchant.0)
        .bind(subject.0)
        .bind(&kinds)
        .bind(&lookups)
        .execute(&mut *transaction)
        .await?;
        sqlx::query(
            "insert into vault.blind_index (merchant, kind, lookup, subject)
             select $1, kind, lookup, $2 from unnest($3::text[], $4::bytea[]) as stays (kind, lookup)
             on conflict do nothing",
        )
        .bind(merchant.0)
        .bind(subject.0)
        .bind(&kinds)
        .bind(&lookups)
        .execute(&mut *transaction)
        .await?;
        transaction.commit().await?;
        Ok(())
    }

    /// The people who were made findable by this value, however it is spelled.
    pub async fn search(
        &self,
        merchant: MerchantId,
        kind: IndexKind,
        value: &str,
    ) -> Result<Vec<CustomerId>, VaultError> {
        let Some(lookup) = self.index_lookup(merchant, kind, value).await? else { return Ok(Vec::new()) };
        let people: Vec<Uuid> = sqlx::query_scalar(
            "select subject from vault.blind_index where merchant = $1 and kind = $2 and lookup = $3
             order by subject limit $4",
        )
        .bind(merchant.0)
        .bind(kind.as_str())
        .bind(lookup)
        .bind(SEARCH_LIMIT)
        .fetch_all(&self.inner.pool)
        .await?;
        Ok(people.into_iter().map(CustomerId).collect())
    }

    /// Makes a person findable by this birthday and by no other; by none, if none is given.
    ///
    /// # Errors
    /// [`VaultError`]
    pub async fn index_birthday(
        &self,
        merchant: MerchantId,
        subject: CustomerId,
        birthday: Option<&str>,
    ) -> Result<(), VaultError> {
        let lookup = match birthday {
            Some(birthday) => self.index_lookup(merchant, IndexKind::Birthday, birthday).await?,
            None => None,
        };
        let mut transaction = database::begin(&self.inner.pool).await?;
        sqlx::query("delete from vault.blind_index where merchant = $1 and subject = $2 and kind = $3")
            .bind(merchant.0)
            .bind(subject.0)
            .bind(IndexKind::Birthday.as_str())
            .execute(&mut *transaction)
            .await?;
        if let Some(lookup) = lookup {
            sqlx::query("insert into vault.blind_index (merchant, kind, lookup, subject) values ($1, $2, $3, $4)")
                .bind(merchant.0)
                .bind(IndexKind::Birthday.as_str())
                .bind(lookup)
                .bind(subject.0)
                .execute(&mut *transaction)
                .await?;
        }
        transaction.commit().await?;
        Ok(())
    }

    /// People with this birthday in the order of their ids, those after the one given, at most [`SEARCH_LIMIT`].
    ///
    /// # Errors
    /// [`VaultError`]
    pub async fn born_on(
        &self,
        merchant: MerchantId,
        birthday: &str,
        after: Option<CustomerId>,
    ) -> Result<Vec<CustomerId>, VaultError> {
        let Some(lookup) = self.index_lookup(merchant, IndexKind::Birthday, birthday).await? else {
            return Ok(Vec::new());
        };
        let people: Vec<Uuid> = sqlx::query_scalar(
            "select subject from vault.blind_index
              where merchant = $1 and kind = $2 and lookup = $3 and ($4::uuid is null or subject > $4)
              order by subject limit $5",
        )
        .bind(merchant.0)
        .bind(IndexKind::Birthday.as_str())
        .bind(lookup)
        .bind(after.map(|after| after.0))
        .bind(SEARCH_LIMIT)
        .fetch_all(&self.inner.pool)
        .await?;
        Ok(people.into_iter().map(CustomerId).collect())
    }

    pub(crate) async fn index_lookup(
        &self,
        merchant: MerchantId,
        kind: IndexKind,
        value: &str,
    ) -> Result<Option<[u8; 32]>, VaultError> {
        let keys = self.merchant(merchant).await?;
        let value = kind.normalise(value);
        Ok((!value.is_empty()).then(|| keys.lookup_hash(kind.lookup_kind(), &value)))
    }
}
