//! An outside identity with its past: who has it, and whether somebody who had it before was erased.

use aggregates::{id::MerchantId, time::Timestamp};
use sqlx::Row;
use uuid::Uuid;

use crate::{DirectoryKind, Vault, VaultError};

/// What the directory knows of an outside identity.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Identity {
    /// Who has it; nobody, if they were erased and no one has come since.
    pub subject: Option<Uuid>,
    /// When the last one who had it before was erased. A message from before that is about them.
    pub erased_at: Option<Timestamp>,
}

impl Vault {
    /// What is known of an outside identity; `None` if it was never seen. Asks the database, whatever is leased.
    pub async fn identity(
        &self,
        merchant: MerchantId,
        kind: DirectoryKind,
        external_id: &str,
    ) -> Result<Option<Identity>, VaultError> {
        let entry = self.entry(merchant, kind, external_id).await?;
        let row = sqlx::query(
            "select subject, erased_at_us from vault.directory where merchant = $1 and kind = $2 and lookup = $3",
        )
        .bind(merchant.0)
        .bind(kind.as_str())
        .bind(entry.lookup)
        .fetch_optional(&self.inner.pool)
        .await?;
        let identity = row.map(|row| {
            let erased_at: Option<i64> = row.try_get("erased_at_us")?;
            Ok::<_, sqlx::Error>(Identity { subject: row.try_get("subject")?, erased_at: erased_at.map(Timestamp) })
        });
        Ok(identity.transpose()?)
    }

    /// Whether somebody has an outside identity of this kind.
    ///
    /// # Errors
    /// [`VaultError`]
    pub async fn has_identity(
        &self,
        merchant: MerchantId,
        kind: DirectoryKind,
        subject: Uuid,
    ) -> Result<bool, VaultError> {
        let has = "select exists (select from vault.directory where subject = $1 and merchant = $2 and kind = $3)";
        let asked = sqlx::query_scalar(has).bind(subject).bind(merchant.0).bind(kind.as_str());
        Ok(asked.fetch_one(&self.inner.pool).await?)
    }
}
