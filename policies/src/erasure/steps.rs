//! What each step does. Each can be done again, by whichever process, and gives the same evidence or better.

use std::time::Duration;

use aggregates::{
    gdpr::{BucketKey, Evidence, ExecutionBegun, GdprRequest, RequestSource, Scope, Step},
    id::{CustomerId, GdprRequestId, MerchantId},
    time::Timestamp,
};
use journal::Subject;
use projections::{erasure, gdpr_requests};
use uuid::Uuid;
use vault::{BucketGeneration, DeletionEntry, DeletionSubject, DirectoryKind};

use super::{Eraser, ErasureError};

/// Clocks of two processes, and of the log, differ by less than this.
const CLOCKS_DIFFER: Duration = Duration::from_secs(1);

/// What came of a step.
pub(super) enum Performed {
    Evidence(Evidence),
    /// It may not end before this much time has passed.
    Waits(Duration),
}

impl Eraser {
    pub(super) async fn perform(
        &self,
        merchant: MerchantId,
        request: GdprRequestId,
        state: &GdprRequest,
        step: Step,
        now: Timestamp,
    ) -> Result<Performed, ErasureError> {
        let begun = state.execution.as_ref().ok_or(ErasureError::NoEvidence("begin"))?;
        let ExecutionBegun { scope, people, .. } = begun;
        let context = self.context(request, now);
        let evidence = match step {
            Step::Fence if *scope == Scope::Merchant => self.fence_shop(merchant, request, &context).await?,
            Step::Fence => self.fence_people(merchant, request, people, &context).await?,
            Step::Forfeit => self.forfeit(merchant, request, people, &context).await?,
            Step::HandOver => self.hand_over(merchant, *scope, people).await?,
            Step::Journal => self.journal_deletion(merchant, request, people, now).await?,
            Step::DestroyKeys if *scope == Scope::Merchant => self.destroy_shop(merchant, now).await?,
            Step::DestroyKeys => self.destroy_keys(merchant, request, state, people, now).await?,
            Step::Rotate => self.rotate(merchant, state, now).await?,
            Step::Scrub => {
                let rows = match scope {
                    Scope::Merchant => erasure::forget_merchant(&self.parts.db, merchant).await?,
                    _ => erasure::scrub_people(&self.parts.db, merchant, people).await?,
                };
                Evidence::Scrubbed { rows }
            }
            Step::DropCaches => return self.drop_caches(merchant, state, *scope, people, now).await,
            Step::Erase if *scope == Scope::Merchant => self.erase_shop(merchant, request, state, &context).await?,
            Step::Erase => self.erase_people(merchant, request, state, people, &context).await?,
            Step::Verify => self.verify(merchant, state, *scope, people, now).await?,
        };
        Ok(Performed::Evidence(evidence))
    }

    /// Fsynced in both places before it returns, and once for each request however often it is done.
    async fn journal_deletion(
        &self,
        merchant: MerchantId,
        request: GdprRequestId,
        people: &[CustomerId],
        now: Timestamp,
    ) -> Result<Evidence, ErasureError> {
        // A hold may have come since execution began, by another request about the same person.
        if self.is_held(merchant, people).await? {
            return Err(ErasureError::Held);
        }
        let entry = |subject, keys| DeletionEntry { request, merchant, subject, keys, at: now };
        let mut entries = Vec::with_capacity(people.len().max(1));
        for person in people {
            let keys = self.parts.vault.key_ids(merchant, &[*person]).await?;
            entries.push(entry(DeletionSubject::Person(*person), keys));
        }
        if people.is_empty() {
            entries.push(entry(DeletionSubject::Merchant, vec![merchant.to_string()]));
        }
        let sequences = self.parts.deletions.append(entries).await?;
        let sequence = sequences.into_iter().max().ok_or(ErasureError::NoEvidence("begin"))?;
        Ok(Evidence::Journaled { sequence })
    }

    /// Requests of the shop are known by hashes of whom they name, and end with them. Others are known by the asker's own key
    /// against repetition, and answer under it for a while.
    async fn destroy_keys(
        &self,
        merchant: MerchantId,
        request: GdprRequestId,
        state: &GdprRequest,
        people: &[CustomerId],
        now: Timestamp,
    ) -> Result<Evidence, ErasureError> {
        let destroyed = self.parts.vault.destroy_people(merchant, people, now).await?;
        let by_shop = state.received.as_ref().is_some_and(|(received, _)| received.source == RequestSource::Shop);
        let mut requests: Vec<Uuid> = by_shop.then_some(request.0).into_iter().collect();
        for person in people {
            let about = gdpr_requests::asked_by_shop_about(&self.parts.db, merchant, *person).await?;
            requests.extend(about.into_iter().map(|request| request.0));
        }
        self.parts.vault.forget_subjects(merchant, DirectoryKind::GdprRequest, &requests, now).await?;
        Ok(Evidence::KeysDestroyed {
            keys: destroyed.people.iter().map(|person| person.0).collect(),
            buckets: destroyed.hung_from.into_iter().map(bucket_key).collect(),
            old_copies_gone_by: None,
        })
    }

    /// Where many are forgotten together, [`Eraser::rotate_pending`] has done it for all of them.
    pub(super) async fn rotate(
        &self,
        merchant: MerchantId,
        state: &GdprRequest,
        now: Timestamp,
    ) -> Result<Evidence, ErasureError> {
        let Some(Evidence::KeysDestroyed { buckets, .. }) = evidence(state, Step::DestroyKeys) else {
            return Err(ErasureError::NoEvidence(Step::DestroyKeys.as_str()));
        };
        let own: Vec<BucketGeneration> = buckets.iter().copied().map(generation).collect();
        let away_from = self.parts.vault.not_yet_forgotten(&own).await?;
        let rotated = self.parts.vault.rotate_away(merchant, &away_from, now).await?;
        Ok(Evidence::Rotated { old_copies_gone_by: rotated.old_copies_gone_by })
    }

    /// Moves every bucket of a shop away from keys that destroyed people hung from, once for all of them.
    pub(super) async fn rotate_pending(&self, merchant: MerchantId, now: Timestamp) -> Result<(), ErasureError> {
        let pending = self.parts.vault.pending_rotations().await?;
        let away_from: Vec<BucketGeneration> =
            pending.into_iter().filter(|due| due.merchant == merchant).map(|due| due.away_from).collect();
        self.parts.vault.rotate_away(merchant, &away_from, now).await?;
        Ok(())
    }

    /// Waits until the last lease on the keys has run out, wherever it is: a process that stands still cannot use one
    /// beyond that either. Only then snapshots are deleted, because nobody can seal another one.
    async fn drop_caches(
        &self,
        merchant: MerchantId,
        state: &GdprRequest,
        scope: Scope,
        people: &[CustomerId],
        now: Timestamp,
    ) -> Result<Performed, ErasureError> {
        let destroyed = state.evidence(Step::DestroyKeys).ok_or(ErasureError::NoEvidence("destroy_keys"))?;
        // By the log's clock: the merchant's may have been moved.
        let commit = self.parts.journal.at(destroyed.position).await?;
        let since = commit.ok_or(ErasureError::NoEvidence("destroy_keys"))?.stored_at;
        let elapsed = self.parts.clock.now().0.saturating_sub(since.0);
        let elapsed = Duration::from_micros(u64::try_from(elapsed).unwrap_or(0));
        let needed = self.parts.vault.key_lease() + CLOCKS_DIFFER;
        if elapsed < needed {
            return Ok(Performed::Waits(needed - elapsed));
        }
        match scope {
            Scope::Merchant => self.parts.journal.delete_asides_of(merchant).await?,
            _ => self.drop_people(merchant, people).await?,
        }
        Ok(Performed::Evidence(Evidence::CachesDropped { since: now }))
    }

    pub(super) async fn drop_people(&self, merchant: MerchantId, people: &[CustomerId]) -> Result<(), ErasureError> {
        for person in people {
            self.parts.accounts.evict(Subject::points(merchant, *person));
            self.parts.customers.evict(Subject::customer(merchant, *person));
            self.parts.journal.delete_snapshot(&Subject::points(merchant, *person)).await?;
        }
        Ok(())
    }
}

pub(super) fn evidence(state: &GdprRequest, step: Step) -> Option<&Evidence> {
    state.evidence(step).map(|record| &record.evidence)
}

pub(super) fn bucket_key(id: BucketGeneration) -> BucketKey {
    BucketKey { bucket: id.bucket, generation: id.generation }
}

fn generation(key: BucketKey) -> BucketGeneration {
    BucketGeneration { bucket: key.bucket, generation: key.generation }
}
