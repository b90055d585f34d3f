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
use crate::tasks::{Handler, NewPayload, NewTask, Outcome, Task};

/// A call that makes a code may still be under way when it is not wanted any more: it has come to an end by then.
const MAKING_ENDS: Duration = Duration::from_secs(60);

/// [`DISABLE`]
pub struct DisableCode(pub Deliveries);

impl Handler for DisableCode {
    fn kind(&self) -> TaskKind {
        DISABLE
    }

    fn run<'a>(&'a self, task: &'a Task) -> BoxFuture<'a, Outcome> {
        Box::pin(async move {
            let Ok(redemption) = postcard::from_bytes(&task.payload) else { return Outcome::dead("not a redemption") };
            self.0.disable(task.merchant, redemption).await.unwrap_or_else(Outcome::from)
        })
    }
}

/// The task that ends the code of a redemption: one for each, for ever. `is_being_made` if nobody knows whether the shop has
/// it yet.
pub(super) fn task(redemption: RedemptionId, is_being_made: bool, now: Timestamp) -> NewTask {
    let wait = i64::try_from(MAKING_ENDS.as_secs()).unwrap_or(i64::MAX);
    NewTask {
        kind: DISABLE,
        key: redemption.to_string(),
        customer: None,
        payload: NewPayload::Ids(postcard::to_stdvec(&redemption).expect("plain values: encoding cannot fail")),
        priority: Priority::Normal,
        not_before: is_being_made.then(|| now.plus_seconds(wait)),
    }
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

    async fn disable(&self, merchant: MerchantId, redemption: RedemptionId) -> Result<Outcome, DeliveryError> {
        let Some((domain, token)) = self.shop_of(merchant).await? else {
            return Ok(Outcome::done("the shop is not connected"));
        };
        let shop = self.0.admin.shop(&domain, &token);
        let code = self.code_of(merchant, redemption).await?;
        let Some(discount) = shop.discount_with_code(&code).await? else {
            return Ok(Outcome::done("the shop has no such code"));
        };
        shop.deactivate_discount(&discount).await?;
        Ok(Outcome::Done(Some(discount)))
    }
}
