//! The directory: who an outside identity is. One subject each, whoever comes first.

use std::collections::HashMap;

use aggregates::{id::MerchantId, time::Timestamp};
use sqlx::{PgConnection, Row, postgres::PgRow};
use uuid::Uuid;

use crate::{DirectoryKind, Vault, VaultError, batch::Round, kept::KeptConnection, lease::AskedAt};

/// An outside identity as the directory knows it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct Entry {
    pub merchant: MerchantId,
    pub kind: DirectoryKind,
    pub lookup: [u8; 32],
}

/// Who stands behind an entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Found {
    Subject(Uuid),
    /// Was erased, and nobody has come under this identity since.
    Erased {
        at: Timestamp,
    },
}

impl Found {
    /// From columns `subject` and `erased_at_us`.
    pub(crate) fn from_row(row: &PgRow) -> Result<Found, sqlx::Error> {
        match row.try_get::<Option<Uuid>, _>("subject")? {
            Some(subject) => Ok(Found::Subject(subject)),
            None => Ok(Found::Erased { at: Timestamp(row.try_get("erased_at_us")?) }),
        }
    }

    pub(crate) fn subject(self) -> Result<Uuid, VaultError> {
        match self {
            Found::Subject(subject) => Ok(subject),
            Found::Erased { at } => Err(VaultError::Destroyed { at }),
        }
    }
}

impl Vault {
    /// Who has this outside identity; `None` if it was never seen, [`VaultError::Destroyed`] if they were erased.
    pub async fn find(
        &self,
        merchant: MerchantId,
        kind: DirectoryKind,
        external_id: &str,
    ) -> Result<Option<Uuid>, VaultError> {
        let entry = self.entry(merchant, kind, external_id).await?;
        self.find_entry(entry).await
    }

    /// Points an outside identity at a subject that exists. First writer wins; gives back who has it. A shop whose merchant was
    /// destroyed may come back, as another merchant.
    pub async fn register(
        &self,
        merchant: MerchantId,
        kind: DirectoryKind,
        external_id: &str,
        subject: Uuid,
    ) -> Result<Uuid, VaultError> {
        let entry = self.entry(merchant, kind, external_id).await?;
        let asked = AskedAt::now();
        let inserted = sqlx::query(
            "insert into vault.directory as d (merchant, kind, lookup, subject) values ($1, $2, $3, $4)
             on conflict (merchant, kind, lookup) do update set subject = excluded.subject
             where d.subject is null and $5",
        )
        .bind(merchant.0)
        .bind(kind.as_str())
        .bind(entry.lookup)
        .bind(subject)
        .bind(kind == DirectoryKind::Shop)
        .execute(&self.inner.pool)
        .await?;
        if inserted.rows_affected() == 1 {
            self.inner.lookups.put(entry, subject, asked);
            return Ok(subject);
        }
        self.find_entry(entry).await?.ok_or_else(|| sqlx::Error::RowNotFound.into())
    }

    /// Points each of these outside identities at its subject, all in one statement: as [`Vault::register`]. First writer wins;
    /// gives back who has each, in their order. An error inside is about that identity alone: [`VaultError::Destroyed`].
    ///
    /// # Errors
    /// [`VaultError`]
    pub async fn register_each(
        &self,
        merchant: MerchantId,
        kind: DirectoryKind,
        identities: &[(&str, Uuid)],
    ) -> Result<Vec<Result<Uuid, VaultError>>, VaultError> {
        let mut entries = Vec::with_capacity(identities.len());
        for (external_id, _) in identities {
            entries.push(self.entry(merchant, kind, external_id).await?);
        }
        let mut connection = self.inner.pool.acquire().await?;
        // In the order of their hashes: processes that register the same ones wait for each other in no circle.
        sqlx::query(
            "insert into vault.directory (merchant, kind, lookup, subject)
             select $1, $2, lookup, subject from unnest($3::bytea[], $4::uuid[]) as fresh (lookup, subject)
              order by lookup
             on conflict (merchant, kind, lookup) do nothing",
        )
        .bind(merchant.0)
        .bind(kind.as_str())
        .bind(entries.iter().map(|entry| entry.lookup).collect::<Vec<_>>())
        .bind(identities.iter().map(|(_, subject)| *subject).collect::<Vec<_>>())
        .execute(&mut *connection)
        .await?;
        let found = find_all(&mut connection, &entries).await?;
        Ok(found.into_iter().map(|found| found.map_or(Err(sqlx::Error::RowNotFound.into()), Found::subject)).collect())
    }

    pub(crate) async fn find_entry(&self, entry: Entry) -> Result<Option<Uuid>, VaultError> {
        if let Some(subject) = self.inner.lookups.get(&entry) {
            return Ok(Some(subject));
        }
        let asked = AskedAt::now();
        let Some(found) = self.inner.finds.ask(entry).await? else { return Ok(None) };
        let subject = found.subject()?;
        self.inner.lookups.put(entry, subject, asked);
        Ok(Some(subject))
    }

    /// The nil merchant is the platform, which has a look-up key of its own.
    pub(crate) async fn entry(
        &self,
        merchant: MerchantId,
        kind: DirectoryKind,
        external_id: &str,
    ) -> Result<Entry, VaultError> {
        let lookup = if merchant.0.is_nil() {
            self.inner.root.contents().await?.platform_lookup()?.hash(kind.lookup_kind(), external_id)
        } else {
            self.merchant(merchant).await?.lookup_hash(kind.lookup_kind(), external_id)
        };
        Ok(Entry { merchant, kind, lookup })
    }
}

/// Look-ups of many callers in one query.
pub(crate) struct FindRound {
    pub connection: KeptConnection,
}

impl Round for FindRound {
    type Ask = Entry;
    type Answer = Option<Found>;

    const NAME: &'static str = "find";
    const MOST: usize = 1_024;

    async fn run(&mut self, asks: &[Entry]) -> Result<Vec<Option<Found>>, VaultError> {
        Ok(self.connection.with(async |connection| find_all(connection, asks).await).await?)
    }
}

/// Who stands behind each of these, in their order.
pub(crate) async fn find_all(
    connection: &mut PgConnection,
    entries: &[Entry],
) -> Result<Vec<Option<Found>>, sqlx::Error> {
    if entries.is_empty() {
        return Ok(Vec::new());
    }
    let rows = sqlx::query(
        "select asked.n, d.subject, d.erased_at_us
         from unnest($1::uuid[], $2::text[], $3::bytea[]) with ordinality as asked (merchant, kind, lookup, n)
         join vault.directory d using (merchant, kind, lookup)",
    )
    .bind(entries.iter().map(|entry| entry.merchant.0).collect::<Vec<_>>())
    .bind(entries.iter().map(|entry| entry.kind.as_str()).collect::<Vec<_>>())
    .bind(entries.iter().map(|entry| entry.lookup).collect::<Vec<_>>())
    .fetch_all(connection)
    .await?;
    let found = rows.iter().map(|row| Ok((row.try_get("n")?, Found::from_row(row)?)));
    let found = found.collect::<Result<HashMap<i64, Found>, sqlx::Error>>()?;
    Ok((1..).zip(entries).map(|(n, _)| found.get(&n).copied()).collect())
}
