//! What the merchant decides about a referral, whatever the policy thinks of it. Reasons are sealed under the friend's key.

use std::sync::Arc;

use aggregates::{
    id::{CustomerId, MerchantId, ReferralId},
    points::StaffNote,
    referral::{Approved, EvidenceFile, Referral, ReferralCommand, ReferralEvent, ReferralRefusal, SignalHashes},
    sealed::Sealed,
};
use journal::{Subject, Versioned};
use projections::projection::events_of;
use vault::VaultError;

use super::evidence::EVIDENCE_TAG;
use crate::{
    commands::{CommandError, Request},
    gateway::Gateway,
};

/// What the merchant's reasons are bound to.
pub const REASON_TAG: &str = "referral.reason";

/// One look at two people's traces, as far as their keys still open it.
#[derive(Debug, Clone)]
pub struct OpenedEvidence {
    pub matched: Vec<aggregates::referral::Signal>,
    /// How many of the friend's traces were compared; none once the friend was forgotten.
    pub friend_traces: Option<usize>,
    /// How many of the advocate's met; none once the advocate was forgotten, or where nothing met.
    pub advocate_traces: Option<usize>,
    pub at: aggregates::time::Timestamp,
}

impl Gateway {
    /// It is paid when its return window is over, whatever the signals say.
    pub async fn approve_referral(
        &self,
        request: &Request,
        referral: ReferralId,
        reason: &str,
    ) -> Result<u64, CommandError> {
        let reason = self.sealed_reason(request.merchant, referral, reason).await?;
        let command = ReferralCommand::Approve(Approved { reason, at: request.now });
        let subject = Subject::referral(request.merchant, referral);
        let done = self.referrals.execute(subject, &request.context(), &command).await?;
        Ok(done.state.position)
    }

    /// What was paid goes back on both sides, in the same commit.
    pub async fn reject_referral(
        &self,
        request: &Request,
        referral: ReferralId,
        reason: &str,
    ) -> Result<u64, CommandError> {
        let reason = self.sealed_reason(request.merchant, referral, reason).await?;
        let written = self.referrer().reject(request.merchant, referral, &request.context(), &reason).await?;
        let state = self.referral(request.merchant, referral).await?;
        Ok(written.unwrap_or(state.position).max(state.position))
    }

    /// A referral as it is on record; unknown ones are refused.
    pub async fn referral(
        &self,
        merchant: MerchantId,
        referral: ReferralId,
    ) -> Result<Arc<Versioned<Referral>>, CommandError> {
        let state = self.referrals.load_confirmed(Subject::referral(merchant, referral)).await?;
        match state.state.origin {
            Some(_) => Ok(state),
            None => Err(ReferralRefusal::Unknown.into()),
        }
    }

    async fn sealed_reason(
        &self,
        merchant: MerchantId,
        referral: ReferralId,
        reason: &str,
    ) -> Result<Sealed<StaffNote>, CommandError> {
        let state = self.referral(merchant, referral).await?;
        let origin = state.state.origin.ok_or(ReferralRefusal::Unknown)?;
        let keys = self.vault.person(merchant, self.survivor(merchant, origin.friend).await?).await?;
        Ok(keys.seal(REASON_TAG, &StaffNote { reason: reason.to_owned() }))
    }

    /// The evidence file, oldest look first. Of somebody who was forgotten only what met is left.
    pub async fn evidence_of(
        &self,
        merchant: MerchantId,
        referral: ReferralId,
    ) -> Result<Vec<OpenedEvidence>, CommandError> {
        let commits = self.journal.read(&Subject::referral(merchant, referral), 0).await?;
        let mut files: Vec<(EvidenceFile, aggregates::time::Timestamp)> = Vec::new();
        for commit in &commits {
            let events =
                events_of::<ReferralEvent>(commit).map_err(|error| CommandError::Internal(error.to_string()))?;
            files.extend(events.into_iter().filter_map(|event| match event {
                ReferralEvent::FriendIdentified(event) => Some((event.evidence, event.recorded_at)),
                ReferralEvent::EvidenceAdded(event) => Some((event.evidence, event.at)),
                _ => None,
            }));
        }
        let mut opened = Vec::with_capacity(files.len());
        for (file, at) in files {
            let advocate_traces = match &file.advocate {
                Some(sealed) => self.count_of(merchant, sealed).await?,
                None => None,
            };
            let friend_traces = self.count_of(merchant, &file.friend).await?;
            opened.push(OpenedEvidence { matched: file.matched, friend_traces, advocate_traces, at });
        }
        Ok(opened)
    }

    /// How many traces lie inside; none if their owner was forgotten.
    async fn count_of(
        &self,
        merchant: MerchantId,
        sealed: &Sealed<SignalHashes>,
    ) -> Result<Option<usize>, CommandError> {
        let Ok(owner) = vault::key_of(sealed) else { return Ok(None) };
        match self.vault.person(merchant, CustomerId(owner)).await {
            Ok(keys) => Ok(keys.open(EVIDENCE_TAG, sealed).ok().map(|hashes| hashes.hashes.len())),
            Err(VaultError::Destroyed { .. }) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }
}
