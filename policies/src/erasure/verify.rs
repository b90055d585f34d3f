//! The question at the end: does anything open, is anything found? Asked of every place that is known to hold something, by
//! indexed look-ups and by trying to open. What is found is removed again, and the question asked anew in the next round.

use aggregates::{
    gdpr::{Evidence, GdprRequest, Scope},
    id::{CustomerId, MerchantId},
    time::Timestamp,
};
use journal::Subject;
use projections::erasure;
use vault::{KeyState, VaultError};

use super::{Eraser, ErasureError};

/// Places of one person that are looked at outside the read models: seven that the vault knows (the keys, the key above them,
/// leases, identities, orders, facts that wait, search terms), and the snapshot.
const PLACES_OF_A_PERSON: u32 = 8;

impl Eraser {
    pub(super) async fn verify(
        &self,
        merchant: MerchantId,
        state: &GdprRequest,
        scope: Scope,
        people: &[CustomerId],
        now: Timestamp,
    ) -> Result<Evidence, ErasureError> {
        let (traces, places) = match scope {
            Scope::Merchant => self.traces_of_shop(merchant).await?,
            _ => self.traces_of_people(merchant, people).await?,
        };
        if traces.is_empty() {
            return Ok(Evidence::Verified { places });
        }
        match scope {
            Scope::Merchant => {
                self.parts.vault.destroy_merchant(merchant, now).await?;
                erasure::forget_merchant(&self.parts.db, merchant).await?;
            }
            _ => self.forget_again(merchant, state, people, now).await?,
        }
        Err(ErasureError::StillThere(traces.join(", ")))
    }

    /// A process that had not heard of it yet, or a read model that was behind, has written something since.
    async fn forget_again(
        &self,
        merchant: MerchantId,
        state: &GdprRequest,
        people: &[CustomerId],
        now: Timestamp,
    ) -> Result<(), ErasureError> {
        self.parts.vault.destroy_people(merchant, people, now).await?;
        self.rotate(merchant, state, now).await?;
        erasure::scrub_people(&self.parts.db, merchant, people).await?;
        self.drop_people(merchant, people).await
    }

    async fn traces_of_people(
        &self,
        merchant: MerchantId,
        people: &[CustomerId],
    ) -> Result<(Vec<String>, u32), ErasureError> {
        let (tables, mut places) = erasure::sealed_traces(&self.parts.db, merchant, people).await?;
        let mut traces: Vec<String> = tables.into_iter().map(str::to_owned).collect();
        for person in people {
            let in_vault = self.parts.vault.traces_of(merchant, *person).await?;
            traces.extend(in_vault.iter().map(|trace| format!("{trace:?}")));
            if !matches!(self.parts.vault.key_state(merchant, *person).await?, KeyState::Destroyed { .. }) {
                traces.push("keys".to_owned());
            }
            if self.parts.journal.has_snapshot(&Subject::points(merchant, *person)).await? {
                traces.push("snapshot".to_owned());
            }
            places += PLACES_OF_A_PERSON;
        }
        Ok((traces, places))
    }

    async fn traces_of_shop(&self, merchant: MerchantId) -> Result<(Vec<String>, u32), ErasureError> {
        let (tables, places) = erasure::merchant_traces(&self.parts.db, merchant).await?;
        let mut traces: Vec<String> = tables.into_iter().map(str::to_owned).collect();
        match self.parts.vault.merchant(merchant).await {
            Err(VaultError::UnknownMerchant(_) | VaultError::Destroyed { .. }) => {}
            Err(error) => return Err(error.into()),
            Ok(_) => traces.push("the merchant's key".to_owned()),
        }
        if self.parts.journal.has_asides_of(merchant).await? {
            traces.push("snapshots or parked bodies".to_owned());
        }
        Ok((traces, places + 2))
    }
}
