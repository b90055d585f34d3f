//! What is left of a person in the vault: the question at the end of an erasure, asked of every table, and by trying to open.

use aggregates::id::{CustomerId, MerchantId};
use sqlx::Row;

use crate::{BucketGeneration, Vault, VaultError, person};

/// Something that still leads to a person, or to what was sealed for them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trace {
    /// Their wrapped keys are on record, and open: nothing was destroyed.
    KeysOpen,
    /// Their wrapped keys are on record; they do not open.
    WrappedKeys,
    /// The key that theirs hung from is still in the root key store: copies of their row from before open.
    KeyAbove(BucketGeneration),
    /// Their keys are at hand in this process, until their lease ends.
    Leased,
    /// Outside identities that lead to them.
    Identities(i64),
    /// Orders whose facts go to them.
    Orders(i64),
    /// Facts that wait for orders of theirs.
    WaitingFacts(i64),
    /// What they can be searched by.
    SearchTerms(i64),
    /// Friends they have invited.
    Invitations(i64),
}

impl Vault {
    /// Everything in the vault that still leads to this person, by indexed look-ups. Nothing: they are gone from it.
    pub async fn traces_of(&self, merchant: MerchantId, person: CustomerId) -> Result<Vec<Trace>, VaultError> {
        let mut traces = self.traces_of_keys(merchant, person).await?;
        if self.inner.people.get(&person).is_some() {
            traces.push(Trace::Leased);
        }
        let row = sqlx::query(
            "select (select count(*) from vault.directory where subject = $1) as identities,
                    (select count(*) from vault.order_owner where account = $1) as orders,
                    (select count(*) from vault.order_owner join vault.waiting_items using (merchant, lookup)
                      where account = $1) as waiting_facts,
                    (select count(*) from vault.blind_index where subject = $1) as search_terms,
                    (select count(*) from vault.invitations where advocate = $1) as invitations",
        )
        .bind(person.0)
        .fetch_one(&self.inner.pool)
        .await?;
        let counted = [
            Trace::Identities(row.try_get("identities")?),
            Trace::Orders(row.try_get("orders")?),
            Trace::WaitingFacts(row.try_get("waiting_facts")?),
            Trace::SearchTerms(row.try_get("search_terms")?),
            Trace::Invitations(row.try_get("invitations")?),
        ];
        traces.extend(counted.into_iter().filter(|trace| trace.count() > 0));
        Ok(traces)
    }

    async fn traces_of_keys(&self, merchant: MerchantId, person: CustomerId) -> Result<Vec<Trace>, VaultError> {
        let row = sqlx::query(
            "select bucket, generation, wrapped, hung_bucket, hung_generation from vault.person_keys
              where person = $1 and merchant = $2",
        )
        .bind(person.0)
        .bind(merchant.0)
        .fetch_optional(&self.inner.pool)
        .await?;
        let Some(row) = row else { return Ok(Vec::new()) };
        let contents = self.inner.root.contents().await?;
        let mut traces = Vec::new();
        if let Some(wrapped) = row.try_get::<Option<Vec<u8>>, _>("wrapped")? {
            let id = BucketGeneration { bucket: row.try_get("bucket")?, generation: row.try_get("generation")? };
            let opened = contents
                .bucket(merchant, id)
                .and_then(|bucket| person::unwrap(&bucket, merchant, person, id, &wrapped));
            traces.push(if opened.is_ok() { Trace::KeysOpen } else { Trace::WrappedKeys });
        }
        let hung_from = (row.try_get("hung_bucket")?, row.try_get("hung_generation")?);
        if let (Some(bucket), Some(generation)) = hung_from {
            let above = BucketGeneration { bucket, generation };
            traces.extend(contents.has_bucket(above).then_some(Trace::KeyAbove(above)));
        }
        Ok(traces)
    }
}

impl Trace {
    fn count(self) -> i64 {
        match self {
            Trace::Identities(count)
            | Trace::Orders(count)
            | Trace::WaitingFacts(count)
            | Trace::SearchTerms(count)
            | Trace::Invitations(count) => count,
            Trace::KeysOpen | Trace::WrappedKeys | Trace::KeyAbove(_) | Trace::Leased => 1,
        }
    }
}
