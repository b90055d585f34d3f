//! The task that ends a code: its points came back, or its owner is being forgotten.

use std::time::Duration;

use aggregates::{
    id::{MerchantId, RedemptionId},
    task::{Priority, TaskKind},
    time::Timestamp,
};
use futures::future::BoxFuture;
use journal::CommandContext;

use super::{DISABLE, Deliveries, DeliveryError};
use crate::{
    shopify_admin::{AdminError, Shop},
    tasks::{Handler, NewPayload, NewTask, Outcome, Task},
};

/// A call that makes a code may still be under way when it is not wanted any more: it has come to an end by then.
const MAKING_ENDS: Duration = Duration::from_secs(60);

/// How an answer says that the token is good and a right is missing.
const RIGHT_MISSING: u16 = 200;

/// [`DISABLE`]
pub struct DisableCode(pub Deliveries);

impl Handler for DisableCode {
    fn kind(&self) -> TaskKind {
        DISABLE
    }

    fn run<'a>(&'a self, task: &'a Task) -> BoxFuture<'a, Outcome> {
        Box::pin(async move {
            let Ok(redemption) = postcard::from_bytes(&task.payload) else { return Outcome::dead("not a redemption") };
            self.0.disable(task, redemption).await.unwrap_or_else(Outcome::from)
        })
    }
}

/// The task that ends the code of a redemption: one for each, for ever. `is_being_made` if nobody knows whether the shop has
/// it yet.
pub(super) fn task(redemption: RedemptionId, is_being_made: bool, now: Timestamp) -> NewTask {
    NewTask {
        kind: DISABLE,
        key: redemption.to_string(),
        customer: None,
        payload: NewPayload::Ids(postcard::to_stdvec(&redemption).expect("plain values: encoding cannot fail")),
        priority: Priority::Normal,
        not_before: is_being_made.then(|| when_making_ends(now)),
    }
}

/// When a call that is under way now has come to an end.
pub(super) fn when_making_ends(now: Timestamp) -> Timestamp {
    now.plus_seconds(i64::try_from(MAKING_ENDS.as_secs()).unwrap_or(i64::MAX))
}

impl Deliveries {
    /// Has codes ended whose owner is being forgotten. Doing it again changes nothing.
    ///
    /// # Errors
    /// [`DeliveryError::Task`]
    pub async fn disable_codes(
        &self,
        context: &CommandContext,
        merchant: MerchantId,
        redemptions: &[RedemptionId],
    ) -> Result<(), DeliveryError> {
        for redemption in redemptions {
            let task = task(*redemption, false, context.recorded_at);
            self.0.tasks.enqueue(context, merchant, &task).await?;
        }
        Ok(())
    }

    async fn disable(&self, task: &Task, redemption: RedemptionId) -> Result<Outcome, DeliveryError> {
        let Some(access) = self.0.tokens.access(&self.context(task), task.merchant).await? else {
            return Ok(Outcome::done("the shop is not connected"));
        };
        let code = self.code_of(task.merchant, redemption).await?;
        match end_in(self.0.admin.shop(&access.domain, &access.token), &code, redemption).await {
            Ok(Some(ended)) => Ok(Outcome::Done(Some(ended))),
            Ok(None) => Ok(Outcome::done("the shop has no such code")),
            Err(error) => Ok(self.after(task, &access, error.into()).await),
        }
    }
}

/// Ends whatever has this code; gives the shop's id of it.
async fn end_in(shop: Shop<'_>, code: &str, redemption: RedemptionId) -> Result<Option<String>, AdminError> {
    if let Some(discount) = shop.discount_with_code(code).await? {
        shop.deactivate_discount(&discount).await?;
        return Ok(Some(discount));
    }
    let card = match shop.gift_card_with_code(code, &redemption.to_string()).await {
        // Who may not look at gift cards has made none.
        Err(AdminError::Unauthorized(RIGHT_MISSING)) => None,
        found => found?,
    };
    if let Some(card) = &card {
        shop.deactivate_gift_card(card).await?;
    }
    Ok(card)
}
