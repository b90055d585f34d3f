//! Friends whom customers invite by mail: who has invited which address, and which addresses want none. An address stands here
//! as the same keyed hash as in the search index, so that a customer who has it, and is forgotten, takes it along.

use aggregates::{
    id::{CustomerId, MerchantId},
    time::Timestamp,
};
use sqlx::Row;
use uuid::Uuid;

use crate::{IndexKind, MerchantKeys, Vault, VaultError, database};

/// What PostgreSQL says of a row that somebody else has locked.
const LOCK_NOT_AVAILABLE: &str = "55P03";

/// How an address is named where it may be named at all.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AddressHash(pub [u8; 32]);

/// Whether a friend is invited now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Invited {
    /// Under this name, now or since an earlier request of the same advocate.
    As(Uuid),
    /// The advocate has invited as many within a day as they may.
    TooMany,
    /// Another request of the same advocate is being answered: ask again in a moment.
    Busy,
}

impl MerchantKeys {
    /// The same for every spelling of an address.
    pub fn address_hash(&self, address: &str) -> AddressHash {
        let kind = IndexKind::Email;
        AddressHash(self.lookup_hash(kind.lookup_kind(), &kind.normalise(address)))
    }
}

impl Vault {
    /// Notes that an advocate invites whoever has this address, as `fresh` unless they have done so before; also as one of
    /// the `merged` profiles that have become theirs. One request of an advocate at a time, so that no two of them are the last of a
    /// day; the others do not wait here, where there are few connections.
    ///
    /// # Errors
    /// [`VaultError`]
    pub async fn invite(
        &self,
        merchant: MerchantId,
        (advocate, merged): (CustomerId, &[CustomerId]),
        address: AddressHash,
        fresh: Uuid,
        (now, per_day): (Timestamp, u32),
    ) -> Result<Invited, VaultError> {
        let mut transaction = database::begin(&self.inner.pool).await?;
        // The row that says whose keys these are stands for the advocate.
        let lock =
            sqlx::query("select from vault.person_keys where person = $1 and merchant = $2 for no key update nowait");
        match lock.bind(advocate.0).bind(merchant.0).execute(&mut *transaction).await {
            Err(sqlx::Error::Database(error)) if error.code().as_deref() == Some(LOCK_NOT_AVAILABLE) => {
                return Ok(Invited::Busy);
            }
            locked => locked?,
        };
        let profiles: Vec<Uuid> = std::iter::once(&advocate).chain(merged).map(|profile| profile.0).collect();
        let row = sqlx::query(
            "select (select invitation from vault.invitations
                      where merchant = $1 and advocate = any($2) and lookup = $3 limit 1) as known,
                    (select count(*) from vault.invitations
                      where merchant = $1 and advocate = any($2) and invited_at_us > $4) as lately",
        )
        .bind(merchant.0)
        .bind(&profiles)
        .bind(address.0)
        .bind(now.0.saturating_sub(Timestamp::MICROS_PER_DAY))
        .fetch_one(&mut *transaction)
        .await?;
        let known = row.try_get::<Option<Uuid>, _>("known")?.map(Invited::As);
        let too_many = row.try_get::<i64, _>("lately")? >= i64::from(per_day);
        if let Some(answer) = known.or(too_many.then_some(Invited::TooMany)) {
            // Dropped, it would be rolled back some time later: until then the advocate's next request would be told to wait.
            transaction.rollback().await?;
            return Ok(answer);
        }
        sqlx::query(
            "insert into vault.invitations (merchant, advocate, lookup, invitation, invited_at_us)
             values ($1, $2, $3, $4, $5)",
        )
        .bind(merchant.0)
        .bind(advocate.0)
        .bind(address.0)
        .bind(fresh)
        .bind(now.0)
        .execute(&mut *transaction)
        .await?;
        transaction.commit().await?;
        Ok(Invited::As(fresh))
    }

    /// Whoever has this address wants no invitations of this merchant's customers. Saying it again changes nothing.
    ///
    /// # Errors
    /// [`VaultError`]
    pub async fn refuse_mail(
        &self,
        merchant: MerchantId,
        address: AddressHash,
        at: Timestamp,
    ) -> Result<(), VaultError> {
        sqlx::query(
            "insert into vault.unwanted_mail (merchant, lookup, at_us) values ($1, $2, $3) on conflict do nothing",
        )
        .bind(merchant.0)
        .bind(address.0)
        .bind(at.0)
        .execute(&self.inner.pool)
        .await?;
        Ok(())
    }

    /// Whether whoever has this address has said so.
    ///
    /// # Errors
    /// [`VaultError`]
    pub async fn refuses_mail(&self, merchant: MerchantId, address: AddressHash) -> Result<bool, VaultError> {
        let refused = "select exists (select from vault.unwanted_mail where merchant = $1 and lookup = $2)";
        Ok(sqlx::query_scalar(refused).bind(merchant.0).bind(address.0).fetch_one(&self.inner.pool).await?)
    }
}
