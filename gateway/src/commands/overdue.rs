//! Facts whose order never came. After ninety days they stop waiting and are parked, for somebody to look at: a refund of
//! an order that was never told of is a gap in what the shop has sent.

use aggregates::{id::MerchantId, time::Timestamp, waiting::WaitingFact};
use journal::Actor;
use vault::PlacedItem;

use super::{error::CommandError, park::WAITING_FACT, request::Request};
use crate::{clock::new_id, gateway::Gateway};

impl Gateway {
    /// Parks what has waited too long by `now`, for one merchant or for all. Gives how many; there may be more.
    pub async fn park_overdue(&self, merchant: Option<MerchantId>, now: Timestamp) -> Result<usize, CommandError> {
        let overdue = self.vault.overdue_waiting(merchant, now).await?;
        for item in &overdue {
            self.park_one(item).await?;
        }
        Ok(overdue.len())
    }

    async fn park_one(&self, overdue: &PlacedItem) -> Result<(), CommandError> {
        let merchant = overdue.merchant;
        let Some(fact) = self.stated_at(merchant, overdue.item, overdue.position).await? else { return Ok(()) };
        let order_id = match &fact {
            WaitingFact::Body(body) => &body.order_id,
            WaitingFact::Refund { order_id, .. } => order_id,
        };
        let request = Request {
            merchant,
            now: self.now_of(merchant).await?,
            actor: Actor::Policy("overdue".to_owned()),
            correlation: new_id(),
            traceparent: None,
        };
        let body = serde_json::to_vec(&fact).map_err(|error| CommandError::Internal(error.to_string()))?;
        self.park(&request, WAITING_FACT, &body, "its order has not come in 90 days".to_owned()).await?;
        self.drop_waiting_items(merchant, order_id, &[overdue.item]).await
    }
}
