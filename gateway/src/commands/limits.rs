//! What a person has ruled out: processing beyond keeping, and being profiled.

use std::sync::Arc;

use aggregates::{
    customer::{Customer, CustomerCommand, Limit, LimitLifted, Limited},
    id::CustomerId,
    points::StaffNote,
};
use journal::{Executed, Subject};

use super::{error::CommandError, request::Request};
use crate::gateway::Gateway;

/// What the reason for a limit is bound to.
pub const REASON_TAG: &str = "customer.limit_reason";

impl Gateway {
    /// The limit is in force from now on. Doing it again changes nothing.
    pub async fn impose_limit(
        &self,
        request: &Request,
        customer: CustomerId,
        limit: Limit,
        reason: &str,
    ) -> Result<Executed<Customer>, CommandError> {
        let survivor = self.survivor(request.merchant, customer).await?;
        let keys: Arc<_> = self.vault.person(request.merchant, survivor).await?;
        let reason = Some(keys.seal(REASON_TAG, &StaffNote { reason: reason.to_owned() }));
        let command = CustomerCommand::Impose { limit, limited: Limited { reason, at: request.now } };
        self.limit(request, survivor, &command).await
    }

    /// The limit is lifted. Doing it again changes nothing.
    pub async fn lift_limit(
        &self,
        request: &Request,
        customer: CustomerId,
        limit: Limit,
    ) -> Result<Executed<Customer>, CommandError> {
        let survivor = self.survivor(request.merchant, customer).await?;
        let command = CustomerCommand::Lift { limit, lifted: LimitLifted { at: request.now } };
        self.limit(request, survivor, &command).await
    }

    async fn limit(
        &self,
        request: &Request,
        customer: CustomerId,
        command: &CustomerCommand,
    ) -> Result<Executed<Customer>, CommandError> {
        let subject = Subject::customer(request.merchant, customer);
        Ok(self.customers.execute(subject, &request.context(), command).await?)
    }
}
