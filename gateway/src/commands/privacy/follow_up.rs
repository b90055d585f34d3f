//! What somebody does about a request that is on record.

use std::sync::Arc;

use aggregates::{
    customer::Erasure,
    gdpr::{
        GdprCommand, GdprRequest, Outcome, RequestCompleted, RequestExpedited, RequestHeld, RequestRefused,
        RequestReleased, Stage,
    },
    id::GdprRequestId,
    points::StaffNote,
    sealed::Sealed,
};
use journal::{Subject, Versioned};
use vault::VaultError;

use super::super::{error::CommandError, request::Request};
use crate::gateway::Gateway;

/// What staff notes about requests are bound to.
pub const NOTE_TAG: &str = "gdpr.note";

impl Gateway {
    /// A request as it is on record. [`CommandError::UnknownRequest`] if the merchant has none of this id.
    pub async fn privacy_request(
        &self,
        request: &Request,
        id: GdprRequestId,
    ) -> Result<Arc<Versioned<GdprRequest>>, CommandError> {
        let state = self.requests.load_confirmed(Subject::gdpr(request.merchant, id)).await?;
        match state.state.stage {
            Stage::Unknown => Err(CommandError::UnknownRequest),
            _ => Ok(state),
        }
    }

    /// Puts a legal hold on a request, and on the keys of whom it is about: the request first, because what it says stops the
    /// executor, and the keys' hold stops whoever else asks for the same person.
    pub async fn hold_request(
        &self,
        request: &Request,
        id: GdprRequestId,
        reason: &str,
    ) -> Result<Arc<Versioned<GdprRequest>>, CommandError> {
        let state = self.privacy_request(request, id).await?;
        if let Some(person) = state.state.customer()
            && self.erasure_of(request, person).await? != Erasure::None
        {
            // Another request about them is being executed: a hold comes too late.
            return Err(CommandError::CustomerErased);
        }
        let reason = self.note(request, &state.state, reason).await?;
        let held = self.told(request, id, GdprCommand::Hold(RequestHeld { reason, at: request.now })).await?;
        if let Some(person) = held.state.customer() {
            self.vault.hold_person(request.merchant, person).await?;
        }
        Ok(held)
    }

    /// Lifts the hold; a request whose rest is over goes on.
    pub async fn release_request(
        &self,
        request: &Request,
        id: GdprRequestId,
    ) -> Result<Arc<Versioned<GdprRequest>>, CommandError> {
        let state = self.privacy_request(request, id).await?;
        if let Some(person) = state.state.customer().filter(|_| state.state.stage == Stage::Held) {
            self.vault.release_person(request.merchant, person).await?;
        }
        let released = self.told(request, id, GdprCommand::Release(RequestReleased { at: request.now })).await?;
        self.take_up(request, id);
        Ok(released)
    }

    /// Ends a request's rest.
    pub async fn expedite_request(
        &self,
        request: &Request,
        id: GdprRequestId,
        reason: &str,
    ) -> Result<Arc<Versioned<GdprRequest>>, CommandError> {
        let state = self.privacy_request(request, id).await?;
        let reason = self.note(request, &state.state, reason).await?;
        let expedited = GdprCommand::Expedite(RequestExpedited { reason, at: request.now });
        let expedited = self.told(request, id, expedited).await?;
        self.take_up(request, id);
        Ok(expedited)
    }

    /// The merchant has what a data request asked for.
    pub async fn answer_data_request(
        &self,
        request: &Request,
        id: GdprRequestId,
    ) -> Result<Arc<Versioned<GdprRequest>>, CommandError> {
        self.privacy_request(request, id).await?;
        let completed = RequestCompleted { outcome: Outcome::Answered, at: request.now };
        self.told(request, id, GdprCommand::Complete(completed)).await
    }

    /// A request is not followed: a duty to keep, or nobody can say whom it is about.
    pub async fn refuse_request(
        &self,
        request: &Request,
        id: GdprRequestId,
        reason: &str,
    ) -> Result<Arc<Versioned<GdprRequest>>, CommandError> {
        let state = self.privacy_request(request, id).await?;
        let reason = self.note(request, &state.state, reason).await?;
        self.told(request, id, GdprCommand::Refuse(RequestRefused { reason, at: request.now })).await
    }

    async fn told(
        &self,
        request: &Request,
        id: GdprRequestId,
        command: GdprCommand,
    ) -> Result<Arc<Versioned<GdprRequest>>, CommandError> {
        let subject = Subject::gdpr(request.merchant, id);
        Ok(self.requests.execute(subject, &request.context(), &command).await?.state)
    }

    /// Under the key of the person it is about; of whoever is not known, or forgotten, nothing is noted.
    async fn note(
        &self,
        request: &Request,
        state: &GdprRequest,
        reason: &str,
    ) -> Result<Option<Sealed<StaffNote>>, CommandError> {
        let Some(person) = state.customer() else { return Ok(None) };
        match self.vault.person(request.merchant, person).await {
            Ok(keys) => Ok(Some(keys.seal(NOTE_TAG, &StaffNote { reason: reason.to_owned() }))),
            Err(VaultError::Destroyed { .. }) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }
}
