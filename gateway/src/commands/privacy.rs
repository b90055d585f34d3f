//! Privacy requests. Each is on record before it is answered; executing it is a policy of its own.
//!
//! | file | its idea |
//! |---|---|
//! | this one | what the shop asks, by a compliance webhook |
//! | [`ask`] | what the merchant, an operator or a policy asks about a customer they name |
//! | [`follow_up`] | holding, releasing, expediting, answering, refusing |

pub mod ask;
pub mod follow_up;

use aggregates::{
    customer::Erasure,
    gdpr::{DUE_DAYS, Finding, GdprCommand, GdprRequest, RequestKind, RequestReceived, RequestSource, StatedRequest},
    id::{CustomerId, GdprRequestId},
    time::Timestamp,
};
use journal::{Subject, Versioned};
use vault::{DirectoryKind, IndexKind, VaultError};

use super::{
    error::CommandError,
    request::{Done, Request},
};
use crate::{clock::new_id, gateway::Gateway};

pub const STATED_TAG: &str = "gdpr.stated";

const SECONDS_PER_HOUR: i64 = 3_600;

/// Whom a request of the shop names.
enum Whom {
    Nobody,
    Several,
    Erased,
    Person {
        id: CustomerId,
        /// Somebody else had the same identity and was erased; this person came later.
        came_back: bool,
    },
}

impl Gateway {
    /// `business_key` is equal for repetitions of the same request; `sent_at` is when the shop says that it sent it.
    pub async fn receive_privacy_request(
        &self,
        request: &Request,
        kind: RequestKind,
        stated: &StatedRequest,
        business_key: &str,
        sent_at: Option<Timestamp>,
    ) -> Result<Done, CommandError> {
        let whom = match kind {
            RequestKind::ShopRedact => Whom::Nobody,
            RequestKind::DataRequest | RequestKind::CustomerRedact => self.whom(request, stated).await?,
        };
        let is_stale = self.was_sent_before_enrolment(request, &whom, sent_at).await?;
        let Some(id) = self.request_under(request, business_key, &whom, sent_at, is_stale).await? else {
            return Ok(Done::Ignored);
        };
        let customer = match whom {
            Whom::Person { id, .. } => Some(id),
            Whom::Nobody | Whom::Several | Whom::Erased => None,
        };
        let finding = match (kind, &whom) {
            (RequestKind::ShopRedact, _) => Finding::Known { rests_until: request.now },
            (_, Whom::Nobody) => Finding::Stranger,
            (_, Whom::Several) => Finding::Ambiguous,
            (_, Whom::Erased) => Finding::AlreadyErased,
            (_, Whom::Person { .. }) if is_stale => Finding::Stale,
            (RequestKind::CustomerRedact, Whom::Person { .. }) => {
                Finding::Known { rests_until: self.end_of_grace(request).await? }
            }
            (RequestKind::DataRequest, Whom::Person { .. }) => Finding::Known { rests_until: request.now },
        };
        let stated = match customer {
            Some(person) => Some(self.vault.person(request.merchant, person).await?.seal(STATED_TAG, stated)),
            None => None,
        };
        let received = RequestReceived {
            kind,
            source: RequestSource::Shop,
            customer,
            stated,
            received_at: request.now,
            due_at: request.now.plus_days(DUE_DAYS),
        };
        let (position, state) = self.put_on_record(request, id, received, finding).await?;
        Ok(Done::of(position, state.state.position()))
    }

    /// Puts a request on record, unless it is, and has it taken up if it may be executed at once. Gives the position if it
    /// was not.
    pub(super) async fn put_on_record(
        &self,
        request: &Request,
        id: GdprRequestId,
        received: RequestReceived,
        finding: Finding,
    ) -> Result<(Option<u64>, std::sync::Arc<Versioned<GdprRequest>>), CommandError> {
        let subject = Subject::gdpr(request.merchant, id);
        let command = GdprCommand::Receive { received, finding };
        let done = self.requests.execute(subject, &request.context(), &command).await?;
        if done.state.state.is_due(request.now) {
            self.take_up(request, id);
        }
        Ok((done.position, done.state))
    }

    /// Has the executor look at a request now, if it runs in this process; any other finds it by itself.
    pub(super) fn take_up(&self, request: &Request, id: GdprRequestId) {
        self.eraser.ask(request.merchant, id);
    }

    /// Under which id the request is known. A repetition finds the one there is, or `None` where that one has ended with the
    /// person it was about. The same words about somebody who came back are another request, if they were sent since.
    async fn request_under(
        &self,
        request: &Request,
        business_key: &str,
        whom: &Whom,
        sent_at: Option<Timestamp>,
        is_stale: bool,
    ) -> Result<Option<GdprRequestId>, CommandError> {
        let first = self.register_request(request, business_key).await?;
        let Whom::Person { id: person, .. } = whom else { return Ok(first) };
        let is_about_them = match first {
            None => false,
            Some(id) => {
                let known = self.requests.load_confirmed(Subject::gdpr(request.merchant, id)).await?;
                known.state.received.is_none() || known.state.customer() == Some(*person)
            }
        };
        if is_about_them || sent_at.is_none() || is_stale {
            return Ok(first);
        }
        self.register_request(request, &format!("{business_key}\n{person}")).await
    }

    /// `None` if it was about somebody who is forgotten by now.
    async fn register_request(
        &self,
        request: &Request,
        business_key: &str,
    ) -> Result<Option<GdprRequestId>, CommandError> {
        let kind = DirectoryKind::GdprRequest;
        match self.vault.register(request.merchant, kind, business_key, new_id()).await {
            Ok(id) => Ok(Some(GdprRequestId(id))),
            Err(VaultError::Destroyed { .. }) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    /// By the shop's id; only without one, by an address. Somebody else with the same address is not meant.
    async fn whom(&self, request: &Request, stated: &StatedRequest) -> Result<Whom, CommandError> {
        let merchant = request.merchant;
        if let Some(external_id) = &stated.external_customer_id {
            let identity = self.vault.identity(merchant, DirectoryKind::ShopifyCustomer, external_id).await?;
            return Ok(match identity {
                None => Whom::Nobody,
                Some(identity) => match identity.subject {
                    Some(person) => Whom::Person { id: CustomerId(person), came_back: identity.erased_at.is_some() },
                    None => Whom::Erased,
                },
            });
        }
        for (kind, value) in [(IndexKind::Email, &stated.email), (IndexKind::Phone, &stated.phone)] {
            let Some(value) = value else { continue };
            match self.vault.search(merchant, kind, value).await?[..] {
                [] => {}
                [only] => return Ok(Whom::Person { id: only, came_back: false }),
                _ => return Ok(Whom::Several),
            }
        }
        Ok(Whom::Nobody)
    }

    /// Whether the request is older than the person it seems to name, who came back after being forgotten.
    async fn was_sent_before_enrolment(
        &self,
        request: &Request,
        whom: &Whom,
        sent_at: Option<Timestamp>,
    ) -> Result<bool, CommandError> {
        let (Whom::Person { id, came_back: true }, Some(sent_at)) = (whom, sent_at) else { return Ok(false) };
        let person = self.customers.load_confirmed(Subject::customer(request.merchant, *id)).await?;
        Ok(sent_at < person.state.enrolled_at)
    }

    /// Until when a redact of the shop rests: the merge that caused it may arrive later.
    async fn end_of_grace(&self, request: &Request) -> Result<Timestamp, CommandError> {
        let lease = self.merchant(request.merchant).await?;
        let hours = lease.program.in_effect_at(request.now).map_or(0, |version| version.settings.redact_grace_hours);
        Ok(request.now.plus_seconds(i64::from(hours) * SECONDS_PER_HOUR))
    }

    /// Whether the person is being forgotten, or was.
    pub(super) async fn erasure_of(&self, request: &Request, person: CustomerId) -> Result<Erasure, CommandError> {
        Ok(self.customers.load(Subject::customer(request.merchant, person)).await?.state.erasure)
    }
}
