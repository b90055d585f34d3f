//! Privacy requests by the shop. Each is on record before it is answered.

use aggregates::{
    gdpr::{DUE_DAYS, GdprCommand, RequestKind, RequestReceived, StatedRequest},
    id::{CustomerId, GdprRequestId},
};
use journal::Subject;
use vault::{DirectoryKind, VaultError};

use super::{
    error::CommandError,
    request::{Done, Request},
};
use crate::{clock::new_id, gateway::Gateway};

pub const STATED_TAG: &str = "gdpr.stated";

impl Gateway {
    /// `business_key` is equal for repetitions of the same request.
    pub async fn receive_privacy_request(
        &self,
        request: &Request,
        kind: RequestKind,
        stated: &StatedRequest,
        business_key: &str,
    ) -> Result<Done, CommandError> {
        let merchant = request.merchant;
        let fresh = new_id();
        let id = self.vault.register(merchant, DirectoryKind::GdprRequest, business_key, fresh).await?;
        let customer = self.customer_of_request(request, stated).await?;
        let stated = self.vault.merchant(merchant).await?.seal(STATED_TAG, stated);
        let command = GdprCommand::Receive(RequestReceived {
            kind,
            customer,
            stated,
            received_at: request.now,
            due_at: request.now.plus_days(DUE_DAYS),
        });
        let subject = Subject::gdpr(merchant, GdprRequestId(id));
        let done = self.requests.execute(subject, &request.context(), &command).await?;
        Ok(Done::of(done.position, done.state.state.received))
    }

    /// Whom the request is about: by the shop's id, else by an address that only one person has.
    async fn customer_of_request(
        &self,
        request: &Request,
        stated: &StatedRequest,
    ) -> Result<Option<CustomerId>, CommandError> {
        let merchant = request.merchant;
        if let Some(external_id) = &stated.external_customer_id {
            match self.vault.find(merchant, DirectoryKind::ShopifyCustomer, external_id).await {
                Ok(Some(person)) => return Ok(Some(CustomerId(person))),
                Ok(None) | Err(VaultError::Destroyed { .. }) => {}
                Err(error) => return Err(error.into()),
            }
        }
        if let Some(email) = &stated.email
            && let [only] = self.vault.search(merchant, vault::IndexKind::Email, email).await?[..]
        {
            return Ok(Some(only));
        }
        Ok(None)
    }
}
