//! Orders of people who were forgotten, or are being forgotten at this moment. What they did before is theirs, and changes
//! nothing any more; what they do afterwards makes them somebody new.

use aggregates::points::OrderFact;
use vault::OrderOwner;

use super::{
    error::CommandError,
    request::{Done, Request},
};
use crate::gateway::Gateway;

impl Gateway {
    /// An order of somebody who was forgotten after it. If a profile of theirs lost a merge, the order is its survivor's by
    /// now; otherwise nothing is left that it could change.
    pub(super) async fn record_of_somebody_forgotten(
        &self,
        request: &Request,
        order_id: &str,
        fact: OrderFact,
    ) -> Result<Done, CommandError> {
        match self.vault.order_owner(request.merchant, order_id).await? {
            Some(OrderOwner::Account { account, .. }) => {
                match self.record_known(request, account, order_id, fact).await {
                    Err(CommandError::CustomerErased) => Ok(Done::Ignored),
                    done => done,
                }
            }
            Some(OrderOwner::Erased { .. }) => Ok(Done::Ignored),
            Some(OrderOwner::Waiting) | None => {
                self.vault.bury_order(request.merchant, order_id, request.now).await?;
                Ok(Done::Ignored)
            }
        }
    }

    /// Somebody is being forgotten at this moment. What they did before is theirs and changes nothing any more; what they do
    /// after it makes them somebody new, as soon as the old identity is gone: the shop asks again.
    pub(super) async fn record_behind_fence(
        &self,
        request: &Request,
        order_id: &str,
        fact: OrderFact,
        is_newer: bool,
    ) -> Result<Done, CommandError> {
        if is_newer {
            return Err(CommandError::Contended);
        }
        self.record_of_somebody_forgotten(request, order_id, fact).await
    }
}
